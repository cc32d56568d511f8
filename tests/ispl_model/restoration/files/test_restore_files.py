"""Files: every kind of image, what cannot be restored by name, and results that know what made them."""

import json

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from degrade.core.errors import InputError
from degrade.core.image import read, to_uint8, write
from degrade.core.storage.files import sha256_file
from degrade.portraits.paint import paint
from degrade.splits.roles import portrait_sources
from ispl_model.network.variants import IsplConfig
from ispl_model.restoration.files import prepare
from ispl_model.restoration.files import restore_files as module
from ispl_model.restoration.files.picture import read_picture
from ispl_model.restoration.files.restore_files import RestorePlan, RestoreSummary, restore_files
from ispl_model.restoration.restorer import Restorer, load_restorer

CONFIG = {"variant": "isp_unet_pac", "width": 2, "size": 64, "projection": 4}


def noise(seed: int, height: int = 64, width: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).random((height, width, 3), dtype=np.float32)


@pytest.fixture(scope="module")
def restorer(network_file):
    return load_restorer(network_file, "cpu")


@pytest.fixture(scope="module")
def portrait():
    return paint(portrait_sources("test", 1)[0].portrait, 160)


def run(restorer, paths, out, **plan) -> RestoreSummary:
    *_, summary = restore_files(restorer, paths, out, RestorePlan(**plan))
    return summary


def lines(out) -> list[dict]:
    return [json.loads(line) for line in (out / module.RECORD).read_text().splitlines()]


def test_faces_are_written_by_name_resized_where_needed_and_listed_where_they_fail(network_file, tmp_path):
    faces, out = tmp_path / "faces", tmp_path / "out"
    write(faces / "fits.png", noise(0))
    write(faces / "small.png", noise(1, 16, 16))
    write(faces / "wide.png", noise(2, 48))
    (faces / "broken.png").write_bytes(b"\x89PNG nothing")
    summary = run(load_restorer(network_file, "cpu", batch=3), sorted(faces.iterdir()), out, kind="face")
    assert (summary.faces, summary.resized, summary.restored, summary.seen) == (2, 1, 2, 4)
    assert [name for name, _ in summary.errors] == ["broken.png", "wide.png"]
    assert "expected a square face, got 64 x 48 px; crop it, or use --kind photo" in summary.errors[1][1]
    assert sorted(path.name for path in out.glob("*.png")) == ["fits.png", "small.png"]
    assert all(read(path).shape == (64, 64, 3) for path in out.glob("*.png"))


def test_auto_takes_squares_for_faces_unless_their_face_is_small_and_the_rest_for_photographs(
    restorer, portrait, tmp_path
):
    square = np.full((500, 500, 3), 0.5, np.float32)
    square[40:200, 60:220] = portrait
    images = {"face": portrait, "unseen": noise(0), "group": square, "wide": square[:300], "none": noise(1, 90, 120)}
    images |= {"square": noise(2, 65, 65)}  # one pixel more than the network's 64
    for name, image in images.items():
        write(tmp_path / f"{name}.png", image)
    summary = run(restorer, [tmp_path / f"{name}.png" for name in images], tmp_path / "out")
    assert (summary.faces, summary.photos, summary.found) == (2, 2, 2)
    errors = dict(summary.errors)
    assert f"{tmp_path / 'none.png'}: no face found; use --kind tiles" in errors.pop("none.png")
    sentence = errors.pop("square.png")
    assert f"{tmp_path / 'square.png'}: no face found; use --kind face if it is one, or --kind tiles" in sentence
    assert not errors
    sides = {path.stem: read(path).shape[:2] for path in (tmp_path / "out").glob("*.png")}
    assert sides == {"face": (160, 160), "unseen": (64, 64), "group": (500, 500), "wide": (300, 500)}
    untouched = read(tmp_path / "out" / "wide.png")[250:, 300:]
    np.testing.assert_array_equal(untouched, read(tmp_path / "wide.png")[250:, 300:])


@pytest.mark.parametrize(("kind", "count"), [("photo", "photos"), ("auto", "photos"), ("tiles", "tiled")])
def test_photographs_and_tiled_images_can_grow(restorer, portrait, tmp_path, kind, count):
    write(tmp_path / "face.png", portrait)
    summary = run(restorer, [tmp_path / "face.png"], tmp_path / "out", kind=kind, upscale=2)
    assert getattr(summary, count) == 1 and read(tmp_path / "out" / "face.png").shape == (320, 320, 3)


def test_a_face_cannot_grow_and_an_image_not_beyond_what_can_be_read_again(restorer, monkeypatch, tmp_path):
    with pytest.raises(InputError, match="network's size and no further; --upscale is for --kind photo or tiles"):
        RestorePlan("face", upscale=2)
    write(tmp_path / "a.png", noise(0, 40, 50))
    monkeypatch.setattr(Pillow, "MAX_IMAGE_PIXELS", 7999)
    summary = run(restorer, [tmp_path / "a.png"], tmp_path / "out", kind="tiles", upscale=2)
    assert "would become 100 x 80 px, more than 0 million pixels; use a smaller --upscale" in summary.errors[0][1]


def test_the_record_says_what_made_each_result(restorer, network_file, tmp_path):
    write(tmp_path / "a.png", noise(0, 40, 50))
    run(restorer, [tmp_path / "a.png"], tmp_path / "out", kind="tiles")
    (line,) = lines(tmp_path / "out")
    assert line["file_name"] == line["source"] == "a.png"
    assert line["source_sha256"] == sha256_file(tmp_path / "a.png")
    assert line["sha256"] == sha256_file(tmp_path / "out" / "a.png")
    assert line["made_by"]["checkpoint"] == sha256_file(network_file) and line["made_by"]["kind"] == "tiles"


