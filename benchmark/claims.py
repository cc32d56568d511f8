"""The paper's sentences held against numbers three times: as printed, recomputed from its own figures, and ours."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from benchmark.cells import Runs
from benchmark.claim_numbers import Number, Source, as_printed, header, ours, recomputed, rising
from benchmark.layout import Block, Entry, Page, to_markdown
from benchmark.protocol import Claim, load_claims, load_profile
from benchmark.published import load_published
from benchmark.record import read_scores
from benchmark.titles import method_title

OTHERS = "others"
HOLDS, FAILS, UNKNOWN = "holds", "does not hold", "not measured"
COLUMNS = ("section", "sentence", "reading", "source", "verdict", "evidence")

_NO_BASELINE = ("identity", "reference")  # rows of Table 2 that are no method


@dataclass(frozen=True)
class Check:
    """One comparison of a claim: whether it agrees (None: cannot be told) and its numbers.

    missing: instead of numbers, where some are not measured: the task, the metric's header and the methods.
    """

    agrees: bool | None
    text: str = ""
    missing: tuple[str, str, str] | None = None


@dataclass(frozen=True)
class Judgement:
    """What became of one claim with the numbers of one source."""

    claim: Claim
    source: str
    checks: tuple[Check, ...]

    @property
    def verdict(self) -> str:
        """One counterexample is enough against a claim; for it, everything has to be measured."""
        agrees = [check.agrees for check in self.checks]
        return FAILS if False in agrees else UNKNOWN if None in agrees else HOLDS

    @property
    def evidence(self) -> str:
        """The numbers that decide: counterexamples, or else all comparisons and what is not measured."""
        texts = [check.text for check in self.checks if check.text]
        against = [check.text for check in self.checks if check.agrees is False]
        if against:
            return f"{'; '.join(against)} ({len(against)} of {len(texts)} comparisons disagree)"
        return "; ".join([*texts, *self._missing()])

    def _missing(self) -> list[str]:
        """Metrics that the same methods lack on the same task in one sentence."""
        metrics: dict[tuple[str, str], list[str]] = {}
        for task, metric, methods in filter(None, (check.missing for check in self.checks)):
            metrics.setdefault((task, methods), []).append(metric)
        return [f"no {', '.join(lacking)} of {methods} on {task}" for (task, methods), lacking in metrics.items()]


def judge(profile: str, results: Path) -> list[Judgement]:
    """Every claim of protocols/claims.toml, three times, in the paper's order.

    Raises InputError for an unknown profile or a broken score line.
    """
    sources = {
        "printed": as_printed,
        "recomputed": recomputed,
        "ours": ours(Runs(read_scores(results, load_profile(profile).name))),
    }
    return [
        Judgement(claim, name, tuple(checks(claim, source, exact=name != "ours")))
        for claim in load_claims()
        for name, source in sources.items()
    ]


def checks(claim: Claim, source: Source, exact: bool) -> Iterator[Check]:
    """The comparisons a claim consists of.

    exact: a stated number has to come out to its digits, as it must from the paper's own figures; otherwise it has to
    be reached. Ranges hold to the digits they are stated with.
    """
    for task, metric in product(claim.tasks, claim.metrics):
        found = {method: source(claim, task, method, metric) for method in claim.methods}
        other = {method: source(claim, task, method, metric) for method in _others(claim, task)}
        yield from _missing(task, metric, found | other)
        if claim.quantity == "better":
            yield from _ranked(task, metric, _there(found), _there(other))
        elif claim.quantity == "mean":
            yield from _mean(claim, task, _there(found), exact)
        else:
            yield from _each(claim, (task, metric), _there(found), _there(other), exact)


def to_text(judgements: Sequence[Judgement], profile: str) -> str:
    """Markdown: a table of verdicts, and below it the numbers that each rests on."""
    of_claim: dict[Claim, list[Judgement]] = {}
    for judgement in judgements:
        of_claim.setdefault(judgement.claim, []).append(judgement)
    rows = tuple(
        tuple(map(Entry, (str(number), claim.section, claim.reading, *(judgement.verdict for judgement in own))))
        for number, (claim, own) in enumerate(of_claim.items(), start=1)
    )
    columns = tuple(map(Entry, ("Claim", "section", "read as", "printed", "recomputed", "ours")))
    sentences = (
        "printed: the paper's tables as they stand; recomputed: gap and gain from the printed FID and LPIPS, all else "
        f"as printed; ours: the score lines of profile {profile}, ± half of their 95 % interval",
        "A claim holds when every comparison it consists of does, and does not with one that does not. A number it "
        "states must come out to its digits; ours must reach it",
        "Of ours FFD-dlib and LPIPS-squeeze stand in for FID and LPIPS where these could not be measured; they are not "
        "held against stated numbers",
    )
    text = to_markdown(Page("Claims of the paper", sentences, (Block("Verdicts", columns, rows),), ()))
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


def _others(claim: Claim, task: str) -> tuple[str, ...]:
    """The methods of `over`; for "others" all that the paper prints beside the claim's own."""
    if claim.over != (OTHERS,):
        return claim.over
    block = (claim.table, task, claim.protocol)
    printed = dict.fromkeys(line.method for line in load_published() if (line.table, line.task, line.protocol) == block)
    return tuple(method for method in printed if method not in (*claim.methods, *_NO_BASELINE))


