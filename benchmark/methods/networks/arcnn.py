"""ARCNN (Dong et al. 2015): four convolutions against compression artefacts, no skip.

`arcnn` restores luma (Y of JPEG's YCbCr) and keeps its colour, as the paper does; `arcnn:rgb` has three channels.
"""

from functools import partial

import torch
from torch import nn

from benchmark.methods.networks.common import NetworkMethod
from degrade.core.colour import TO_YCC
from ispl_model.network.init import init_identity_
from ispl_model.training.config import TrainingConfig

SCALE = 1


class Arcnn(nn.Module):
    """9x9, 7x7, 1x1 and 5x5 convolutions of w, w / 2 and w / 4 features; 106,561 parameters for luma, 117,731 for RGB.

    (N, 3, H, W) in [0, 1] to the same, not clamped. Borders are repeated, as the authors' program does (ARCNN.m, after
    hkchengrex/PyTorch-ARCNN: model.py, 5fad395). The paper starts from Gaussian weights and needs millions of steps;
    here the middle of each kernel starts by passing the image on.
    """

    to_ycc: torch.Tensor
    to_rgb: torch.Tensor

    def __init__(self, width: int = 64, channels: int = 1) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _conv(channels, width, 9), nn.ReLU(),
            _conv(width, max(channels, width // 2), 7), nn.ReLU(),
            nn.Conv2d(max(channels, width // 2), max(channels, width // 4), 1), nn.ReLU(),
            _conv(max(channels, width // 4), channels, 5),
        )  # fmt: skip
        for conv in self.body[::2]:
            init_identity_(conv)
        self.channels = channels
        self.register_buffer("to_ycc", torch.tensor(TO_YCC).view(3, 3, 1, 1), persistent=False)
        self.register_buffer("to_rgb", torch.tensor(TO_YCC).inverse().view(3, 3, 1, 1), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.channels == 3:
            return self.body(x)
        with torch.autocast(x.device.type, enabled=False):
            luma, chroma = nn.functional.conv2d(x.to(self.to_ycc.dtype), self.to_ycc).split((1, 2), dim=1)
        restored = self.body(luma)
        with torch.autocast(x.device.type, enabled=False):
            return nn.functional.conv2d(torch.cat([restored.to(chroma.dtype), chroma], dim=1), self.to_rgb)


def _conv(inputs: int, outputs: int, kernel: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, padding_mode="replicate")


# Section 4 of the paper, as it is cited (not re-read): MSE on patches of 32 px, plain SGD at 1e-4, a tenth for the last
# layer. That needs millions of updates: Adam at 5e-4 is yjn870/ARCNN-pytorch's (main.py, e94eb70), with the same tenth.
TRAINING = TrainingConfig(
    scale=SCALE,
    losses={"mse": 1.0},
    learning_rate=5e-4,
    betas=(0.9, 0.999),
    constant_share=1.0,
    crop=32,
    part_rates={"body.6": 0.1},
    version=2,
)

arcnn = NetworkMethod("arcnn", Arcnn, TRAINING)
rgb = NetworkMethod("arcnn:rgb", partial(Arcnn, channels=3), TRAINING)
