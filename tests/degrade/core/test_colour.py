"""The curve of sRGB."""

import numpy as np

from degrade.core.colour import decode, encode


def test_the_curve_of_srgb_is_that_of_its_standard() -> None:
    """Code value 188 is half the light (0.5029), 10 lies on the straight part: 10 / 255 / 12.92 = 0.0030353."""
    codes = np.array([[[10, 188, 255]]], np.float32) / 255
    np.testing.assert_allclose(decode(codes)[0, 0], [0.0030353, 0.50289, 1.0], rtol=1e-4)
    np.testing.assert_allclose(encode(decode(codes)), codes, atol=1e-6)
