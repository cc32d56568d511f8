"""Resizing: values worked out from the kernels, and the sides that come out."""

import json

import cv2
import numpy as np
import pytest

from degrade.core.image import Image
from degrade.core.resize import match_scale, resize_bicubic
from degrade.operators.chain import trace
from degrade.operators.digital.resize import FILTERS, Resize

UNSHIFTED = [(library, name) for library in FILTERS for name in FILTERS[library] if name != "nearest"]


def ramp(height: int, width: int) -> Image:
    line = np.linspace(0.2, 0.8, width, dtype=np.float32)
    return np.broadcast_to(line[None, :, None], (height, width, 3)).copy()


def cubic(distance: np.ndarray, a: float) -> np.ndarray:
    """Keys' convolution kernel (IEEE Trans. ASSP 1981, eq. 15)."""
    x = np.abs(distance)
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * (x**3 - 5 * x**2 + 8 * x - 4)
    return np.where(x <= 1, near, np.where(x < 2, far, 0))


def inner_row(step: float, stretch: float, a: float, line: np.ndarray, place: int) -> float:
    """One value of a resized line: the kernel stretched by `stretch`, centred where the sample came from."""
    weights = cubic((np.arange(len(line)) + 0.5 - (place + 0.5) * step) / stretch, a)
    return float((weights * line).sum() / weights.sum())


@pytest.mark.parametrize(
    ("operator", "stretch", "a"),
    [(Resize("pil", "bicubic", factor=4.0), 4.0, -0.5), (Resize("cv2", "cubic", factor=4.0), 1.0, -0.75)],
    ids=["antialiased", "aliased"],
)
def test_cubic_reduction_is_the_kernel_of_keys(operator: Resize, stretch: float, a: float) -> None:
    line = (0.5 + 0.3 * np.sin(np.arange(64) ** 1.3)).astype(np.float32)
    photo = np.broadcast_to(line[None, :, None], (64, 64, 3)).copy()
    reduced = operator(photo)
    for place in (4, 7, 11):
        assert reduced[8, place, 1] == pytest.approx(inner_row(4.0, stretch, a, line, place), abs=2e-6)


