"""What is restored keeps the colours it came in."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from degrade import degrade_image
from degrade.core.colour import TO_YCC, luma
from degrade.core.image import from_uint8, read, to_uint8
from degrade.core.resize import resize_bicubic
from degrade.faces import detection
from degrade.faces.alignment import face_landmarks, ffhq_affine, uncrop
from degrade.portraits.paint import paint
from ispl_model.restoration.fidelity.tone import keep_tone, tone_of
from ispl_model.restoration.photograph import feathered, restore_photograph
from ispl_model.restoration.restorer import load_restorer

SIZE = 128
PHOTOGRAPHS = ("london_001", "london_013", "london_024", "london_066", "london_092")


def grey(image):
    return np.repeat(luma(image)[:, :, None], 3, axis=2)


def sepia(image):
    return np.clip(grey(image) * np.float32([1, 0.85, 0.65]) + np.float32([0.06, 0.04, 0.02]), 0, 1)


VARIANTS = {
    "grey": grey,
    "sepia": sepia,
    "faded": lambda image: np.float32(0.45) + np.float32(0.2) * (image + grey(image)),
    "dark": lambda image: np.float32(0.25) * image,
    "over-exposed": lambda image: np.clip(np.float32(1.9) * image, 0, 1),
}


@pytest.fixture(scope="module")
def face():
    return paint(0, SIZE)


@pytest.fixture(scope="module")
def dyed(face):
    """A restoration gone wrong: sharper, and orange in one half."""
    sharper = face + (face - cv2.GaussianBlur(face, (0, 0), 2))
    sharper[:, SIZE // 2 :] += np.float32([0.08, 0, -0.08])
    return np.clip(sharper, 0, 1)


def coarse(image, deviation):
    """Y, Cb, Cr below a Gaussian, in levels."""
    values = 255 * image.astype(np.float64) @ np.array(TO_YCC).T
    return cv2.GaussianBlur(values, (0, 0), deviation, borderType=cv2.BORDER_REFLECT)


def test_a_grey_picture_comes_back_grey_to_the_last_level(face, dyed):
    given = grey(face)
    assert np.ptp(to_uint8(dyed), axis=2).max() > 50
    kept = to_uint8(keep_tone(dyed, given))
    assert np.ptp(kept, axis=2).max() == 0
    assert np.abs(kept.astype(float) - to_uint8(given)).max() > 10  # and it was restored


@pytest.mark.parametrize("rounded", [False, True])
def test_a_toned_picture_keeps_its_tone(face, dyed, rounded):
    """Its chroma is what sepia makes of its own luma, within a level; beyond the input's lumas, of the nearest one."""
    given = from_uint8(to_uint8(sepia(face))) if rounded else sepia(face)
    kept = keep_tone(dyed, given)
    light = luma(kept)
    inside = (light >= luma(given).min()) & (light <= luma(given).max())
    assert inside.mean() > 0.95
    plain = (light - luma(sepia(np.zeros((1, 1, 3), np.float32)))) / luma(np.float32([[[1, 0.85, 0.65]]]))
    wanted = sepia(np.repeat(plain[:, :, None], 3, axis=2))
    np.testing.assert_allclose(kept[inside], wanted[inside], atol=1 / 255)


def test_colours_are_those_of_the_input_and_detail_that_of_the_network(face, dyed):
    assert tone_of(face) is None
    before = np.abs(coarse(dyed, SIZE / 16) - coarse(face, SIZE / 16)).mean((0, 1))
    kept = keep_tone(dyed, face)
    after = np.abs(coarse(kept, SIZE / 16) - coarse(face, SIZE / 16)).mean((0, 1))
    assert before[1] > 3 and before[2] > 3
    assert after.max() < 0.5
    fine = [image - cv2.GaussianBlur(image, (0, 0), 2) for image in (kept, dyed, face)]
    assert np.abs(fine[0] - fine[1]).mean() < 0.2 * np.abs(fine[2] - fine[1]).mean()


def test_what_was_not_changed_stays(face):
    np.testing.assert_array_equal(keep_tone(face, face), face)
    np.testing.assert_array_equal(to_uint8(keep_tone(grey(face), grey(face))), to_uint8(grey(face)))


def test_a_model_that_enlarges_keeps_the_tone_too(face, dyed):
    small = resize_bicubic(grey(face), SIZE // 4, SIZE // 4)
    assert np.ptp(to_uint8(keep_tone(dyed, small)), axis=2).max() == 0


def test_noise_is_not_taken_for_colours(face):
    noise = np.random.default_rng(0).normal(0, 6 / 255, (SIZE, SIZE, 3)).astype(np.float32)
    assert tone_of(np.clip(sepia(face) + noise, 0, 1)) is not None


@pytest.mark.slow
@pytest.mark.skipif("FACES_HQ" not in os.environ, reason="FACES_HQ names no folder of faces")
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_what_is_laid_back_agrees_in_colour_with_what_was_there(name):
    """Below a Gaussian of a sixteenth of the face, where the mask fades, by 4 levels on average in each channel.

    Without keep_tone over-exposed photographs are 5 to 9 levels apart, with it all are within one.
    """
    path = Path(os.environ["FACES_HQ"]) / f"{name}.jpg"
    if not path.is_file():
        pytest.skip(f"{path.name} is not in FACES_HQ")
    degraded, _ = degrade_image(read(path), "gfpgan", seed=1, name=name)
    scene = np.pad(degraded, ((64, 64), (64, 64), (0, 0)), mode="reflect")
    box = detection.detect_reduced(scene)[0]
    restorer = load_restorer(device="cpu")
    affine = ffhq_affine(face_landmarks(scene, box), restorer.size)
    rows, columns, mask = uncrop(feathered(restorer.size)[:, :, None], affine, *scene.shape[:2])
    fading = (mask.squeeze() > 0.01) & (mask.squeeze() < 0.99)
    deviation = restorer.size * np.hypot(*affine[:, 0]) / 16
    for variant, change in VARIANTS.items():
        given = from_uint8(to_uint8(change(scene)))
        made = from_uint8(to_uint8(restore_photograph(given, [box], restorer.restore_faces, restorer.size)))
        apart = 255 * np.abs(cv2.GaussianBlur(made, (0, 0), deviation) - cv2.GaussianBlur(given, (0, 0), deviation))
        assert np.abs(made - given)[rows, columns][fading].max() > 4 / 255
        assert apart[rows, columns][fading].mean(0).max() < 4, variant
        assert variant != "grey" or np.ptp(to_uint8(made), axis=2).max() == 0
