"""How much of a restoration is laid on."""

import numpy as np
import pytest

from degrade.core.storage.files import sha256_file
from ispl_model.restoration.fidelity import strength
from ispl_model.restoration.fidelity.strength import CALIBRATED, UNKNOWN, blended, default_strength, guarded
from ispl_model.restoration.restorer import shipped_checkpoint

GIVEN = np.zeros((4, 4, 3), np.float32)
MADE = np.full((4, 4, 3), 0.8, np.float32)


def test_the_shipped_model_is_calibrated_and_a_strangers_is_not():
    """Weights that are shipped anew must be calibrated anew: ispl calibrate, docs/strength.md."""
    assert sha256_file(shipped_checkpoint()) in CALIBRATED
    assert default_strength(sha256_file(shipped_checkpoint())) == CALIBRATED[sha256_file(shipped_checkpoint())]
    assert default_strength("0" * 64) == UNKNOWN == 1


def test_the_ends_are_exact_and_half_is_half():
    assert blended(GIVEN, MADE, 0) is GIVEN and blended(GIVEN, MADE, 1) is MADE
    half = blended(GIVEN, MADE, 0.5)
    assert half.dtype == np.float32
    np.testing.assert_allclose(half, 0.4)


@pytest.mark.parametrize(
    "asked, most, used", [(1, 0.5, 0.6), (1, 0.81, 1), (0.3, 0.5, 0.3), (1, 0, 0), (0.62, 0.48001, 0.6)]
)
def test_the_guard_takes_the_largest_strength_that_holds(monkeypatch, asked, most, used):
    """With a distance of 0.8 times the strength."""
    monkeypatch.setattr(strength, "identity_distance", lambda face, given: float((face - given).mean()))
    assert guarded(GIVEN, MADE, asked, most) == pytest.approx(used)
