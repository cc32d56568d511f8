"""What writing a split costs: every image is decoded and encoded once, and only its end waits for the disk."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from degrade.core import image
from degrade.core.formats import png
from degrade.core.image import to_uint8
from degrade.core.storage.files import sha256
from degrade.portraits.paint import paint
from degrade.recipes.library import find_recipe
from degrade.splits.make_split import SplitPlan, make_split, write_split
from degrade.splits.replay import verify
from degrade.splits.roles import portrait_sources
from degrade.splits.split import load_split


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    folder = tmp_path / "faces"
    folder.mkdir()
    for number in range(5):
        pixels = np.random.default_rng(number).integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Pillow.fromarray(pixels).save(folder / f"{number}.jpg")
    return folder


def _counted(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> list[None]:
    calls: list[None] = []
    called = getattr(owner, name)

    def count(*arguments: object, **named: object) -> object:
        calls.append(None)
        return called(*arguments, **named)

    monkeypatch.setattr(owner, name, count)
    return calls


def test_every_source_is_decoded_once_and_every_image_encoded_once(
    tmp_path: Path, faces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded, encoded = _counted(monkeypatch, image, "_decoded"), _counted(monkeypatch, png, "encode")
    assert make_split(tmp_path / "split", faces, "deblur", size=32).made == 5
    assert (len(decoded), len(encoded)) == (5, 10)


def test_the_disk_is_waited_for_as_often_for_five_faces_as_for_one(
    tmp_path: Path, faces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = []
    for limit in (1, 5):
        calls = _counted(monkeypatch, os, "fsync")
        make_split(tmp_path / str(limit), faces, "deblur", size=32, limit=limit)
        waits.append(len(calls))
        monkeypatch.undo()
    assert waits[0] == waits[1] > 0


def test_the_fast_writer_gives_the_same_pixels_and_the_split_goes_on_with_either(tmp_path: Path, faces: Path) -> None:
    pytest.importorskip("fpng")
    small = load_split(make_split(tmp_path / "small", faces, "deblur", size=32).path)
    make_split(tmp_path / "fast", faces, "deblur", size=32, png_writer="fast")
    (tmp_path / "fast" / "lq" / "1.png").write_bytes(b"")  # as a power cut may leave it
    assert [finding.file for finding in verify(tmp_path / "fast")] == ["lq/1.png"]
    summary = make_split(tmp_path / "fast", faces, "deblur", size=32)
    assert (summary.made, summary.reused) == (1, 4) and verify(tmp_path / "fast") == ()
    fast = load_split(tmp_path / "fast")
    for key, same in (("hq_pixels_sha256", 5), ("lq_pixels_sha256", 5), ("lq_sha256", 1)):
        assert sum(one[key] == two[key] for one, two in zip(small.records, fast.records, strict=True)) == same


def test_a_portrait_has_the_source_hash_that_older_splits_recorded(tmp_path: Path) -> None:
    plan = SplitPlan(find_recipe("jpeg"), "train", 64)
    split = load_split(write_split(tmp_path / "split", portrait_sources("train", 1), plan, progress=False).path)
    file = io.BytesIO()
    Pillow.fromarray(to_uint8(paint(0, 64))).save(file, format="PNG", compress_level=4)  # the writer of those days
    assert split.records[0]["source"] == "portrait:0" and split.records[0]["source_sha256"] == sha256(file.getvalue())
