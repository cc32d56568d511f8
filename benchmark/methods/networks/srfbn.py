"""SRFBN (Li et al. 2019): a feedback block, unrolled four times, whose result refines the next pass.

The last of the four images is the restored one; training judges all four. Images are in [0, 1], not 0..255: released
weights fit once every bias is divided by 255. The mean of DIV2K is subtracted inside, as in the authors' program.
"""

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional

from benchmark.methods.networks.common import NetworkMethod, div2k_mean
from ispl_model.network.init import init_small_
from ispl_model.training.config import TrainingConfig

SCALE = 4
STEPS = 4
GROUPS = 6
SLOPE = 0.2  # of every PReLU at the start


class FeedbackBlock(nn.Module):
    """Six pairs of enlarging and reducing projections (8x8, stride 4) with dense links, from x and the last state."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.merge = _prelu(nn.Conv2d(2 * width, width, 1))
        self.up = nn.ModuleList(_prelu(nn.ConvTranspose2d(width, width, 8, 4, 2)) for _ in range(GROUPS))
        self.down = nn.ModuleList(_prelu(nn.Conv2d(width, width, 8, 4, 2)) for _ in range(GROUPS))
        counts = range(2, GROUPS + 1)
        self.before_up = nn.ModuleList(_prelu(nn.Conv2d(count * width, width, 1)) for count in counts)
        self.before_down = nn.ModuleList(_prelu(nn.Conv2d(count * width, width, 1)) for count in counts)
        self.result = _prelu(nn.Conv2d(GROUPS * width, width, 1))

    def forward(self, x: torch.Tensor, state: torch.Tensor) -> torch.Tensor:  # 2 x (N, width, H, W) => same
        small, large = [self.merge(torch.cat([x, state], dim=1))], []
        for group in range(GROUPS):
            large.append(self.up[group](_linked(small, self.before_up, group)))
            small.append(self.down[group](_linked(large, self.before_down, group)))
        return self.result(torch.cat(small[1:], dim=1))


class Srfbn(nn.Module):
    """3,631,454 parameters at width 64. (N, 3, H, W) in [0, 1] to (N, 3, 4 H, 4 W), not clamped.

    In training the result is a mapping: "restored" is the last of four images, "steps" has all (4, N, 3, ...).
    """

    mean: torch.Tensor

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.head = nn.Sequential(
            *_prelu(nn.Conv2d(3, 4 * width, 3, padding=1)), *_prelu(nn.Conv2d(4 * width, width, 1))
        )
        self.block = FeedbackBlock(width)
        self.enlarge = _prelu(nn.ConvTranspose2d(width, width, 8, 4, 2))
        self.tail = nn.Conv2d(width, 3, 3, padding=1)
        self.register_buffer("mean", div2k_mean(), persistent=False)
        init_small_(self.tail)

    def forward(self, x: torch.Tensor) -> torch.Tensor | Mapping[str, torch.Tensor]:
        enlarged = functional.interpolate(x, scale_factor=SCALE, mode="bilinear", align_corners=False)
        features = self.head(x - self.mean)
        state, passes = features, []
        for _ in range(STEPS):
            state = self.block(features, state)
            passes.append(enlarged + self.tail(self.enlarge(state)))
        return {"restored": passes[-1], "steps": torch.stack(passes)} if self.training else passes[-1]


def _prelu(conv: nn.Module) -> nn.Sequential:
    return nn.Sequential(conv, nn.PReLU(init=SLOPE))


def _linked(features: list[torch.Tensor], links: nn.ModuleList, group: int) -> torch.Tensor:
    return features[0] if group == 0 else links[group - 1](torch.cat(features, dim=1))


# Paper99/SRFBN_CVPR19: options/train/train_SRFBN.json, 4ac6798: the sum of the L1 of all four images, Adam, patches of
# 40 px of the small image, 1000 epochs, the rate halved every 200.
TRAINING = TrainingConfig(
    scale=SCALE,
    losses={"l1_steps": 1.0},
    learning_rate=1e-4,
    betas=(0.9, 0.999),
    constant_share=1.0,
    drops={1 / 5: 0.5, 2 / 5: 0.5, 3 / 5: 0.5, 4 / 5: 0.5},
    crop=160,
    version=2,
)

srfbn = NetworkMethod("srfbn", Srfbn, TRAINING)
