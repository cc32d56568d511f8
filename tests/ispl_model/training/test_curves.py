"""Pictures beside a training: the curves of its losses."""

import sys

import pytest

from degrade.core.errors import InputError
from degrade.core.image import read
from ispl_model.training.reports import plot_losses

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
