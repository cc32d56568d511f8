"""The colours of restored files: sRGB, with a profile that says so where the source had one."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageCms

from degrade.core.image import read
from ispl_model.restoration.files.restore_files import RECORD, RestorePlan, restore_files
from ispl_model.restoration.restorer import Restorer, load_restorer
from tests.degrade.core.formats.made_files import power, rgb_profile

ADOBE = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))  # of red, green, blue
COLOURS = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def restorer(network_file: Path) -> Restorer:
    return load_restorer(network_file, "cpu")


def restored(restorer: Restorer, path: Path, out: Path) -> tuple[Pillow.Image, dict]:
    *_, summary = restore_files(restorer, [path], out, RestorePlan(kind="face"))
    assert summary.errors == ()
    return Pillow.open(out / f"{path.stem}.png"), json.loads((out / RECORD).read_text())


def test_a_restored_file_is_srgb_and_says_so_where_its_source_had_a_profile(restorer: Restorer, tmp_path: Path) -> None:
    wide, srgb = tmp_path / "wide.png", tmp_path / "srgb.png"
    Pillow.fromarray(COLOURS).save(wide, icc_profile=rgb_profile(ADOBE, power(2.2)))
    Pillow.fromarray(np.rint(read(wide) * 255).astype(np.uint8)).save(srgb)  # the same colours without a profile
    of_wide, _ = restored(restorer, wide, tmp_path / "a")
    of_srgb, _ = restored(restorer, srgb, tmp_path / "b")
    np.testing.assert_array_equal(of_wide, of_srgb)
    assert "icc_profile" not in of_srgb.info
    profile = ImageCms.ImageCmsProfile(io.BytesIO(of_wide.info["icc_profile"]))
    assert ImageCms.getProfileDescription(profile).startswith("sRGB")


def test_the_line_of_a_restored_file_says_that_there_were_several_pictures(restorer: Restorer, tmp_path: Path) -> None:
    photo = Pillow.fromarray(COLOURS)
    photo.save(tmp_path / "two.png", save_all=True, append_images=[photo.rotate(90)])
    photo.save(tmp_path / "one.png")
    _, line = restored(restorer, tmp_path / "two.png", tmp_path / "a")
    assert line["note"] == "holds 2 pictures, the first is read"
    _, line = restored(restorer, tmp_path / "one.png", tmp_path / "b")
    assert "note" not in line
