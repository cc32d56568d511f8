"""The curve of sRGB."""

import numpy as np

from degrade.core.colour import decode, dimmed, encode


def test_the_curve_of_srgb_is_that_of_its_standard() -> None:
    """Code value 188 is half the light (0.5029), 10 lies on the straight part: 10 / 255 / 12.92 = 0.0030353."""
    codes = np.array([[[10, 188, 255]]], np.float32) / 255
    np.testing.assert_allclose(decode(codes)[0, 0], [0.0030353, 0.50289, 1.0], rtol=1e-4)
    np.testing.assert_allclose(encode(decode(codes)), codes, atol=1e-6)


def test_a_share_of_the_light_is_that_of_the_standard_curve() -> None:
    """In float64, at every value and share: on the straight part, on the curve, and carried from one to the other."""
    values, shares = np.linspace(0, 1, 301, dtype=np.float32), np.linspace(0.05, 1, 200, dtype=np.float32)
    image = np.broadcast_to(values[:, None, None], (301, 200, 3))
    light = np.where(image <= 0.04045, image / 12.92, ((image.astype(float) + 0.055) / 1.055) ** 2.4) * shares[:, None]
    expected = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    dim = dimmed(image, np.broadcast_to(shares, (301, 200)).copy())
    assert dim.dtype == np.float32 and dim.min() >= 0 and dim.max() <= 1
    np.testing.assert_allclose(dim, expected, atol=4e-7)