@pytest.mark.parametrize("side", [10, 64, 65, 160, 1000])
@pytest.mark.parametrize("kind", ["face", "tiles"])
def test_nothing_comes_out_smaller_than_it_went_in(restorer, tmp_path, side, kind):
    write(tmp_path / "in.png", noise(0, side, side))
    assert run(restorer, [tmp_path / "in.png"], tmp_path / "out", kind=kind).restored == 1
    expected = max(side, 64) if kind == "face" else side
    assert read(tmp_path / "out" / "in.png").shape == (expected, expected, 3)


def test_a_larger_face_is_what_the_restorer_makes_of_it_in_python(restorer, portrait, tmp_path):
    write(tmp_path / "in.png", portrait)
    run(restorer, [tmp_path / "in.png"], tmp_path / "out")
    expected = to_uint8(restorer(read(tmp_path / "in.png")))
    np.testing.assert_array_equal(to_uint8(read(tmp_path / "out" / "in.png")), expected)


def test_images_keep_their_folders_and_no_two_share_a_result(restorer, tmp_path):
    names = ("a/img.png", "b/img.png", "c.jpg", "c.png", "d.jpg", "d.webp", "e.tif")
    paths = [tmp_path / "in" / name for name in names]
    for seed, path in enumerate(paths):
        write(path, noise(seed))  # a PNG by any name
    assert run(restorer, paths, tmp_path / "same", kind="face").faces == len(names)
    found = [path for path in (tmp_path / "same").rglob("*.*") if path.suffix != ".jsonl"]
    assert {path.relative_to(tmp_path / "same").as_posix() for path in found} == set(names)
    made = {"a/img.png", "b/img.png", "c.jpg.png", "c.png", "d.jpg.png", "d.webp.png", "e.png"}
    assert run(restorer, paths, tmp_path / "out", kind="face", suffix=".png").faces == len(names)
    assert {line["file_name"] for line in lines(tmp_path / "out")} == made
    assert {line["source"] for line in lines(tmp_path / "out")} == set(names)
    found = [path for path in (tmp_path / "out").rglob("*.png")]
    assert {path.relative_to(tmp_path / "out").as_posix() for path in found} == made
    assert len({path.read_bytes() for path in found}) == len(names)
    assert run(restorer, paths, tmp_path / "out", kind="face", suffix=".png", resume=True).kept == len(names)


def test_the_record_names_the_bytes_that_were_decoded(restorer, tmp_path, monkeypatch):
    path = tmp_path / "in.png"
    write(path, noise(0))
    digest = sha256_file(path)

    def replaced(*arguments):
        write(path, noise(1))  # another program saves the image again while it is restored
        return read_picture(*arguments)

    monkeypatch.setattr(prepare, "read_picture", replaced)
    run(restorer, [path], tmp_path / "out", kind="face")
    assert lines(tmp_path / "out")[0]["source_sha256"] == digest != sha256_file(path)


class Fickle(torch.nn.Module):
    """Gives the image back, but NaN for a black one, and for a white one in bfloat16."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))
        self.config = IsplConfig(**CONFIG)

    def forward(self, images):
        for image in images:
            if image.max() == 0 or (image.min() == 1 and torch.is_autocast_enabled("cpu")):
                return torch.full_like(images, float("inf" if image.max() else "nan"))
        return images.clone()


@pytest.mark.parametrize(("kind", "batch"), [("face", 1), ("face", 4), ("tiles", 2)])
def test_what_is_not_finite_is_tried_in_fp32_then_listed_and_the_rest_goes_on(tmp_path, kind, batch, capsys):
    images = {"a": noise(0), "black": noise(0) * 0, "white": noise(0) * 0 + 1, "z": noise(1)}
    for name, image in images.items():
        write(tmp_path / f"{name}.png", image)
    restorer = Restorer(Fickle(), {}, batch, "bf16", source="m.safetensors")
    summary = run(restorer, [tmp_path / f"{name}.png" for name in images], tmp_path / "out", kind=kind)
    assert summary.restored == 3
    for name in ("a", "white", "z"):
        np.testing.assert_array_equal(read(tmp_path / "out" / f"{name}.png"), read(tmp_path / f"{name}.png"))
    ((name, sentence),) = summary.errors
    assert name == "black.png" and not (tmp_path / "out" / name).exists()
    assert sentence.startswith(f"{tmp_path / name}: m.safetensors: the network gave NaN or infinite values in fp32")
    assert capsys.readouterr().err.count("NaN or infinite values in bf16 and was computed again in fp32") == 1


def test_transparent_images_stay_so_or_are_laid_on_what_is_asked_for(restorer, tmp_path):
    alpha = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    pixels = np.dstack([to_uint8(noise(0)), alpha])
    Pillow.fromarray(pixels).save(tmp_path / "a.png")
    assert run(restorer, [tmp_path / "a.png"], tmp_path / "kept", kind="face").faces == 1
    kept = np.asarray(Pillow.open(tmp_path / "kept" / "a.png"))
    np.testing.assert_array_equal(kept[:, :, 3], alpha)
    opaque = tmp_path / "opaque"
    assert run(restorer, [tmp_path / "a.png"], opaque, kind="face", background="white").faces == 1
    assert Pillow.open(opaque / "a.png").mode == "RGB"
    summary = run(restorer, [tmp_path / "a.png"], tmp_path / "jpg", kind="face", suffix=".jpg")
    assert "is transparent, which JPEG cannot be; add --background white, or --format png" in summary.errors[0][1]
