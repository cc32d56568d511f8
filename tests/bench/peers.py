"""Other programs that degrade as they train, set up as their authors do; None where one cannot be imported."""

import importlib
import sys
import types
from copy import deepcopy
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

_GFPGAN = {  # TencentARC/GFPGAN: options/train_gfpgan_v1.yml
    "io_backend": {"type": "disk"}, "use_hflip": True, "mean": [0.5] * 3, "std": [0.5] * 3,
    "blur_kernel_size": 41, "kernel_list": ["iso", "aniso"], "kernel_prob": [0.5, 0.5], "blur_sigma": [0.1, 10],
    "downsample_range": [0.8, 8], "noise_range": [0, 20], "jpeg_range": [60, 100],
    "color_jitter_prob": 0.3, "color_jitter_shift": 20, "color_jitter_pt_prob": 0.3, "gray_prob": 0.01,
}  # fmt: skip


def with_stand_in() -> None:
    """basicsr 1.4.2 imports a module that torchvision 0.17 dropped, for the one function that is given here."""
    from torchvision.transforms.functional import rgb_to_grayscale

    gone = types.ModuleType("torchvision.transforms.functional_tensor")
    vars(gone)["rgb_to_grayscale"] = rgb_to_grayscale
    sys.modules.setdefault(gone.__name__, gone)


def gfpgan(faces: Path, size: int) -> Dataset | None:
    """GFPGAN 1.3.8's own data set, which takes the faces at the size they have.

    It hands OpenCV a JPEG quality with a fraction, which OpenCV refuses since 4.5.4; here it is cut to a whole number.
    """
    with_stand_in()
    try:
        module = importlib.import_module("gfpgan.data.ffhq_degradation_dataset")
    except ImportError:
        return None
    compress = module.degradations.add_jpg_compression
    module.degradations.add_jpg_compression = lambda image, quality=90: compress(image, int(quality))
    return module.FFHQDegradationDataset({**deepcopy(_GFPGAN), "dataroot_gt": str(faces), "out_size": size})


def albumentations(faces: Path) -> Dataset | None:
    """The chain nearest to GFPGAN's that albumentations has, and the few lines that make a data set of it."""
    try:
        import albumentations as alb
    except ImportError:
        return None
    chain = alb.Compose(
        [
            alb.AdvancedBlur(blur_limit=(41, 41), sigma_x_limit=(0.1, 10), sigma_y_limit=(0.1, 10), p=1),
            alb.Downscale(scale_range=(1 / 8, 0.99), p=1),
            alb.GaussNoise(std_range=(0, 20 / 255), p=1),
            alb.ImageCompression(quality_range=(60, 100), p=1),
        ]
    )
    return _Albumentations(sorted(faces.iterdir()), chain)


class _Albumentations(Dataset):
    def __init__(self, paths, chain) -> None:
        self.paths, self.chain = paths, chain

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        image = cv2.cvtColor(cv2.imread(str(self.paths[index])), cv2.COLOR_BGR2RGB)
        return _tensor(self.chain(image=image)["image"]), _tensor(image)


def _tensor(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))).float() / 255
