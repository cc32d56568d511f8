"""Files: every kind of image, what cannot be restored by name, and results that know what made them."""

import json

import numpy as np
import pytest
from PIL import Image as Pillow

from degrade.core.errors import InputError
from degrade.core.files import sha256_file
from degrade.core.image import read, write
from degrade.portraits.paint import paint
from degrade.splits.roles import portrait_sources
from ispl_model.restoration import restore_files as module
from ispl_model.restoration.restore_files import RestorePlan, RestoreSummary, restore_files
from ispl_model.restoration.restorer import load_restorer


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
    for name, image in images.items():
        write(tmp_path / f"{name}.png", image)
    summary = run(restorer, [tmp_path / f"{name}.png" for name in images], tmp_path / "out")
    assert (summary.faces, summary.photos, summary.found) == (2, 2, 2)
    ((name, sentence),) = summary.errors
    assert name == "none.png" and f"{tmp_path / 'none.png'}: no face found; use --kind tiles" in sentence
    sides = {path.stem: read(path).shape[:2] for path in (tmp_path / "out").glob("*.png")}
    assert sides == {"face": (64, 64), "unseen": (64, 64), "group": (500, 500), "wide": (300, 500)}
    untouched = read(tmp_path / "out" / "wide.png")[250:, 300:]
    np.testing.assert_array_equal(untouched, read(tmp_path / "wide.png")[250:, 300:])


@pytest.mark.parametrize(("kind", "count"), [("photo", "photos"), ("auto", "photos"), ("tiles", "tiled")])
def test_photographs_and_tiled_images_can_grow(restorer, portrait, tmp_path, kind, count):
    write(tmp_path / "face.png", portrait)
    summary = run(restorer, [tmp_path / "face.png"], tmp_path / "out", kind=kind, upscale=2)
    assert getattr(summary, count) == 1 and read(tmp_path / "out" / "face.png").shape == (320, 320, 3)


def test_a_face_cannot_grow_and_an_image_not_beyond_what_can_be_read_again(restorer, monkeypatch, tmp_path):
    with pytest.raises(InputError, match="network's size; use --upscale with --kind photo or tiles"):
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


def test_resuming_keeps_what_is_whole_and_of_the_same_image_checkpoint_and_options(restorer, save_network, tmp_path):
    paths, out = [tmp_path / f"{name}.png" for name in "abcd"], tmp_path / "out"
    for seed, path in enumerate(paths):
        write(path, noise(seed))
    assert run(restorer, paths, out, kind="face").restored == 4
    assert run(restorer, paths, out, kind="face", resume=True).kept == 4
    (out / "a.png").unlink()
    (out / "b.png").write_bytes((out / "b.png").read_bytes()[:100])
    write(paths[2], noise(9))
    summary = run(restorer, paths, out, kind="face", resume=True)
    assert (summary.restored, summary.kept) == (3, 1)
    assert [line["file_name"] for line in lines(out)[4:]] == ["a.png", "b.png", "c.png"]
    other = load_restorer(save_network(width=1), "cpu")
    assert run(other, paths, out, kind="face", resume=True).restored == 4
    assert run(load_restorer(save_network(), "cpu", dtype="fp32"), paths[:1], out, kind="face", resume=True).kept == 0
    assert run(restorer, paths[:1], out, kind="tiles", resume=True).restored == 1


def test_a_stopped_run_goes_on_where_it_was(restorer, tmp_path):
    paths, out = [tmp_path / f"{name}.png" for name in "abc"], tmp_path / "out"
    for seed, path in enumerate(paths):
        write(path, noise(seed))
    run(restorer, paths, tmp_path / "whole", kind="face")
    stopped = restore_files(restorer, paths, out, RestorePlan("face"))
    assert next(stopped).restored == 1
    stopped.close()
    assert run(restorer, paths, out, kind="face", resume=True).kept == 1
    for path in paths:
        assert (out / path.name).read_bytes() == (tmp_path / "whole" / path.name).read_bytes()


def test_no_file_is_replaced_that_was_not_made_here_and_two_never_share_a_result(restorer, tmp_path):
    face, other = tmp_path / "face.png", tmp_path / "other" / "face.png"
    write(face, noise(0))
    write(other, noise(1))
    for paths, out, sentence in (
        ([face], tmp_path, "would replace its input"),
        ([face], tmp_path / "other", "is there and was not made by ispl restore"),
        ([face, other], tmp_path / "out", "has the same name as"),
    ):
        with pytest.raises(InputError, match=sentence):
            run(restorer, paths, out)
    np.testing.assert_allclose(read(face), noise(0), atol=0.5 / 255 + 1e-6)
    np.testing.assert_allclose(read(other), noise(1), atol=0.5 / 255 + 1e-6)
    assert run(restorer, [face], tmp_path / "out").restored == run(restorer, [face], tmp_path / "out").restored == 1


def test_transparent_images_are_laid_on_what_is_asked_for(restorer, tmp_path):
    Pillow.new("RGBA", (64, 64), (0, 0, 0, 0)).save(tmp_path / "a.png")
    summary = run(restorer, [tmp_path / "a.png"], tmp_path / "out", kind="face")
    assert "--background" in summary.errors[0][1]
    assert run(restorer, [tmp_path / "a.png"], tmp_path / "out", kind="face", background="white").faces == 1
