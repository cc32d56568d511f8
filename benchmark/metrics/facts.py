"""What is shown of a metric beside its numbers, from what is here: nothing that a score file names is imported for it.

Facts of the table's metrics stand there; those of others in the run files of their scores.
"""

import math
from collections.abc import Collection, Mapping
from typing import Any

from benchmark.metrics.base import Metric
from benchmark.metrics.table import METRICS, is_statistics, with_statistics
from degrade.core.errors import unknown

SHOWN = (
    *("header", "unit", "higher_is_better", "needs_reference", "per", "decimals"),
    *("note", "note_from_px", "note_below_px", "note_below_images", "frechet_over", "interval_from", "judged_from"),
)
_RECORDED: dict[str, Metric] = {}  # metrics that are not of the table, as run files read in this process say


def facts_of(metric_id: str) -> Metric:
    """The metric of the table, or what a run file says of another; without either its id as header, no better end."""
    if is_statistics(metric_id):
        return with_statistics(metric_id)
    return METRICS.get(metric_id) or _RECORDED.get(metric_id) or _made(metric_id, {})


def to_record(metric: Metric) -> dict[str, Any]:
    """What a run file keeps of a metric."""
    return {name: getattr(metric, name) for name in SHOWN}


def remember(recorded: Mapping[str, Mapping[str, Any]]) -> None:
    """From now on facts_of knows these: id of a metric -> what to_record gave."""
    _RECORDED.update({metric_id: _made(metric_id, facts) for metric_id, facts in recorded.items()})


def notice(metric_id: str, unit: str, per: str) -> None:
    """What score lines say of a metric, which counts as long as neither the table nor a run file says anything."""
    if metric_id not in METRICS:
        _RECORDED.setdefault(metric_id, _made(metric_id, {"unit": unit, "per": per}))


def is_of_table(metric_id: str) -> bool:
    """Whether a metric is the benchmark's own, so that a run file need not describe it."""
    return metric_id in METRICS or is_statistics(metric_id)


def check_known(metric_id: str, scored: Collection[str]) -> None:
    """Raise InputError, with the nearest, for a metric that is neither the benchmark's own nor among those scored."""
    if not is_of_table(metric_id) and metric_id not in scored:
        raise unknown("metric", metric_id, [*METRICS, *scored])


def value_text(metric_id: str, value: float) -> str:
    """A value with the metric's number of decimals; `inf` for infinity.

    >>> value_text("lpips.alex", 0.07226), value_text("psnr.rgb", float("inf"))
    ('0.0723', 'inf')
    """
    return "inf" if math.isinf(value) else f"{value:.{facts_of(metric_id).decimals}f}"


def _made(metric_id: str, facts: Mapping[str, Any]) -> Metric:
    known = {name: facts[name] for name in SHOWN if name in facts}
    return Metric(metric_id, **{"module": "", "header": metric_id, "meaning": "", "higher_is_better": None, **known})
