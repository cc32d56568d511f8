"""The paper's claims, checked on numbers three times: as printed, recomputed from its own figures, and ours."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from benchmark.analysis.compare import compare
from benchmark.analysis.judgements.claim_numbers import (
    Number,
    Source,
    as_printed,
    combined,
    header,
    interval,
    ours,
    recomputed,
    rising,
)
from benchmark.analysis.runs import Runs
from benchmark.analysis.verdicts import CHANCE, FAILS, HOLDS, UNDECIDED, UNKNOWN, differences, of_interval
from benchmark.methods.registry import paper_title
from benchmark.records.run_file import read_run_files
from benchmark.records.scores import read_scores
from benchmark.specs.claims import Claim, load_claims
from benchmark.specs.protocols import load_profile
from benchmark.specs.published import load_published

OTHERS = "others"

_NO_BASELINE = ("identity", "reference")  # rows of Table 2 that are no method
_WORST_FIRST = (FAILS, UNKNOWN, UNDECIDED, CHANCE, HOLDS)  # what decides where comparisons come out differently


@dataclass(frozen=True)
class Check:
    """One comparison of a claim: how it came out and its numbers.

    missing: instead of numbers, where some are not measured: the task, the metric's header and the methods.
    """

    verdict: str
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
        """One counterexample is enough against a claim; for it, everything has to be measured and beyond chance."""
        return _worst(check.verdict for check in self.checks)

    @property
    def evidence(self) -> str:
        """The numbers that decide: counterexamples, or else all comparisons and what is not measured."""
        checks = [check for check in self.checks if check.text]
        against = [check.text for check in checks if check.verdict == FAILS]
        if against:
            return f"{'; '.join(against)} ({len(against)} of {len(checks)} comparisons disagree)"
        texts = [f"{one.text} ({one.verdict})" if one.verdict in (CHANCE, UNDECIDED) else one.text for one in checks]
        return "; ".join([*texts, *self._missing()])

    def _missing(self) -> list[str]:
        """Metrics that the same methods lack on the same task in one sentence."""
        metrics: dict[tuple[str, str], list[str]] = {}
        for task, metric, methods in filter(None, (check.missing for check in self.checks)):
            metrics.setdefault((task, methods), []).append(metric)
        return [f"no {', '.join(lacking)} of {methods} on {task}" for (task, methods), lacking in metrics.items()]


def judge(profile: str, results: Path) -> list[Judgement]:
    """Every claim of protocols/paper/claims.toml, three times, in the paper's order.

    Raises InputError for an unknown profile or a broken score line.
    """
    name = load_profile(profile).name
    sources = {
        "printed": as_printed,
        "recomputed": recomputed,
        "ours": ours(Runs(read_scores(results, name), read_run_files(results, name))),
    }
    return [
        Judgement(claim, kind, tuple(checks(claim, source)))
        for claim in load_claims()
        for kind, source in sources.items()
    ]


def checks(claim: Claim, source: Source) -> Iterator[Check]:
    """The comparisons a claim consists of.

    A stated number has to come out to its digits from the paper's own figures; ours have to reach it. Ranges hold to
    the digits they are stated with.
    """
    for task, metric in product(claim.tasks, claim.metrics):
        found = {method: source(claim, task, method, metric) for method in claim.methods}
        other = {method: source(claim, task, method, metric) for method in _others(claim, task)}
        yield from _missing(task, metric, found | other)
        if claim.quantity == "better":
            yield from _ranked(task, metric, _there(found), _there(other))
        elif claim.quantity == "mean":
            yield from _mean(claim, task, _there(found))
        else:
            yield from _each(claim, (task, metric), _there(found), _there(other))


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
    names = [paper_title(method) for method, number in numbers.items() if number is None]
    if names:
        yield Check(UNKNOWN, missing=(task, header(metric), " / ".join(names)))


def _ranked(task: str, metric: str, found: dict[str, Number], other: dict[str, Number]) -> Iterator[Check]:
    """The comparison that decides: of those that came out worst the one with the least advantage."""
    if not found or not other:
        return
    sign = 1 if rising(metric) else -1
    verdicts = {(one, two): _ahead(sign, {one: found[one]}, {two: other[two]}) for one, two in product(found, other)}
    worst = _worst(verdicts.values())
    alike = [pair for pair, verdict in verdicts.items() if verdict == worst]
    one, two = min(alike, key=lambda pair: sign * (found[pair[0]].value - other[pair[1]].value))
    own, beside = found[one], other[two]
    relation = "=" if own.value == beside.value else ">" if own.value > beside.value else "<"
    text = f"{paper_title(one)} {own.text} {relation} {paper_title(two)} {beside.text}"
    yield Check(worst, f"{task} {own.label}: {text}")


def _ahead(sign: int, first: dict[str, Number], second: dict[str, Number]) -> str:
    """Whether the first method is ahead of the second; sign: 1 where the larger number is, else -1."""
    (own,), (other,) = first.values(), second.values()
    if own.sampled is None:
        return HOLDS if sign * (own.value - other.value) > 0 else FAILS
    run, beside = own.sampled.run, other.sampled.run if other.sampled else None
    if run is None or beside is None:
        difference = combined(lambda numbers: sign * (numbers[0] - numbers[1]), (own, other))
        return CHANCE if difference.value == 0 else of_interval(interval(difference), 0, float("inf"))
    metric, sides = own.sampled.metric, dict(zip((*first, *second), (run, beside), strict=True))
    return compare(sides, [metric])[0].verdict if differences(run, beside, metric) else UNDECIDED


def _mean(claim: Claim, task: str, found: dict[str, Number]) -> Iterator[Check]:
    if len(found) < len(claim.methods):
        return
    value = combined(lambda numbers: sum(numbers) / len(numbers), tuple(found.values()))
    numbers = ", ".join(f"{paper_title(method)} {number.text}" for method, number in found.items())
    yield _against_stated(claim, value, f"{task} {value.label}: {numbers}, mean {value.value:.2f}{_spread(value, 2)}")


def _each(claim: Claim, key: tuple[str, str], found: dict[str, Number], other: dict[str, Number]) -> Iterator[Check]:
    """One comparison for each method, or for each method and other."""
    task, metric = key
    if claim.quantity == "value":
        for method, own in found.items():
            yield _against_stated(claim, own, f"{task} {own.label}: {paper_title(method)} {own.text}")
        return
    formula, decimals, words = _distance(claim.quantity, metric)
    for (method, own), (name, beside) in product(found.items(), other.items()):
        value = combined(formula, (own, beside))
        text = f"{paper_title(method)} {own.text}, {paper_title(name)} {beside.text}"
        distance = f"{value.value:.{decimals}f}{_spread(value, decimals)} {words}"
        yield _against_stated(claim, value, f"{task} {own.label}: {text}: {distance}")


def _distance(quantity: str, metric: str) -> tuple[Callable[[Sequence[float]], float], int, str]:
    """How much better a method (first) is than another (second): formula, decimals and words to say it with."""
    if quantity == "ratio":
        return lambda numbers: numbers[1] / numbers[0], 2, "times"
    if quantity == "reduction_percent":
        return lambda numbers: 100 * (numbers[1] - numbers[0]) / numbers[1], 2, "% lower"
    sign = 1 if rising(metric) else -1
    return lambda numbers: sign * (numbers[0] - numbers[1]), 3, "better"


def _spread(number: Number, decimals: int) -> str:
    found = interval(number) if number.sampled else None
    return f" ±{found.half:.{decimals}f}" if found else ""


def _against_stated(claim: Claim, number: Number, text: str) -> Check:
    low, high = claim.stated[0], claim.stated[-1]
    if not number.alike and high != "inf":
        return Check(UNKNOWN, f"{text}, on other metrics than the paper's")
    to_reach = float("inf") if number.sampled and len(claim.stated) == 1 else float(high)
    return Check(of_interval(interval(number), float(low), to_reach, len(low.partition(".")[2])), text)


def _worst(verdicts: Iterable[str]) -> str:
    return min(verdicts, key=_WORST_FIRST.index)
