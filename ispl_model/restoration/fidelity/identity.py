"""How far a restored face has moved from the one that was given: as a person, and as a picture."""

import math
from collections.abc import Iterable
from heapq import nlargest

import numpy as np

from degrade.core.image import Image
from degrade.core.resize import resize_bicubic
from degrade.faces.detection import descriptor, typical_box

FARTHEST = 3  # faces that a summary names
SMALL = 64  # px, the side at which the restored face must still be the picture that was given
_ROUNDING = 1 / (12 * 255**2)  # variance of an error of rounding to 8 bits; without it equal images had no finite value


def identity_distance(a: Image, b: Image) -> float:
    """L2 between dlib's descriptors (128 numbers) of one face in two pictures of it, 0 for the same picture.

    a, b: (H, W, 3), cropped as FFHQ's faces are. Both are described where a detector finds such a face as a rule
    (detection.typical_box), so a face that is too degraded to be found has a distance too. Two pictures of one person
    are under 0.6 apart. Between input and output it says how far a face has moved, not whether for better or worse.
    Raises InputError where dlib is missing.
    """
    return float(np.linalg.norm(descriptor(a, typical_box(a)) - descriptor(b, typical_box(b))))


def consistency(a: Image, b: Image) -> float:
    """PSNR in dB of two pictures (H, W, 3) of one shape, both reduced to SMALL px by resize_bicubic; at most 58.9.

    -10 log10(mean square error + that of rounding to 8 bits).
    """
    small, other = (resize_bicubic(image, SMALL, SMALL).astype(np.float64) for image in (a, b))
    return -10 * math.log10(np.mean(np.square(small - other)) + _ROUNDING)


def farthest(moved: Iterable[tuple[str, float]]) -> str:
    """A clause that names the FARTHEST faces of (what it is called, identity distance); empty for none.

    >>> farthest([("a.jpg, face 1", 0.2), ("a.jpg, face 2", 0.615), ("b.jpg, face 1", 0.3), ("c.jpg, face 1", 0.1)])
    'moved farthest: a.jpg, face 2 (0.61); b.jpg, face 1 (0.30); a.jpg, face 1 (0.20)'
    """
    first = nlargest(FARTHEST, moved, key=lambda face: face[1])
    named = "; ".join(f"{name} ({distance:.2f})" for name, distance in first)
    return f"moved farthest: {named}" if named else ""
