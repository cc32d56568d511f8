"""How an image was degraded, in words."""

from collections.abc import Mapping
from typing import Any

from benchmark.analysis.breakdown import operators_of
from degrade.operators.record_words import SILENT, drawn_words


def degradation(record: Mapping[str, Any]) -> tuple[str, ...]:
    """The operators of an image in order, each with what was drawn for it; record: a line of metadata.jsonl.

    >>> step = {"op": "GaussianBlur", "drawn": '{"sigma": 2.71758, "size": 21}', "realised": "{}"}
    >>> degradation({"operators": [step]})
    ('Gaussian blur (sigma 2.72 px, kernel width 21 px)',)
    """
    steps = ((name.split("[")[0], own) for name, own in operators_of(record))
    return tuple(drawn_words(name, own) for name, own in steps if name not in SILENT)
