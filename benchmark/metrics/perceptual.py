"""LPIPS: distance of deep features with heads fitted to human judgement.

Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018, equation 1.
"""

import warnings

from benchmark.metrics import METRICS, Compute, MetricError, weight_path
from degrade.image import Image

_NETWORKS = {"lpips.alex": "alex", "lpips.squeeze": "squeeze"}
_SMALLEST = 64  # AlexNet's last pooling needs 63 px


def load(metric_id: str) -> Compute:
    """lpips.alex or lpips.squeeze, with pyiqa's network; the weight files must be there."""
    import torch
    from pyiqa.archs.lpips_arch import LPIPS

    heads = torch.load(weight_path(METRICS[metric_id].weights[1]), map_location="cpu", weights_only=True)
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="torchvision")  # pyiqa asks with torchvision's old keyword
        network = LPIPS(net=_NETWORKS[metric_id], pretrained=False)  # its backbone alone is read from disk
    for index, head in enumerate(network.lins):
        head.load_state_dict({"model.1.weight": heads[f"lin{index}.model.1.weight"]})

    def lpips(restored: Image, reference: Image) -> float:
        if min(restored.shape[:2]) < _SMALLEST:
            raise MetricError(f"LPIPS needs images of at least {_SMALLEST} px, got {min(restored.shape[:2])}")
        with torch.inference_mode():
            images = [torch.from_numpy(image.transpose(2, 0, 1)[None].copy()) for image in (restored, reference)]
            return network(*images).item()

    return lpips
