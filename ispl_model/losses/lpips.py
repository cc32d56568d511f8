"""LPIPS over SqueezeNet, as a measure: a distance of deep features, fitted to human judgement."""

import torch

from degrade.core.errors import InputError
from degrade.core.image import Image
from ispl_model.losses.perceptual import Perceptual
from ispl_model.losses.pixel import added
from ispl_model.runtime.known_files import check_published, digits_in, torch_home
from ispl_model.runtime.tensors import to_tensor

_HEADS = "hub/pyiqa/LPIPS_v0.1_squeeze-4a5350f2.pth"  # below $TORCH_HOME, where the benchmark looks for it too
_TAPS = (1, 4, 7, 9, 10, 11, 12)  # of SqueezeNet 1.1's layers
_FLOOR = 1e-10


class Lpips(Perceptual):
    """sum_i mean_xy sum_c h_ic (n(phi_i(a)) - n(phi_i(b)))^2, n: to length 1 at each place. The metric lpips.squeeze.

    Source: Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018, eq. 1.
    Raises InputError where the weights of the heads h are missing, and those of SqueezeNet cannot be downloaded.
    """

    def __init__(self) -> None:
        super().__init__("squeezenet")
        self.taps = dict.fromkeys(_TAPS, 1.0)
        path = torch_home() / _HEADS
        if not path.is_file():
            remedy = "fetch them with: benchmark weights fetch --metric lpips.squeeze"
            raise InputError(f"LPIPS: expected its weights at {path}, got nothing there; {remedy}")
        check_published(path, digits_in(path.name), {})
        heads = torch.load(path, map_location="cpu", weights_only=True)
        self.heads = [heads[f"lin{index}.model.1.weight"] for index in range(len(_TAPS))]

    def between(self, a: Image, b: Image) -> float:
        """Of two images (H, W, 3) of one size, from 64 px on; 0 where they are alike."""
        with torch.inference_mode():
            maps = zip(*(self.features(to_tensor(image)[None]) for image in (a, b)), self.heads, strict=True)
            parts = (((_normed(one) - _normed(other)).square() * head).sum(1).mean() for one, other, head in maps)
            return float(added(parts))


def _normed(features: torch.Tensor) -> torch.Tensor:
    return features / (features.square().sum(1, keepdim=True).sqrt() + _FLOOR)
