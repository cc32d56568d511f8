"""Grey levels that no processor, layout or size of an image changes."""

from fractions import Fraction

import numpy as np

from benchmark.metrics.luma import grey_levels
from degrade.core.colour import LUMA
from degrade.core.image import from_uint8


def every_colour(step: int) -> np.ndarray:
    values = np.arange(0, 256, step, dtype=np.uint8)
    red, green, blue = np.meshgrid(values, values, values, indexing="ij")
    return from_uint8(np.stack([red, green, blue], axis=-1).reshape(len(values), -1, 3))


def exact(colour: np.ndarray) -> float:
    """The weighted sum, green first, each product added without rounding and the sum rounded to float32."""
    total = Fraction(0)
    for channel in (1, 0, 2):
        product = Fraction(float(np.float32(LUMA[channel]))) * Fraction(float(colour[channel]))
        total = Fraction(float(np.float32(float(total + product))))
    return float(np.rint(np.float32(float(total)) * np.float32(255)))


def test_a_colour_in_the_middle_of_two_levels_is_rounded_as_said() -> None:
    colours = every_colour(5)
    red, green, blue = np.rint(colours.astype(np.float64) * 255).astype(int).transpose(2, 0, 1)
    middle = (299 * red + 587 * green + 114 * blue) % 1000 == 500
    assert middle.sum() > 100
    np.testing.assert_array_equal(grey_levels(colours)[middle], [exact(colour) for colour in colours[middle]])


def test_the_layout_and_the_size_change_nothing() -> None:
    colours = every_colour(3)
    levels = grey_levels(colours)
    assert levels.dtype == np.float64
    assert (levels.min(), levels.max()) == (0, 255)
    np.testing.assert_array_equal(grey_levels(np.asfortranarray(colours)), levels)
    np.testing.assert_array_equal(grey_levels(colours[::-1, ::-1])[::-1, ::-1], levels)
    np.testing.assert_array_equal(grey_levels(colours[:3, :5]), levels[:3, :5])
