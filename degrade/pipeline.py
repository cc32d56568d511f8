"""Chains of operators: a tuple and a loop, and the records from which a chain is rebuilt bit for bit."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from degrade.blur import GaussianBlur, MotionBlur
from degrade.compress import Jpeg, Quantize
from degrade.errors import InputError, unknown
from degrade.image import Image, check_image
from degrade.mosaic import Mosaic
from degrade.noise import GaussianNoise, LaplaceNoise, PoissonNoise, SensorNoise
from degrade.resize import Resize
from degrade.tone import Fade, SharpenHalo

Operator = Callable[[Image], Image]

OPERATORS: dict[str, type] = {
    "Fade": Fade,
    "GaussianBlur": GaussianBlur,
    "GaussianNoise": GaussianNoise,
    "Jpeg": Jpeg,
    "LaplaceNoise": LaplaceNoise,
    "Mosaic": Mosaic,
    "MotionBlur": MotionBlur,
    "PoissonNoise": PoissonNoise,
    "Quantize": Quantize,
    "Resize": Resize,
    "SensorNoise": SensorNoise,
    "SharpenHalo": SharpenHalo,
}


def apply(operators: Sequence[Operator], image: Image) -> Image:
    """Call the operators one after the other; `image` is checked and left as it is."""
    check_image(image)
    for operator in operators:
        image = operator(image)
    return image


def trace(operators: Sequence[Operator], image: Image) -> tuple[Image, list[dict[str, str]]]:
    """As `apply`, with one record an operator: {"op", "drawn", "realised"}.

    The last two are JSON strings: the operator's fields, and whole pixels that came of them ("{}" without any).
    """
    check_image(image)
    records = []
    for operator in operators:
        records.append(_record(operator, image))
        image = operator(image)
    return image, records


def from_record(record: Mapping[str, Any]) -> Operator:
    """The operator a record of `trace` describes. Raises InputError when there is none such."""
    name = str(record.get("op"))
    if name not in OPERATORS:
        raise unknown("operator", name, OPERATORS)
    try:
        return OPERATORS[name](**json.loads(record["drawn"]))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"record of {name}: expected its fields as JSON under 'drawn' ({error})") from error


def _record(operator: Operator, image: Image) -> dict[str, str]:
    name = type(operator).__name__
    if OPERATORS.get(name) is not type(operator):
        raise ValueError(f"trace: {name} is not in OPERATORS, so it could not be rebuilt from a record")
    realised = operator.realised(*image.shape[:2]) if hasattr(operator, "realised") else {}
    return {"op": name, "drawn": json.dumps(asdict(operator), allow_nan=False), "realised": json.dumps(realised)}
