"""Chains of operators: a tuple and a loop, and the records from which a chain is rebuilt bit for bit."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from degrade.core.arrays import as_image, in_kind_of
from degrade.core.errors import InputError, unknown
from degrade.core.image import Image, check_image
from degrade.core.storage import strict_json
from degrade.operators.base import Operator as Operator
from degrade.operators.blur.gaussian import GaussianBlur, SharpenHalo
from degrade.operators.blur.kernels import AnisotropicBlur, DefocusBlur, GeneralisedBlur, PlateauBlur, SincBlur
from degrade.operators.blur.motion import MotionBlur, ShakeBlur
from degrade.operators.digital.compression import DoubleJpeg, Jpeg, Quantize, Webp
from degrade.operators.digital.mosaic import Mosaic
from degrade.operators.digital.resize import Resize
from degrade.operators.film import FilmGrain, Scratches
from degrade.operators.noise.additive import CorrelatedNoise, GaussianNoise, GreyNoise, LaplaceNoise, PoissonNoise
from degrade.operators.noise.signal_dependent import SaltPepperNoise, SensorNoise, ShotNoise, SpeckleNoise
from degrade.operators.photometric import ColourCast, ColourJitter, Fade, LowLight, Vignette
from degrade.operators.weather import Haze, Rain

_ALL: tuple[type, ...] = (
    AnisotropicBlur,
    ColourCast,
    ColourJitter,
    CorrelatedNoise,
    DefocusBlur,
    DoubleJpeg,
    Fade,
    FilmGrain,
    GaussianBlur,
    GaussianNoise,
    GeneralisedBlur,
    GreyNoise,
    Haze,
    Jpeg,
    LaplaceNoise,
    LowLight,
    Mosaic,
    MotionBlur,
    PlateauBlur,
    PoissonNoise,
    Quantize,
    Rain,
    Resize,
    SaltPepperNoise,
    Scratches,
    SensorNoise,
    ShakeBlur,
    SharpenHalo,
    ShotNoise,
    SincBlur,
    SpeckleNoise,
    Vignette,
    Webp,
)
OPERATORS: dict[str, type] = {kind.__name__: kind for kind in _ALL}  # the names are those of the records


def apply(operators: Sequence[Operator], image: Image) -> Image:
    """Call the operators one after the other; `image` is checked and left as it is."""
    check_image(image)
    for operator in operators:
        image = operator(image)
    return image


def trace(operators: Sequence[Operator], image: Image) -> tuple[Image, list[dict[str, str]]]:
    """As `apply`, with one record an operator: {"op", "drawn", "realised"}.

    The last two are JSON strings: the operator's fields, and the whole pixels computed from them ("{}" without any).
    """
    check_image(image)
    records = []
    for operator in operators:
        records.append(_record(operator, image))
        image = operator(image)
    return image, records


def replay_image(array: np.ndarray, records: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """Do again to an image what `records` of `degrade_image` or of a split tell, bit for bit and without a draw.

    array: the clean image (H, W, 3), RGB, uint8 or float in [0, 1]; the result is of the same kind.
    Raises InputError for another kind of array, and for what is no record.

    >>> face = np.full((64, 64, 3), 200, np.uint8)
    >>> blurred = replay_image(face, [{"op": "GaussianBlur", "drawn": '{"sigma": 2.0}'}])
    >>> blurred.shape, blurred.dtype.name
    ((64, 64, 3), 'uint8')
    """
    return in_kind_of(array, apply([from_record(record) for record in records], as_image(array)))


def from_record(record: Mapping[str, Any]) -> Operator:
    """The operator a record of `trace` describes. Raises InputError when there is none such."""
    if not isinstance(record, Mapping):
        raise InputError(f"record: expected a mapping with 'op' and 'drawn', got {type(record).__name__}")
    name = str(record.get("op"))
    if name not in OPERATORS:
        raise unknown("operator", name, OPERATORS)
    try:
        operator: Operator = OPERATORS[name](**strict_json.fields_of(record, "drawn"))
    except (TypeError, ValueError) as error:
        raise InputError(f"record of {name}: expected its fields as JSON under 'drawn' ({error})") from error
    return operator


def _record(operator: Operator, image: Image) -> dict[str, str]:
    name = type(operator).__name__
    if OPERATORS.get(name) is not type(operator):
        raise ValueError(f"trace: {name} is not in OPERATORS, so it could not be rebuilt from a record")
    realised = operator.realised(*image.shape[:2]) if hasattr(operator, "realised") else {}
    return {"op": name, "drawn": json.dumps(_drawn(operator), allow_nan=False), "realised": json.dumps(realised)}


def _drawn(operator: Operator) -> dict[str, Any]:
    """The fields; one marked as added later is left out at its default, so that older splits keep their bytes."""
    return {
        field.name: value
        for field in fields(operator)
        if (value := getattr(operator, field.name)) != field.default or not field.metadata.get("added_later")
    }
