"""Local tone, and the law over stand-ins: neither darker nor harder is ever rewarded."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from degrade.core.image import Image, read
from degrade.core.random import rng_for
from degrade.core.resize import resize_bicubic
from degrade.operators.chain import apply
from degrade.portraits.paint import paint, portrait_seeds
from degrade.recipes.library import find_recipe
from ispl_model.losses.perceptual import BACKBONES, FeatureLayers, Perceptual
from ispl_model.losses.tone import WINDOW, match_tone

SIZE, LEVEL = 256, 1 / 255
STAND_INS = [name for name in BACKBONES if name != "vgg19"]
LEAST = 0.1  # of a window, that a changed part must cover
SHIFTS, CONTRASTS = (-20, -10, -3, 3, 10, 20), (0.8, 0.97, 1.03, 1.25)


def test_the_window_is_a_gaussian_of_24_px_at_256():
    """Where the reference differs in one pixel, the matched image's change away from it is the window's weight."""
    black = torch.zeros(1, 3, SIZE, SIZE)  # beside which no weight is too small for float32
    pixel = black.clone()
    pixel[..., 128, 128] = 1
    weights = match_tone(black, pixel)[0][0, 0]
    places = torch.arange(SIZE) - 128.0
    sigma = ((weights.sum(0) * places**2).sum() / weights.sum()).sqrt()
    assert WINDOW * SIZE == 24 and sigma.item() == pytest.approx(24, rel=0.02)
    assert weights.sum().item() == pytest.approx(1, abs=1e-4)


def test_brighter_by_ten_levels_is_ten_levels_of_tone_and_nothing_else():
    image = torch.rand(2, 3, 64, 48, generator=torch.Generator().manual_seed(0))
    matched, distance = match_tone(image + 10 * LEVEL, image)
    torch.testing.assert_close(matched, image, atol=1e-4, rtol=0)
    assert distance.item() == pytest.approx(10 * LEVEL, abs=1e-5)


def test_twice_the_contrast_doubles_the_deviation():
    """Of a chessboard the local mean is 1/2 and the local deviation the step's half, everywhere."""
    rows = torch.arange(64)
    board = 0.5 + 0.1 * (2.0 * ((rows[:, None] + rows) % 2) - 1).expand(1, 3, 64, 64)
    matched, distance = match_tone(0.5 + 2 * (board - 0.5), board)
    assert distance.item() == pytest.approx(0.1, rel=0.01)
    torch.testing.assert_close(matched, board, atol=1e-3, rtol=0)


def test_the_gradient_of_what_is_compared_asks_for_no_shift_and_no_contrast():
    """Statistics taken for constants would give the same values and a gradient of 1 for each pixel that is shifted."""
    generator = torch.Generator().manual_seed(0)
    image, reference, weights = torch.rand(3, 1, 3, 64, 64, generator=generator)
    image.requires_grad_()
    (match_tone(image, reference)[0] * weights).sum().backward()
    size = image.grad.abs().sum()
    assert size > 0 and abs(image.grad.sum()) < 1e-3 * size
    assert abs((image.grad * (image.detach() - 0.5)).sum()) < 1e-2 * size


