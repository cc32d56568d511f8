"""Judgements of the paper's claims as text and as rows."""

from collections.abc import Iterator, Sequence

from benchmark.analysis.judgements.claims import Judgement
from benchmark.analysis.verdicts import CHANCE, FAMILY, LEVEL, UNDECIDED
from benchmark.reports.markup import TableCell, to_markdown
from benchmark.specs.claims import Claim

COLUMNS = ("section", "sentence", "reading", "source", "verdict", "evidence")


def to_text(judgements: Sequence[Judgement], profile: str) -> str:
    """Markdown: a table of verdicts, and below it the numbers that each rests on."""
    of_claim: dict[Claim, list[Judgement]] = {}
    for judgement in judgements:
        of_claim.setdefault(judgement.claim, []).append(judgement)
    rows = tuple(
        tuple(map(TableCell, (str(number), claim.section, claim.reading, *(judgement.verdict for judgement in own))))
        for number, (claim, own) in enumerate(of_claim.items(), start=1)
    )
    columns = tuple(map(TableCell, ("Claim", "section", "read as", "printed", "recomputed", "ours")))
    sentences = (
        "printed: the paper's tables as they stand; recomputed: gap and gain from the printed FID and LPIPS, all else "
        f"as printed; ours: the score lines of profile {profile}, ± half of their 95 % interval",
        "A claim holds when every comparison it consists of does, and does not with one that does not. A number it "
        "states must come out to its digits; ours must reach it",
        "Ours hold and do not hold beyond chance, on the same images as `benchmark compare` does: p Holm below "
        f"{LEVEL} and 0 outside the 95 % interval of the difference; {CHANCE} otherwise",
        FAMILY,
        "Numbers of sets, gap, gain and what a claim states are judged by the 95 % interval alone, of differences too "
        f"(jackknife over the same groups of images); {UNDECIDED} where there is none",
        "Of ours FFD-dlib and LPIPS-squeeze stand in for FID and LPIPS where these could not be measured; they are not "
        "compared with stated numbers",
    )
    text = to_markdown("Claims of the paper", sentences, {"Verdicts": (columns, *rows)})
    return text + "".join(_section(number, claim, own) for number, (claim, own) in enumerate(of_claim.items(), start=1))


def _section(number: int, claim: Claim, judgements: Sequence[Judgement]) -> str:
    """One claim with the evidence; sources with the same numbers share a line."""
    sources: dict[tuple[str, str], list[str]] = {}
    for judgement in judgements:
        sources.setdefault((judgement.verdict, judgement.evidence), []).append(judgement.source)
    lines = [f"- {', '.join(names)}: **{verdict}**. {text}.\n" for (verdict, text), names in sources.items()]
    return (
        f'\n## {number}. Section {claim.section}: "{claim.sentence}"\n\nRead as: {claim.reading}.\n\n{"".join(lines)}'
    )


def rows(judgements: Sequence[Judgement]) -> Iterator[tuple[str, ...]]:
    """The judgements as lines of a CSV file, COLUMNS first."""
    yield COLUMNS
    for judgement in judgements:
        claim = judgement.claim
        yield (claim.section, claim.sentence, claim.reading, judgement.source, judgement.verdict, judgement.evidence)
