"""What `ispl calibrate` measures is what the benchmark measures."""

import pytest

from benchmark.metrics import python_function
from benchmark.metrics.base import Unavailable
from benchmark.metrics.registry import load
from degrade import degrade_image
from degrade.core.errors import InputError
from degrade.portraits.paint import paint


def test_identity_lpips_and_niqe_are_the_benchmarks():
    from ispl_model.inspection.measures import Measures

    try:
        measures = Measures()
        metrics = {name: load(name) for name in ("fed.dlib", "lpips.squeeze", "niqe.y")}
    except (InputError, Unavailable) as error:
        pytest.skip(str(error))
    reference = paint(0, 256)
    degraded, _ = degrade_image(reference, "dual_blind", name="face")
    for face, place in ((degraded, 0), (reference, 1)):
        ours = measures([degraded, reference], reference)
        assert ours["identity"][place] == pytest.approx(metrics["fed.dlib"](face, reference), abs=1e-9)
        assert ours["lpips"][place] == pytest.approx(metrics["lpips.squeeze"](face, reference), abs=1e-5)
        assert ours["niqe"][place] == pytest.approx(metrics["niqe.y"](face, None), rel=0.01)
    small = paint(0, 191)
    assert measures([small], small)["niqe"] == [pytest.approx(float("nan"), nan_ok=True)]


def test_a_function_that_leaves_the_program_fails_as_any_other(tmp_path, monkeypatch):
    (tmp_path / "leaving.py").write_text("def measure(restored, reference):\n    raise SystemExit(3)\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"fails \(SystemExit: 3\)"):
        python_function.load("python:leaving:measure")(paint(0, 16), None)
