"""The landmark loss of Super-FAN: heatmaps of a frozen landmark network on the restored image and on its reference.

The network is FAN where its weights are there, $TORCH_HOME/hub/checkpoints/2DFAN4-cd938726ad.zip (Bulat and
Tzimiropoulos, ICCV 2017, TorchScript, a program: run with --trust only). Else it is a small hourglass of our own,
first trained on the training references to give the heatmaps of the 68 landmarks that dlib finds in them: what is then
compared is called FAN-style.
Both give heatmaps with peaks of about 1, FAN of 64 x 64 cells, the hourglass of 32 x 32.
"""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from benchmark.assets import trust
from benchmark.assets.weights import weight_path
from degrade.core.errors import InputError
from degrade.core.progress import progress_bar
from degrade.core.random import rng_for
from degrade.core.resize import resize_bicubic
from degrade.faces import detection
from degrade.splits.split import Split
from ispl_model.losses.pixel import mse
from ispl_model.runtime.device import find_device, mixed_precision, seeded_build
from ispl_model.runtime.tensors import to_tensor
from ispl_model.training.config import TrainOptions

FAN_FILE = "checkpoints/2DFAN4-cd938726ad.zip"
LANDMARKS = 68
WIDTH = 64  # channels of the hourglass
CELLS = 32  # of a heatmap's side
FACES = 1000  # training references at most that the hourglass learns from
BATCH, RATE = 4, 3e-3
MOST_STEPS = 2000
_FAN_SIDE, _SIDE = 256, 128  # px that FAN and the hourglass take
_SPREAD = 1.0  # sigma of a landmark's heatmap in cells
_PEAK = 2 * math.pi * _SPREAD**2  # heatmaps are probabilities times this: a Gaussian's peak is then 1


class HeatmapLoss(nn.Module):
    """Mean squared difference of the heatmaps of two images, both (N, 3, H, W) in [0, 1]; eq. 4 of Super-FAN."""

    def __init__(self, network: nn.Module, side: int) -> None:
        super().__init__()
        self.network, self.side = network, side

    def heatmaps(self, image: torch.Tensor) -> torch.Tensor:
        """(N, 68, cells, cells)."""
        return self.network(_at_side(image, self.side)).float()

    def forward(self, restored: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            wanted = self.heatmaps(reference)
        return mse(self.heatmaps(restored), wanted)


def landmark_network(split: Split, options: TrainOptions) -> HeatmapLoss:
    """FAN, or an hourglass trained on the references of `split` in at most four times the steps of `options`.

    Deterministic; kept in the process for the next training on the same references. Raises InputError when dlib is
    missing or finds no face in them.
    """
    path = weight_path(FAN_FILE)
    if path.is_file():
        trust.require(FAN_FILE)
        return HeatmapLoss(torch.jit.load(str(path), map_location="cpu"), _FAN_SIDE)
    key = tuple(record["hq_sha256"] for record in split.records)
    steps = min(MOST_STEPS, 4 * options.steps)
    if (key, options.seed, steps) not in _kept:
        _kept.clear()
        _kept[key, options.seed, steps] = trained_hourglass(split, steps, options.seed, options.device)
    return HeatmapLoss(_kept[key, options.seed, steps], _SIDE)


_kept: dict[tuple, nn.Module] = {}


class Hourglass(nn.Module):
    """(N, 3, 128, 128) in [0, 1] to (N, 68, 32, 32), of each landmark a probability for each cell times _PEAK.

    One hourglass (Newell et al., ECCV 2016) of three sides, 32 to 8, with a skip at each.
    """

    def __init__(self) -> None:
        super().__init__()
        widths = (32, WIDTH, WIDTH)  # at sides 32, 16 and 8
        self.head = _conv(3, 16, 2)
        self.down = nn.ModuleList(_conv(a, b, 2) for a, b in zip((16, *widths), widths, strict=False))
        self.middle = _conv(WIDTH, WIDTH, 1)
        self.skips = nn.ModuleList(nn.Conv2d(width, WIDTH, 1) for width in widths)
        self.merges = nn.ModuleList(_conv(WIDTH, WIDTH, 1) for _ in widths[1:])
        self.tail = nn.Conv2d(WIDTH, LANDMARKS, 1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return functional.softmax(self.logits(image).flatten(2), dim=2).unflatten(2, (CELLS, CELLS)) * _PEAK

    def logits(self, image: torch.Tensor) -> torch.Tensor:
        """(N, 68, cells, cells)."""
        features, maps = self.head(image - 0.5), []
        for block in self.down:
            features = block(features)
            maps.append(features)
        features = self.middle(features) + self.skips[-1](maps[-1])
        for merge, skip, fine in zip(self.merges, self.skips[-2::-1], maps[-2::-1], strict=True):
            features = functional.interpolate(merge(features), scale_factor=2) + skip(fine)
        return self.tail(torch.relu(features)).float()


def trained_hourglass(split: Split, steps: int, seed: int, device: str) -> Hourglass:
    """Adam at RATE, cross-entropy between the heatmaps and Gaussians around dlib's landmarks."""
    images, points = landmarks(split)
    where, rng = find_device(device), rng_for(seed, "landmarks")
    network = seeded_build(Hourglass, seed).to(where)
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE, fused=True)
    for step in progress_bar(range(steps), title="landmark network", unit="step"):
        for group in optimiser.param_groups:
            group["lr"] = RATE * (1 - step / steps)
        chosen = rng.integers(len(images), size=min(BATCH, len(images)))
        with mixed_precision(where):
            logits = network.logits(images[chosen].to(where))
        loss = functional.cross_entropy(logits.flatten(2).flatten(0, 1), _gaussians(points[chosen].to(where)))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
    return network.eval().requires_grad_(False)


def landmarks(split: Split) -> tuple[torch.Tensor, torch.Tensor]:
    """References (N, 3, 128, 128) and dlib's landmarks in them (N, 68, 2), x and y as shares of the side.

    Of the first FACES references those in which dlib finds a face, the surest one.
    """
    images, points = [], []
    for name in progress_bar(split.names[:FACES], title="landmarks", unit="face"):
        image = split.reference(name)
        found = detection.detect(image, upsample=0) or detection.detect(image)
        if found:
            images.append(to_tensor(resize_bicubic(image, _SIDE, _SIDE)))
            points.append((detection.landmarks68(image, found[0]) + 0.5) / len(image))
    if not images:
        raise InputError(
            f"{split.path}: expected faces that dlib finds in the references, got none; Super-FAN needs some"
        )
    return torch.stack(images), torch.from_numpy(np.stack(points)).float()


def _gaussians(points: torch.Tensor) -> torch.Tensor:
    """(N, 68, 2) to (68 N, 32 * 32), each row with the sum 1."""
    cells = (torch.arange(CELLS, device=points.device) + 0.5) / CELLS
    lines = torch.exp(-0.5 * ((points[..., None] - cells) * CELLS / _SPREAD).square())  # (N, 68, 2, 32)
    maps = (lines[:, :, 1, :, None] * lines[:, :, 0, None, :]).flatten(2).flatten(0, 1)
    return maps / maps.sum(dim=1, keepdim=True).clamp_min(1e-12)  # a landmark far outside the image has none


def _at_side(image: torch.Tensor, side: int) -> torch.Tensor:
    if image.shape[-1] >= side:
        return functional.interpolate(image, (side, side), mode="area")
    return functional.interpolate(image, (side, side), mode="bilinear", align_corners=False)


def _conv(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1), nn.GroupNorm(4, outputs), nn.ReLU())
