"""A model's faces over strength, on known degradations: how much of a restoration is best, and at what price."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict
from warnings import catch_warnings

import numpy as np

from degrade.core.errors import InputError
from degrade.core.image import Image, from_uint8, to_uint8
from degrade.core.resize import match_scale, resize_bicubic
from degrade.core.storage.files import JsonLines, sha256
from degrade.recipes.degrade_image import degrade_image
from degrade.recipes.recipe import Recipe
from degrade.splits.sources import Source
from ispl_model.inspection.measures import MEASURES
from ispl_model.restoration.fidelity.strength import blended
from ispl_model.restoration.models import FaceRestorer

STRENGTHS = tuple(step / 10 for step in range(11))
TOLERANCE = 1.05  # by how much the least LPIPS may be exceeded for the sake of identity
Measure = Callable[[list[Image], Image], dict[str, list[float]]]  # of faces, with their reference


class Line(TypedDict):
    """One face under one recipe: each of MEASURES at each of STRENGTHS, None where one has no value.

    made_by: what the numbers depend on.
    """

    face: str
    recipe: str
    made_by: dict[str, Any]
    identity: list[float | None]
    lpips: list[float | None]
    niqe: list[float | None]


@dataclass(frozen=True)
class Point:
    """Means over all faces and recipes at one strength."""

    strength: float
    identity: float
    lpips: float
    niqe: float


def calibrate(
    model: FaceRestorer,
    faces: Iterable[Source],
    recipes: Sequence[Recipe],
    measure: Measure,
    lines: JsonLines,
    seed: int = 0,
) -> Iterator[dict[str, Any] | tuple[str, str]]:
    """The Line of each face under each recipe, kept in `lines`, and taken from there where it is of the same; once
    (name, sentence) for a face that cannot be measured, such as one that is not square or smaller.

    A face is reduced to the side that the model gives, degraded with its name and `seed`, and brought to the side that
    the model takes.
    """
    known = {(line["face"], line["recipe"]): line for line in lines.values}
    for face in faces:
        for recipe in recipes:
            before = known.get((face.name, recipe.key))
            try:
                line = _line(model, face, recipe, measure, before, seed)
            except InputError as error:
                yield face.name, str(error)
                break
            if line is not before:
                lines.append(line)
            yield line


def _line(
    model: FaceRestorer, face: Source, recipe: Recipe, measure: Measure, before: dict[str, Any] | None, seed: int
) -> dict[str, Any]:
    """The line of a face under a recipe: `before` where that was made of the same, else a new one."""
    side = model.size * model.scale
    data = face.encoded(side)
    made_by = model.facts | {"source": sha256(data), "seed": seed, "strengths": list(STRENGTHS)}
    if before is not None and before["made_by"] == made_by:
        return before
    reference = face.reference(data, side)
    degraded, _ = degrade_image(reference, recipe, seed, face.name)
    values = measure(_at_strengths(model, degraded, side), reference)
    numbers = {name: [_or_none(value) for value in found] for name, found in values.items()}
    return {"face": face.name, "recipe": recipe.key, "made_by": made_by} | numbers


def curve(lines: Sequence[dict[str, Any]]) -> list[Point]:
    """Means over lines of what has a value; NaN where nothing has."""
    values = {name: np.array([line[name] for line in lines], np.float64) for name in MEASURES}
    with catch_warnings(action="ignore"):  # of numpy, of no value at all
        means = {name: np.nanmean(found, axis=0) for name, found in values.items()}
    return [
        Point(strength, *(float(means[name][index]) for name in MEASURES)) for index, strength in enumerate(STRENGTHS)
    ]


def best_strength(points: Sequence[Point]) -> float:
    """The strength of least identity distance among those whose LPIPS is within TOLERANCE of the least one."""
    most = TOLERANCE * min(point.lpips for point in points)
    return min((point for point in points if point.lpips <= most), key=lambda point: point.identity).strength


def _or_none(value: float) -> float | None:
    """As JSON has it, which knows no NaN."""
    return value if math.isfinite(value) else None


def _at_strengths(model: FaceRestorer, degraded: Image, side: int) -> list[Image]:
    """The face at each of STRENGTHS, as a file would hold it."""
    (restored,) = model.restore_faces([match_scale(degraded, side, model.scale)])
    base = match_scale(degraded, side, 1)
    restored = restored if restored.shape == base.shape else resize_bicubic(restored, side, side)
    return [from_uint8(to_uint8(blended(base, restored, strength))) for strength in STRENGTHS]