FACES = {
    "painted": lambda: [paint(seed, SIZE) for seed in portrait_seeds("val", 2)],
    "real": lambda: [resize_bicubic(read(path), SIZE, SIZE) for path in real_faces(2)],
}
RESTORED = {
    "bicubic_x4": lambda face, name: resize_bicubic(resize_bicubic(face, SIZE // 4, SIZE // 4), SIZE, SIZE),
    "degraded": lambda face, name: apply(find_recipe("dual_blind")(rng_for(0, name), SIZE), face),
}


def real_faces(count: int) -> list[Path]:
    """The first of the validation list of FACES_HQ."""
    folder = Path(os.environ.get("FACES_HQ", "absent"))
    if not (folder / "val.txt").is_file():
        pytest.skip("FACES_HQ names no folder of faces with a val.txt")
    return [folder / name for name in (folder / "val.txt").read_text().split()[:count]]


def tensor(images: list[Image]) -> torch.Tensor:
    return torch.stack([torch.from_numpy(np.ascontiguousarray(image)).movedim(-1, 0) for image in images])


def with_the_references_tone(images: torch.Tensor, references: torch.Tensor) -> torch.Tensor:
    """Matched until hardly anything is left to match, not clipped."""
    for _ in range(60):
        images, distance = match_tone(images, references)
    assert distance < LEVEL / 2
    return images


def masks() -> dict[str, torch.Tensor]:
    """The whole image, and an ellipse where FFHQ's framing has the face: its hard edge is the law's hardest case.

    In a window, the part of it there, if that is LEAST of the window: see tone.py for less.
    """
    row, column = torch.meshgrid(torch.arange(SIZE) / SIZE, torch.arange(SIZE) / SIZE, indexing="ij")
    face = ((column - 0.5) / 0.27) ** 2 + ((row - 0.55) / 0.36) ** 2 < 1
    return {"image": torch.ones(SIZE, SIZE), "face": face.float()}


def changes(images: torch.Tensor, mask: torch.Tensor):
    """What happened, and the images with it, inside the mask alone."""
    mean = (images * mask).sum((2, 3), keepdim=True) / mask.sum()
    for shift in SHIFTS:
        yield f"{shift:+d} levels", images + mask * shift * LEVEL
    for contrast in CONTRASTS:
        yield f"contrast {contrast}", images + mask * (contrast - 1) * (images - mean)


@pytest.fixture(params=STAND_INS)
def stand_in(request):
    path = Path(torch.hub.get_dir()) / "checkpoints" / BACKBONES[request.param].file
    if not path.is_file():
        pytest.skip(f"TORCH_HOME has no weights of {request.param}")
    return request.param


def windows(side: int) -> list[tuple]:
    """Indices of two corners and the middle, as trainings cut them; of the whole side, only itself."""
    rest = SIZE - side
    return [(..., slice(start, start + side), slice(start, start + side)) for start in sorted({0, rest // 2, rest})]


@pytest.mark.slow
@pytest.mark.parametrize("distance", ["l1", "mse"])
@pytest.mark.parametrize("restored", RESTORED)
@pytest.mark.parametrize("faces", FACES)
@pytest.mark.parametrize("side", [96, 128, SIZE])
def test_the_law_of_stand_ins(stand_in, side, faces, restored, distance):
    """No shift and no contrast, of the image or the face alone, lowers the loss of an image in its reference's tone."""
    loss = Perceptual(stand_in, FeatureLayers({"conv5_4": 1.0}, distance))
    faces = FACES[faces]()
    references = tensor(faces)
    images = tensor([RESTORED[restored](face, str(index)) for index, face in enumerate(faces)])
    for window in windows(side):
        matched = with_the_references_tone(images[window], references[window])
        parts = {name: mask[window] for name, mask in masks().items() if mask[window].mean() >= LEAST}
        for image, reference in zip(matched.split(1), references[window].split(1), strict=True):
            require_the_law(loss, image, reference, parts)


@torch.inference_mode()
def require_the_law(loss, image, reference, parts):
    least = loss(image, reference)
    for name, mask in parts.items():
        for change, changed in changes(image, mask):
            assert loss(changed, reference) >= least, f"{change} in {name}"


@pytest.mark.parametrize("layer, distance, gradient", [("conv5_4", "l1", 0.26), ("conv3_3", "mse", 1.7)])
def test_the_gradient_of_a_stand_in_has_the_size_of_vgg_19s(stand_in, layer, distance, gradient):
    """The geometric mean over two faces, each as bicubic_x4 and as degraded, against what five faces gave."""
    loss, lengths = Perceptual(stand_in, FeatureLayers({layer: 1.0}, distance)), []
    for face in FACES["real"]():
        for restored in RESTORED.values():
            image = tensor([restored(face, "gradient")]).requires_grad_()
            loss(image, tensor([face])).backward()
            lengths.append(image.grad.norm())
    assert gradient / 1.5 < torch.stack(lengths).log().mean().exp() < 1.5 * gradient