@pytest.mark.parametrize(("library", "name"), [("cv2", "area"), ("pil", "box")])
def test_area_and_box_take_the_mean_of_each_block(library: str, name: str) -> None:
    photo = np.random.default_rng(0).random((12, 16, 3), dtype=np.float32)
    expected = photo.reshape(3, 4, 4, 4, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(Resize(library, name, factor=4.0)(photo), expected, atol=1e-6)


@pytest.mark.parametrize(("library", "name"), UNSHIFTED)
def test_no_filter_shifts_or_darkens_a_ramp(library: str, name: str) -> None:
    for factor in (0.5, 2.0):
        resized = Resize(library, name, factor=factor)(ramp(40, 40))
        inner = resized[2, 5:-5, 0]
        assert resized.mean() == pytest.approx(0.5, abs=1e-3)
        np.testing.assert_allclose(inner + inner[::-1], 1.0, atol=1e-5)


def test_matlab_bicubic_differs_from_pillow_at_the_borders_alone() -> None:
    photo = np.random.default_rng(0).random((48, 40, 3), dtype=np.float32)
    for factor in (4.0, 0.5):
        matlab, pillow = (Resize(library, "bicubic", factor=factor)(photo) for library in ("matlab", "pil"))
        np.testing.assert_allclose(matlab[4:-4, 4:-4], pillow[4:-4, 4:-4], atol=2e-6)
        assert np.abs(matlab - pillow).max() > 1e-3


def test_matlab_borders_are_mirrored_with_the_edge_repeated() -> None:
    """The first value of a line reduced by 4: 8 places on each side of 1.5, weights of Keys at (i - 1.5) / 4."""
    line = np.random.default_rng(1).random(32).astype(np.float32)
    padded = np.pad(line, 8, mode="symmetric").astype(float)
    weights = cubic((np.arange(-8, 40) - 1.5) / 4, -0.5)
    photo = np.broadcast_to(line[None, :, None], (32, 32, 3)).copy()
    reduced = Resize("matlab", "bicubic", factor=4.0)(photo)
    assert reduced[3, 0, 0] == pytest.approx((weights * padded).sum() / weights.sum(), abs=2e-6)


@pytest.mark.parametrize("name", ["linear", "cubic"])
@pytest.mark.parametrize("sides", [(7, 12), (31, 9), (64, 50), (3, 40), (1, 1)])
def test_interpolation_is_that_of_opencv(name: str, sides: tuple[int, int]) -> None:
    photo = np.random.default_rng(0).random((31, 20, 3), dtype=np.float32)
    kinds = {"linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}
    expected = np.clip(cv2.resize(photo, sides[::-1], interpolation=kinds[name]), 0, 1)
    found = Resize(library="cv2", filter=name, height=sides[0], width=sides[1])(photo)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_nearest_takes_every_fourth_pixel() -> None:
    photo = np.random.default_rng(0).random((16, 16, 3), dtype=np.float32)
    np.testing.assert_array_equal(Resize("cv2", "nearest", factor=4.0)(photo), photo[::4, ::4])


def test_in_linear_light_black_and_white_make_the_grey_of_half_the_light() -> None:
    """0.5 of the light is code value 0.735357; averaged as code values it would be 0.5."""
    checks = np.broadcast_to((np.indices((8, 8)).sum(axis=0) % 2)[:, :, None], (8, 8, 3)).astype(np.float32)
    np.testing.assert_allclose(Resize("pil", "box", factor=2.0, linear_light=True)(checks), 0.735357, atol=1e-5)
    np.testing.assert_allclose(Resize("pil", "box", factor=2.0)(checks), 0.5, atol=1e-6)


def test_overshoot_is_clipped() -> None:
    edge = np.zeros((16, 16, 3), np.float32)
    edge[:, 8:] = 1
    for library, name in (("cv2", "cubic"), ("pil", "lanczos")):
        larger = Resize(library, name, factor=0.25)(edge)
        assert (larger.min(), larger.max()) == (0, 1)


def test_the_sides_that_come_out_are_recorded() -> None:
    resized, (record,) = trace([Resize("cv2", "cubic", factor=5.3)], ramp(100, 60))
    assert resized.shape == (19, 11, 3)
    assert json.loads(record["realised"]) == {"height": 19, "width": 11}
    assert json.loads(record["drawn"])["factor"] == 5.3


def test_a_side_never_vanishes() -> None:
    assert Resize("pil", "box", factor=100.0)(ramp(20, 30)).shape == (1, 1, 3)


def test_bicubic_of_the_project_is_the_antialiased_one() -> None:
    photo = np.random.default_rng(0).random((32, 32, 3), dtype=np.float32)
    np.testing.assert_array_equal(resize_bicubic(photo, 8, 8), Resize("pil", "bicubic", factor=4.0)(photo))


@pytest.mark.parametrize(
    ("shape", "scale", "expected"),
    [((64, 64), 4, (16, 16)), ((16, 16), 1, (64, 64)), ((96, 64), 4, (24, 16)), ((16, 20), 1, (64, 80))],
)
def test_match_scale_gives_the_side_a_method_takes(shape: tuple[int, int], scale: int, expected: tuple) -> None:
    assert match_scale(ramp(*shape), 64, scale).shape[:2] == expected


def test_match_scale_leaves_alone_what_fits() -> None:
    for side, scale in ((64, 1), (16, 4)):
        photo = ramp(side, side)
        assert match_scale(photo, 64, scale) is photo


def test_match_scale_refuses_a_size_that_the_scale_does_not_divide() -> None:
    with pytest.raises(ValueError, match="multiple of the scale"):
        match_scale(ramp(10, 10), 66, 4)
