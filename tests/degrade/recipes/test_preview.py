"""Contact sheets of recipes: what they show is what a split would hold."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from degrade.cli.main import degrade
from degrade.core.image import read, write
from degrade.portraits.paint import paint
from degrade.recipes.degrade_image import degrade_image
from degrade.recipes.library import RECIPES
from degrade.recipes.preview import _line, preset_table, preview


def call(*words: object) -> Result:
    return CliRunner().invoke(degrade, ["preview", *map(str, words)])


def test_the_cells_are_the_images_that_a_split_would_hold() -> None:
    face = paint(5, 64)
    sheet = preview(face, "face", [RECIPES["denoise"]], range(2))
    degraded, _ = degrade_image(face, RECIPES["denoise"], 1, "face")
    large = np.repeat(np.repeat(degraded, 4, axis=0), 4, axis=1)  # cells are 256 px
    np.testing.assert_allclose(sheet[-262:-6, 530:786], large, atol=1e-6)
    shown = np.repeat(np.repeat(face, 4, axis=0), 4, axis=1)
    np.testing.assert_allclose(sheet[-262:-6, 6:262], shown, atol=0.5 / 255 + 1e-6)


def test_one_recipe_fills_rows_of_four_and_several_have_a_row_each() -> None:
    face = paint(5, 64)
    wide, tall = (
        preview(face, "face", [RECIPES["jpeg"]], range(7)),
        preview(face, "face", [RECIPES["jpeg"]] * 2, range(2)),
    )
    assert wide.shape[1] == 4 * 262 + 6 and tall.shape[1] == 3 * 262 + 6
    assert wide.shape[0] == tall.shape[0]


def test_a_label_tells_what_was_drawn_in_words() -> None:
    record = {"op": "GaussianNoise", "drawn": '{"sigma": 23.4567, "seed": 99}', "realised": "{}"}
    assert _line(record) == "Gaussian noise (standard deviation 23.5 in 8-bit steps)"
    resized = '{"library": "cv2", "filter": "cubic", "factor": 4.0, "height": 0, "width": 0}'
    record = {"op": "Resize", "drawn": resized, "realised": '{"height": 16, "width": 17}'}
    assert _line(record) == "reduced 4 times to 17 x 16 px (cubic)"


def test_a_factorial_grid_shows_another_cell_for_each_seed() -> None:
    face = paint(5, 64)
    sheet = preview(face, "face", [RECIPES["difface_test"]], range(3))
    cells = [sheet[-262:-6, left : left + 256] for left in (268, 530, 792)]
    assert all(np.abs(one - other).max() > 0.02 for one, other in zip(cells, cells[1:], strict=False))


def test_the_command_writes_a_png_of_the_middle_square(tmp_path: Path) -> None:
    write(tmp_path / "face.png", np.concatenate([paint(5, 64)] * 2, axis=1))
    out = tmp_path / "sheet.png"
    result = call(tmp_path / "face.png", "--recipe", "sr4", "--seeds", "0:3", "--size", 64, "--out", out)
    assert result.exit_code == 0, result.output
    assert "3 images" in result.output
    assert read(out).shape[1] == 4 * 262 + 6


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--recipe", "sr5"), "did you mean 'sr4'"),
        (("--recipe", "missing.toml"), "cannot be read"),
        (("--recipe", "sr4", "--seeds", "3:3"), "FIRST below END"),
        (("--recipe", "sr4", "--seeds", "0:2000"), "at most 1000 images"),
        (("--recipe", "sr4", "--seeds", f"0:{2**63}"), "at most 1000 images"),
        (("--recipe", "sr4", "--seeds", f"0:{2**63 + 1}"), f"END at most {2**63}"),
        (("--recipe", "sr4", "--seeds", f"0:{'9' * 5000}"), f"END at most {2**63}"),
        (("--recipe", "sr4", "--size", "512"), "at least 512 px"),
    ],
)
def test_what_cannot_be_shown_is_told_in_one_line_and_nothing_is_written(
    words: tuple, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "face.png", paint(5, 64))
    result = call("face.png", "--size", 64, *words, "--out", "out.png")
    assert isinstance(result.exception, SystemExit) and told in " ".join(result.output.split())
    assert not (tmp_path / "out.png").exists()


def test_the_table_keeps_to_its_width() -> None:
    lines = preset_table(RECIPES.values(), 100).splitlines()
    assert max(map(len, lines)) <= 100
    assert sum(not line.startswith(" ") for line in lines) == len(RECIPES)
