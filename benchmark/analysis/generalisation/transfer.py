"""Does training on a (simulated) real domain transfer: the gain of R2X over S2X on every set X of true faces."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmark.analysis.cells import MEASURED
from benchmark.analysis.generalisation.domain_gap import gain
from benchmark.analysis.generalisation.gap_table import mismatch_reason, relative_change
from benchmark.analysis.runs import Run, Runs
from benchmark.analysis.statistics import Interval
from benchmark.metrics.facts import facts_of
from benchmark.metrics.table import with_role
from benchmark.specs.protocols import load_protocol
from benchmark.specs.tables import TableSpec
from benchmark.specs.test_sets import load_sets

_ROLES = ("perceptual", "frechet", "naturalness")  # of each the first metric that was measured
Twins = tuple[str, str]  # protocols of one test set, trained on the synthetic and on the real domain


@dataclass(frozen=True)
class Transfer:
    """What a method gains on one set in one metric, in per cent; None with the reason in `note`."""

    method: str
    twins: Twins
    metric: str
    value: float | None
    interval: Interval | None
    note: str

    @property
    def column(self) -> str:
        """How the set and the metric are called."""
        return f"{_set_title(self.twins)}, {facts_of(self.metric).header}"


def transfers(spec: TableSpec, runs: Runs) -> tuple[Transfer, ...]:
    """The gains of every method, set and metric of a table that holds twins; none of another table."""
    found = []
    for twins in _twins(spec):
        for row in spec.rows:
            methods = {name: runs.under(twins, row.task, name) for name in row.methods}
            for metric in _measured([run for sides in methods.values() for run in sides.values()]):
                found += [
                    Transfer(name, twins, metric, *_gain(sides, metric))
                    for name, sides in methods.items()
                    if all(run.checkpoints.keys() - {None} for run in sides.values() if run.scores)
                ]
    return tuple(found)


def _gain(sides: Mapping[str, Run], metric: str) -> tuple[float | None, Interval | None, str]:
    reason = mismatch_reason("gain_percent", *sides.items())
    return relative_change(sides, ("gain_percent", gain), (metric,), reason)


def _twins(spec: TableSpec) -> list[Twins]:
    """Pairs of protocols of the table that differ in the training domain alone and test on a set."""
    trained = {
        (protocol.test_domain, protocol.train_domain): name
        for name in spec.protocols
        if (protocol := load_protocol(name)).test_domain in load_sets()
    }
    on_both = dict.fromkeys(test for test, train in trained if (test, "real") in trained and train == "synthetic")
    return [(trained[test, "synthetic"], trained[test, "real"]) for test in on_both]


def _measured(runs: Sequence[Run]) -> Iterator[str]:
    for role in _ROLES:
        yield from [metric for metric in with_role(role) if any(run.cell(metric).state == MEASURED for run in runs)][:1]


def _set_title(twins: Twins) -> str:
    return load_sets()[load_protocol(twins[0]).test_domain].title
