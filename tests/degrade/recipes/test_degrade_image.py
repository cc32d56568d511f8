"""One image degraded by a recipe, whatever its shape."""

import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from degrade import InputError, degrade_image, list_recipes, load_split, make_split, read_image, write_image
from degrade.operators.digital.resize import Resize


def test_no_recipe_squeezes_an_image_that_is_not_square():
    array = np.tile(np.arange(128, dtype=np.uint8)[None, :, None], (64, 1, 3))
    for name in list_recipes():
        try:
            degraded, _ = degrade_image(array, name, name="wide")
        except InputError as error:
            assert "square" in str(error) or "px" in str(error), name
        else:
            assert degraded.shape[1] == 2 * degraded.shape[0], name


def test_an_image_that_is_not_square_is_refused_before_the_first_operator_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worked: list[Resize] = []
    monkeypatch.setattr(Resize, "__call__", lambda resize, image: worked.append(resize) or image)
    with pytest.raises(InputError, match="expected a square image, got 96 x 64 px; cut a square out of it"):
        degrade_image(np.zeros((64, 96, 3), np.uint8), "codeformer_ii")
    assert worked == []


@pytest.mark.parametrize("name", [unicodedata.normalize("NFD", "Zo\u00eb"), os.fsdecode(b"Zo\xeb")])
def test_a_files_own_name_gives_the_pixels_of_its_split(tmp_path: Path, name: str) -> None:
    write_image(tmp_path / "faces" / f"{name}.png", np.full((64, 64, 3), 99, np.uint8))
    made = make_split(tmp_path / "out", tmp_path / "faces", "gfpgan", size=64)
    assert made.errors == ()
    (file,) = (tmp_path / "faces").iterdir()
    split = load_split(tmp_path / "out")
    degraded, _ = degrade_image(read_image(file), "gfpgan", name=file.stem)
    np.testing.assert_array_equal(degraded, split.degraded(split.names[0]))
