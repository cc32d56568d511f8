"""What a restored face is measured by against its reference: identity, LPIPS and NIQE, as in the benchmark."""

import math
from collections.abc import Callable

import numpy as np

from degrade.core.errors import InputError
from degrade.core.image import Image
from degrade.faces.detection import descriptor, largest_face, typical_box
from ispl_model.losses.lpips import Lpips
from ispl_model.runtime.known_files import torch_home
from ispl_model.runtime.tensors import to_tensor

MEASURES = ("identity", "lpips", "niqe")  # lower is better for each
_LEAST = 192  # px, two of the blocks in which NIQE looks at an image: of fewer it has no statistics
_NIQE = "hub/pyiqa/niqe_modelparameters.mat"  # below $TORCH_HOME


class Measures:
    """Called with faces and their reference, (S, S, 3) each; loads what it needs once.

    identity: L2 of dlib's descriptors in the reference's largest detection, or where a face lies as a rule, 0 and more.
    lpips: v0.1 over SqueezeNet (Zhang et al., CVPR 2018), 0 and more. niqe: pyiqa's (Mittal et al., IEEE SPL 2013), up
    to 0.01 from the benchmark's niqe.y; NaN without texture and below 192 px, as two blocks a side are needed.
    Raises InputError where weights or packages are missing.
    """

    def __init__(self) -> None:
        self.lpips, self.niqe = Lpips(), _niqe()

    def __call__(self, faces: list[Image], reference: Image) -> dict[str, list[float]]:
        """Each of MEASURES of each face."""
        box = largest_face(reference) or typical_box(reference)
        person = descriptor(reference, box)
        return {
            "identity": [float(np.linalg.norm(descriptor(face, box) - person)) for face in faces],
            "lpips": [self.lpips.between(face, reference) for face in faces],
            "niqe": [self.niqe(face) for face in faces],
        }


def _niqe() -> Callable[[Image], float]:
    path = torch_home() / _NIQE
    if not path.is_file():
        remedy = "fetch it with: benchmark weights fetch --metric niqe.y"
        raise InputError(f"NIQE: expected its model at {path}, got nothing there; {remedy}")
    try:
        from pyiqa.archs.niqe_arch import NIQE
    except ImportError as error:
        raise InputError(f"NIQE: the package pyiqa cannot be imported ({error}); pip install pyiqa") from error
    network = NIQE(pretrained_model_path=str(path))
    return lambda face: float(network(to_tensor(face)[None])) if len(face) >= _LEAST else math.nan
