"""Inception's features of an image, which FID and KID compare sets by."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image as Pillow

from benchmark.assets.feature_cache import Memory
from degrade.core.image import Image, to_uint8
from degrade.core.storage.files import sha256_file

if TYPE_CHECKING:
    import torch

_SIDE = 299


@functools.cache  # FID and KID share the network and what it has seen
def inception_feature(weights: Path) -> Callable[[Image], np.ndarray]:
    """Pool features (2048,) of an image brought to 299 px as clean-fid does (Parmar et al., CVPR 2022)."""
    import torch

    network = _load(weights)
    memory = Memory(limit=16384, on_disk=True)  # 8 KB each
    question = f"inception-cleanfid{_SIDE}-{sha256_file(weights)[:8]}"

    def extract(image: Image) -> np.ndarray:
        pixels = torch.from_numpy(to_inception(image).transpose(2, 0, 1)[None].copy())
        with torch.inference_mode():
            return network((pixels - 128) / 128)[0].numpy()  # (1, 3, 299, 299) => (2048,)

    return lambda image: memory.recall(question, image, extract)


def to_inception(image: Image) -> np.ndarray:
    """(299, 299, 3) float32 in 0..255: Pillow's bicubic on the 8-bit values of each channel in float, then clipped.

    Nothing is rounded after it. Source: GaParmar/clean-fid:cleanfid/resize.py of version 0.1.35, `build_resizer`
    with "clean"; a test holds every pixel against that function.
    """
    levels = to_uint8(image).astype(np.float32)
    planes = [Pillow.fromarray(np.ascontiguousarray(levels[:, :, channel])) for channel in range(3)]
    resized = [np.asarray(plane.resize((_SIDE, _SIDE), Pillow.Resampling.BICUBIC)) for plane in planes]
    return np.clip(np.stack(resized, axis=2), 0, 255)


def _load(weights: Path) -> "torch.nn.Module":
    """torchvision's Inception with the blocks that differ in the original, from pyiqa."""
    import torch
    from pyiqa.archs import inception as blocks
    from torchvision.models import inception_v3

    state = torch.load(weights, map_location="cpu", weights_only=True)
    with torch.random.fork_rng(devices=[]):
        network = inception_v3(num_classes=1008, aux_logits=False, init_weights=False)
        network.Mixed_5b = blocks.FIDInceptionA(192, pool_features=32)
        network.Mixed_5c = blocks.FIDInceptionA(256, pool_features=64)
        network.Mixed_5d = blocks.FIDInceptionA(288, pool_features=64)
        network.Mixed_6b = blocks.FIDInceptionC(768, channels_7x7=128)
        network.Mixed_6c = blocks.FIDInceptionC(768, channels_7x7=160)
        network.Mixed_6d = blocks.FIDInceptionC(768, channels_7x7=160)
        network.Mixed_6e = blocks.FIDInceptionC(768, channels_7x7=192)
        network.Mixed_7b = blocks.FIDInceptionE_1(1280)
        network.Mixed_7c = blocks.FIDInceptionE_2(2048)
    network.load_state_dict(state)
    network.fc = torch.nn.Identity()
    return network.eval()