def _there(numbers: Mapping[str, Number | None]) -> dict[str, Number]:
    return {method: number for method, number in numbers.items() if number}


def _missing(task: str, metric: str, numbers: Mapping[str, Number | None]) -> Iterator[Check]:
    names = [method_title(method) for method, number in numbers.items() if number is None]
    if names:
        yield Check(None, missing=(task, header(metric), " / ".join(names)))


def _ranked(task: str, metric: str, found: dict[str, Number], other: dict[str, Number]) -> Iterator[Check]:
    """The comparison that decides: the worst of these against the best of the others."""
    if not found or not other:
        return
    upward = rising(metric)
    worst, best = _extreme(found, largest=not upward), _extreme(other, largest=upward)
    better = found[worst].value > other[best].value if upward else found[worst].value < other[best].value
    sign = "=" if found[worst].value == other[best].value else ">" if better == upward else "<"
    text = f"{method_title(worst)} {found[worst].text} {sign} {method_title(best)} {other[best].text}"
    yield Check(better, f"{task} {found[worst].label}: {text}")


def _mean(claim: Claim, task: str, found: dict[str, Number], exact: bool) -> Iterator[Check]:
    if len(found) < len(claim.methods):
        return
    value = sum(number.value for number in found.values()) / len(found)
    numbers = ", ".join(f"{method_title(method)} {number.text}" for method, number in found.items())
    first = next(iter(found.values()))
    yield _against_stated(claim, value, f"{task} {first.label}: {numbers}, mean {value:.2f}", first.alike, exact)


def _each(
    claim: Claim, key: tuple[str, str], found: dict[str, Number], other: dict[str, Number], exact: bool
) -> Iterator[Check]:
    """One comparison for each method, or for each method and other."""
    task, metric = key
    if claim.quantity == "value":
        for method, own in found.items():
            text = f"{task} {own.label}: {method_title(method)} {own.text}"
            yield _against_stated(claim, own.value, text, own.alike, exact)
        return
    for (method, own), (name, beside) in product(found.items(), other.items()):
        value, unit = _distance(claim.quantity, metric, own.value, beside.value)
        text = f"{method_title(method)} {own.text}, {method_title(name)} {beside.text}: {unit.format(value)}"
        yield _against_stated(claim, value, f"{task} {own.label}: {text}", own.alike, exact)


def _distance(quantity: str, metric: str, own: float, other: float) -> tuple[float, str]:
    """How much better a method is than another, and how to say it."""
    if quantity == "ratio":
        return other / own, "{:.2f} times"
    if quantity == "reduction_percent":
        return 100 * (other - own) / other, "{:.2f} % lower"
    return own - other if rising(metric) else other - own, "{:.3f} better"


def _against_stated(claim: Claim, value: float, text: str, alike: bool, exact: bool) -> Check:
    low, high = claim.stated[0], claim.stated[-1]
    if not alike and high != "inf":
        return Check(None, f"{text}, on other metrics than the paper's")
    decimals = len(low.partition(".")[2])
    rounded = float(f"{value:.{decimals}f}")
    reach = float(high) if exact or len(claim.stated) > 1 else float("inf")
    return Check(float(low) <= rounded <= reach, text)


def _extreme(numbers: dict[str, Number], largest: bool) -> str:
    return (max if largest else min)(numbers, key=lambda method: numbers[method].value)
