"""A package that an installation lacks is one sentence with its remedy, and what can do without it is there."""

import sys
from pathlib import Path

import pytest

from degrade.core.packages import MissingPackage, needed_for
from tests.benchmark.cli.calling import call

pytestmark = pytest.mark.usefixtures("elsewhere")

MATPLOTLIB = "the package matplotlib, which is not here; pip install matplotlib"
ASKED = ("--method", "bicubic", "--method", "bicubic_x4", "--metrics", "psnr.rgb,gmsd", "--out", "out")


@pytest.fixture
def without(monkeypatch):
    """Takes a package away."""

    def take(package):
        for name in [name for name in sys.modules if name.split(".")[0] == package]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, package, None)

    return take


def test_an_evaluation_without_matplotlib_has_all_but_the_plane(made, without):
    without("matplotlib")
    result = call("evaluate", made, *ASKED)
    assert result.exit_code == 1
    assert (
        "left out: plane.png: needs the package matplotlib, which is not here; pip install matplotlib" in result.output
    )
    assert {path.name for path in Path("out/figures").iterdir()} == {"sheet-blurred.png"}
    assert "| Bicubic" in Path("out/table.md").read_text()
    again = call("figures", "--results", "out", "--out", "drawn")
    assert "left out: plane.png: needs" in again.output and Path("drawn/sheet-blurred.png").exists()


def test_a_page_without_jinja2_is_refused_before_anything_is_written(made, without):
    call("evaluate", made, *ASKED)
    without("jinja2")
    for command in ("report", "vote"):
        refused = call(command, "out")
        assert refused.exit_code == 2 and "needs the package jinja2, which is not here; pip install" in refused.output
        assert not Path("out", command).exists()


def test_a_broken_package_is_an_error_message_too():
    broken = "plot: a package that it needs is broken .libfoo.so: no such file"
    with pytest.raises(MissingPackage, match=broken), needed_for("plot"):
        raise ImportError("libfoo.so: no such file")
