"""How much of a restoration is laid on: the default of a model, and less of it for a face that would move too far."""

import numpy as np

from degrade.core.image import Image
from ispl_model.restoration.fidelity.identity import identity_distance

# By the SHA-256 of the checkpoint: what `ispl calibrate` gave; docs/strength.md says how it was chosen.
CALIBRATED = {"99cf20de1a46c32d57192ab6a401b5a6b75c70f2e7680bf95be168b48002b7f8": 1.0}
UNKNOWN = 1.0  # of a model that nobody has calibrated
STEPS = 20  # the guard tries twentieths


def default_strength(checkpoint: str) -> float:
    """The strength, 0 to 1, at which a model is used unless the user says otherwise; checkpoint: its SHA-256 in hex."""
    return CALIBRATED.get(checkpoint, UNKNOWN)


def blended(degraded: Image, restored: Image, strength: float) -> Image:
    """`strength` of the way from the degraded image to the restored one, both (H, W, 3); at 0 and 1 exactly these."""
    if strength in (0, 1):
        return restored if strength else degraded
    return degraded + np.float32(strength) * (restored - degraded)


def guarded(degraded: Image, restored: Image, strength: float, most: float) -> float:
    """The largest of `strength` and the twentieths below it at which a face has moved by at most `most`.

    Both faces, and `most`, as identity_distance has them. At strength 0 the face is the one that was given, so there
    always is one.
    """
    lower = (step / STEPS for step in reversed(range(STEPS)) if step / STEPS < strength)
    for tried in (strength, *lower):
        if tried == 0 or identity_distance(blended(degraded, restored, tried), degraded) <= most:
            return tried
    return 0.0
