"""Pictures beside a training: the curves of its losses."""

import json
import sys

import numpy as np
import pytest

from degrade.core.errors import InputError
from degrade.core.image import read
from ispl_model.training.reports import SMOOTHED, _title, plot_losses, smoothed
from tests.crafted import WHOLE, faults

TABLE = "step,learning_rate,l1,lsgan\n" + "".join(f"{n},1e-4,{1 / n},{n if n > 1000 else ''}\n" for n in range(1, 2001))


def test_the_curves_of_a_table_with_empty_cells_are_a_picture(tmp_path):
    pytest.importorskip("matplotlib")
    (tmp_path / "losses.csv").write_text(TABLE)
    picture = read(plot_losses(tmp_path / "losses.csv"), "white")
    assert min(picture.shape[:2]) > 300 and picture.std() > 0.05
    assert sorted(path.name for path in tmp_path.iterdir()) == ["losses.csv", "losses.png"]


def test_without_matplotlib_there_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(InputError, match="matplotlib is not installed"):
        plot_losses(tmp_path / "losses.csv")


@pytest.mark.parametrize(
    "content", ["", "step,learning_rate,l1\n", "step,learning_rate,l1\n1,1e-4,abc\n", "a,b\n1,2\n"]
)
def test_what_is_no_table_of_losses_is_one_sentence(tmp_path, content):
    pytest.importorskip("matplotlib")
    (tmp_path / "losses.csv").write_text(content)
    with pytest.raises(InputError, match="expected the table of losses"):
        plot_losses(tmp_path / "losses.csv")


def test_a_smoothed_curve_keeps_a_line_and_lessens_noise_as_a_gaussian_mean_does():
    """Of white noise of deviation 1, a Gaussian of width w leaves 1 / sqrt(2 w sqrt(pi)); ends apart."""
    line, inner = np.linspace(3, 7, 500), slice(50, -50)
    np.testing.assert_allclose(smoothed(line)[inner], line[inner], atol=1e-9)
    rng, width = np.random.default_rng(0), SMOOTHED * 500
    left = np.concatenate([smoothed(rng.standard_normal(500))[inner] for _ in range(40)]).std()
    assert left == pytest.approx((2 * width * np.sqrt(np.pi)) ** -0.5, rel=0.1)
    assert smoothed(np.array([2.0])).tolist() == [2.0]


def test_the_title_says_method_task_split_and_images_and_else_the_folder(tmp_path):
    training = {"steps": 2500, "batch": 2, "split": "d6e440ebff", "size": 256, "seed": 0}
    header = {"method": "edsr", "recipe": "sr4@1", "training": training}
    (tmp_path / "train.json").write_text(json.dumps({"header": header}))
    assert _title(tmp_path / "losses.csv") == (
        "edsr trained on sr4@1\ntraining split d6e440eb of 256 px, seed 0, N = 5000 images seen"
    )
    titles = []
    for _, content in faults({"header": header}):
        (tmp_path / "train.json").write_bytes(content)
        titles.append(_title(tmp_path / "losses.csv"))
    assert titles.count(tmp_path.name) > len(WHOLE)
