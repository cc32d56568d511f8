"""NIQE: distance of an image's local statistics from those of natural images, without a reference.

Mittal, Soundararajan, Bovik, "Making a completely blind image quality analyzer", IEEE SPL 20(3), 2013, equation 10.
"""

from benchmark.metrics import METRICS, Compute, MetricError, weight_path
from degrade.image import Image

_BLOCK = 96


def load(metric_id: str) -> Compute:
    """niqe.y, with pyiqa's routine; LIVE's model file must be there."""
    import torch
    from pyiqa.archs.niqe_arch import NIQE

    network = NIQE(pretrained_model_path=str(weight_path(METRICS[metric_id].weights[0]))).eval()

    def niqe(restored: Image, _reference: Image | None) -> float:
        height, width = restored.shape[:2]
        if (height // _BLOCK) * (width // _BLOCK) < 2:  # a covariance needs two blocks
            raise MetricError(f"NIQE needs two whole blocks of {_BLOCK} px, got {height}x{width}")
        try:
            with torch.inference_mode():
                return network(torch.from_numpy(restored.transpose(2, 0, 1)[None].copy())).item()
        except torch.linalg.LinAlgError as error:
            raise MetricError("NIQE is not defined for an image without texture") from error

    return niqe
