"""`python:PACKAGE.MODULE:FUNCTION`: a metric of images that is a function of the user's.

It is called with the restored image and the reference, float32 (H, W, 3), RGB, [0, 1], and gives one number. What the
function says of itself is taken over: its attributes `higher_is_better` (True or False; neither where it has none),
`needs_reference` (True unless False; without, the reference may be None) and `unit`, a text; its docstring is the
meaning. Attributes of other types are refused, as no run file with them could be read again.
NaN says that these images have no value, as `MetricError` does; whatever else it raises is a failure of the score.
"""

from typing import Any

import numpy as np

from benchmark.assets.entry_points import check_types
from benchmark.metrics.base import Compute, Metric, MetricError
from degrade.core.errors import InputError, cut
from degrade.core.image import Image
from ispl_model.adapters import python_function

PREFIX = "python:"


def describe(metric_id: str) -> Metric:
    """What the function says of itself; InputError when there is no such function, and for what a metric cannot be."""
    name = metric_id.removeprefix(PREFIX)
    function, digest = python_function.find_function(name), python_function.digest(name)
    metric = Metric(
        id=metric_id,
        module="python_function",
        header=name.rpartition(":")[2],
        meaning=(function.__doc__ or "a function of the user's").strip().partition("\n")[0],
        higher_is_better=_plain(getattr(function, "higher_is_better", None)),
        needs_reference=_plain(getattr(function, "needs_reference", True)),
        unit=getattr(function, "unit", "1"),
        version=int(digest[:8], 16) if digest else 1,  # what an edited file would score otherwise is scored again
    )
    check_types(metric, f"{metric_id}: its attributes")
    return metric


def load(metric_id: str) -> Compute:
    """The function; InputError where it fails on an image. MetricError, as NaN, is its word for "no value"."""
    function = python_function.find_function(metric_id.removeprefix(PREFIX))

    def compute(restored: Image, reference: Image | None) -> float:
        try:
            return float(function(restored, reference))
        except MetricError:
            raise
        except (Exception, SystemExit) as error:  # whatever the user's function raises
            raise InputError(f"{metric_id} fails ({type(error).__name__}: {cut(str(error))})") from error

    return compute


def weight_hashes(metric_id: str) -> dict[str, str | None]:
    """SHA-256 of the module's file, which defines the metric."""
    name = metric_id.removeprefix(PREFIX)
    return {f"{name.partition(':')[0]}.py": python_function.digest(name)}


def _plain(value: Any) -> Any:
    """Python's own truth value in place of numpy's, which a comparison of arrays gives."""
    return bool(value) if isinstance(value, np.bool_) else value
