"""LPIPS and DISTS: distances of deep features, fitted to human judgement.

Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018, equation 1;
Ding et al., "Image Quality Assessment: Unifying Structure and Texture Similarity", TPAMI 2020, equation 8.
"""

import warnings
from typing import TYPE_CHECKING

from benchmark.assets.weights import weight_path
from benchmark.metrics.base import Compute, MetricError
from benchmark.metrics.table import METRICS
from degrade.core.image import Image

if TYPE_CHECKING:
    import torch

_NETWORKS = {"lpips.alex": "alex", "lpips.vgg": "vgg", "lpips.squeeze": "squeeze"}
_SMALLEST = 64  # AlexNet's last pooling needs 63 px


def load(metric_id: str) -> Compute:
    """lpips.alex, lpips.vgg, lpips.squeeze or dists, with pyiqa's network; the weight files must be there."""
    import torch

    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="torchvision")  # pyiqa asks with torchvision's old keyword
        network = (_dists if metric_id == "dists" else _lpips)(metric_id)
    header = METRICS[metric_id].header

    def distance(restored: Image, reference: Image) -> float:
        if min(restored.shape[:2]) < _SMALLEST:
            raise MetricError(f"{header} needs images of at least {_SMALLEST} px, got {min(restored.shape[:2])}")
        with torch.inference_mode():
            images = [torch.from_numpy(image.transpose(2, 0, 1)[None].copy()) for image in (restored, reference)]
            return network(*images).item()

    return distance


def _lpips(metric_id: str) -> "torch.nn.Module":
    import torch
    from pyiqa.archs.lpips_arch import LPIPS

    heads = torch.load(weight_path(METRICS[metric_id].weights[1]), map_location="cpu", weights_only=True)
    network = LPIPS(net=_NETWORKS[metric_id], pretrained=False)  # its backbone alone is read from disk
    for index, head in enumerate(network.lins):
        head.load_state_dict({"model.1.weight": heads[f"lin{index}.model.1.weight"]})
    return network


def _dists(metric_id: str) -> "torch.nn.Module":
    import torch
    from pyiqa.archs.dists_arch import DISTS

    weights = torch.load(weight_path(METRICS[metric_id].weights[1]), map_location="cpu", weights_only=True)
    network = DISTS(pretrained=False)
    for name in ("alpha", "beta"):
        getattr(network, name).data.copy_(weights[name])
    return network.eval()
