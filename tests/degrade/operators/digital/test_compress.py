"""Rounding and JPEG: colours stay where they are, and libjpeg is asked for what the record says."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from degrade.core.errors import InputError
from degrade.core.image import Image, from_uint8, to_uint8
from degrade.operators.digital.compression import CHROMA, DoubleJpeg, Jpeg, Quantize, Webp


@pytest.fixture
def photo() -> Image:
    small = np.random.default_rng(0).random((10, 12, 3), dtype=np.float32)
    return np.clip(cv2.resize(small, (96, 80), interpolation=cv2.INTER_CUBIC), 0, 1)


def test_rounding_goes_to_the_nearest_level_and_is_what_a_file_holds() -> None:
    values = np.array([0.4, 0.6, 1.5, 2.5, 254.4, 254.6], np.float32) / 255
    photo = np.repeat(values.reshape(1, -1, 1), 3, axis=2)
    rounded = Quantize()(photo)
    np.testing.assert_array_equal(np.rint(rounded[0, :, 0] * 255), [0, 1, 2, 2, 254, 255])
    np.testing.assert_array_equal(rounded, from_uint8(to_uint8(photo)))


def test_rounding_twice_changes_nothing(photo: Image) -> None:
    once = Quantize()(photo)
    np.testing.assert_array_equal(Quantize()(once), once)


@pytest.mark.parametrize("chroma", ["444", "422", "420"])
def test_solid_red_stays_red(chroma: str) -> None:
    red = np.zeros((32, 32, 3), np.float32)
    red[:, :, 0] = 1
    np.testing.assert_allclose(Jpeg(90, chroma)(red), red, atol=3 / 255)


def test_grey_leaves_the_luma_of_bt601() -> None:
    orange = np.broadcast_to(np.array([0.8, 0.4, 0.2], np.float32), (16, 16, 3)).copy()
    grey = 0.299 * 0.8 + 0.587 * 0.4 + 0.114 * 0.2
    np.testing.assert_allclose(Jpeg(95, "grey")(orange), grey, atol=1.5 / 255)


@pytest.mark.parametrize("quality", [1, 17, 51, 85, 100])
@pytest.mark.parametrize("chroma", CHROMA)
@pytest.mark.parametrize("size", [(1, 1), (7, 33), (80, 96)])
def test_pillow_and_its_libjpeg_agree_bit_for_bit(
    photo: Image, size: tuple[int, int], chroma: str, quality: int
) -> None:
    """Pillow is the independent program here, and the one that splits were made with at first."""
    part = np.ascontiguousarray(photo[: size[0], : size[1]])
    file, pillow = io.BytesIO(), Pillow.fromarray(to_uint8(part))
    sampling = {"444": 0, "422": 1, "420": 2}.get(chroma)
    if sampling is None:
        pillow.convert("L").save(file, format="JPEG", quality=quality)
    else:
        pillow.save(file, format="JPEG", quality=quality, subsampling=sampling)
    expected = np.asarray(Pillow.open(file).convert("RGB"))
    np.testing.assert_array_equal(to_uint8(Jpeg(quality, chroma)(part)), expected)


def test_better_quality_and_finer_colour_come_closer(photo: Image) -> None:
    def error(operator: Jpeg) -> float:
        return float(np.mean((operator(photo) - photo) ** 2))

    assert error(Jpeg(20)) > error(Jpeg(50)) > error(Jpeg(90))
    assert error(Jpeg(90, "420")) > error(Jpeg(90, "422")) > error(Jpeg(90, "444"))


@pytest.mark.parametrize("chroma", CHROMA)
def test_the_result_is_made_of_8_bit_values(photo: Image, chroma: str) -> None:
    compressed = Jpeg(30, chroma)(photo)
    np.testing.assert_array_equal(compressed, from_uint8(to_uint8(compressed)))


def test_red_is_not_taken_for_blue() -> None:
    """A picture whose blue is flat must come back with a flat blue: Pillow alone decides the order."""
    photo = np.full((32, 32, 3), 0.5, np.float32)
    photo[:, :16, 0] = 0.9
    file = io.BytesIO()
    Pillow.fromarray(to_uint8(photo)).save(file, format="JPEG", quality=60, subsampling=2)
    np.testing.assert_array_equal(to_uint8(Jpeg(60)(photo)), np.asarray(Pillow.open(file)))


def test_twice_on_one_grid_is_jpeg_after_jpeg(photo: Image) -> None:
    np.testing.assert_array_equal(DoubleJpeg(70, 40, down=0, right=0)(photo), Jpeg(40)(Jpeg(70)(photo)))


def test_a_grid_shifted_by_a_whole_block_is_the_same_grid_and_by_half_a_block_is_not(photo: Image) -> None:
    same = DoubleJpeg(70, 40, down=8, right=8, chroma="444")(photo)
    np.testing.assert_array_equal(same, DoubleJpeg(70, 40, down=0, right=0, chroma="444")(photo))
    assert not np.array_equal(same, DoubleJpeg(70, 40, down=4, right=4, chroma="444")(photo))


def test_the_edges_of_blocks_lie_where_the_shifted_grid_says() -> None:
    """On a slope at quality 1 each block is flat, so every jump lies between two blocks of the second grid."""
    slope = np.broadcast_to(np.linspace(0.3, 0.7, 64, dtype=np.float32)[None, :, None], (64, 64, 3)).copy()
    twice = DoubleJpeg(100, 1, down=0, right=3, chroma="444")(slope)
    jumps = np.flatnonzero(np.abs(np.diff(twice[32, :, 0])) > 0)
    assert set((jumps + 1) % 8) == {5}


@pytest.mark.parametrize("quality", [10, 50, 90])
def test_webp_is_close_to_what_opencv_writes(photo: Image, quality: int) -> None:
    """The two carry different versions of libwebp, so a few steps apart is what can be asked."""
    _, file = cv2.imencode(".webp", to_uint8(photo)[:, :, ::-1], [cv2.IMWRITE_WEBP_QUALITY, quality])
    other = from_uint8(cv2.imdecode(file, cv2.IMREAD_COLOR)[:, :, ::-1])
    assert np.abs(Webp(quality)(photo) - other).mean() < 1 / 255


def test_better_webp_comes_closer_and_too_long_a_side_is_refused(photo: Image) -> None:
    bad, good = (np.mean((Webp(quality)(photo) - photo) ** 2) for quality in (10, 90))
    assert bad > good
    with pytest.raises(InputError, match="16383"):
        Webp(50)(np.zeros((1, 16384, 3), np.float32))
