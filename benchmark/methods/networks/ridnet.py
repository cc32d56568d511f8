"""RIDNet (Anwar and Barnes 2019): four enhancement attention modules between input and output.

Images are in [0, 1], not 0..255: released weights fit once every bias is divided by 255, but the attention's, whose
first weights are multiplied by it instead. As in the authors' program the mean of DIV2K is subtracted inside and added
to the residual, so that the last bias must learn to take it away again (it starts so). The ISPL authors used weights
released for real noise; ours are trained on the task.
"""

import torch
from torch import nn

from benchmark.methods.networks.common import NetworkMethod, div2k_mean
from ispl_model.network.init import bias_of, init_small_
from ispl_model.training.config import TrainingConfig

SCALE = 1
MODULES = 4
REDUCTION = 16  # of the channel attention


class Enhancement(nn.Module):
    """Two pairs of dilated convolutions side by side, two residual blocks, channel attention; no skip over all."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.near = nn.Sequential(*_dilated(width, 1), *_dilated(width, 2))
        self.far = nn.Sequential(*_dilated(width, 3), *_dilated(width, 4))
        self.merge = nn.Conv2d(2 * width, width, 3, padding=1)
        self.residual = nn.Sequential(_conv(width), nn.ReLU(), _conv(width))
        self.enhanced = nn.Sequential(_conv(width), nn.ReLU(), _conv(width), nn.ReLU(), nn.Conv2d(width, width, 1))
        hidden = max(4, width // REDUCTION)  # 4 at the published width; a single unit may never speak
        self.attention = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(width, hidden, 1), nn.ReLU(), nn.Conv2d(hidden, width, 1), nn.Sigmoid()
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # (N, width, H, W) => same
        x = x + torch.relu(self.merge(torch.cat([self.near(x), self.far(x)], dim=1)))
        x = torch.relu(x + self.residual(x))
        x = torch.relu(x + self.enhanced(x))
        return x * self.attention(x)


class Ridnet(nn.Module):
    """1,499,347 parameters at width 64. (N, 3, H, W) in [0, 1] to the same, not clamped; starts near its input."""

    mean: torch.Tensor

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.head = _conv(3, width)
        self.enhancements = nn.Sequential(*(Enhancement(width) for _ in range(MODULES)))
        self.tail = _conv(width, 3)
        self.register_buffer("mean", div2k_mean(), persistent=False)
        init_small_(self.tail)
        with torch.no_grad():
            bias_of(self.tail).copy_(-self.mean.flatten())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        residual = self.tail(self.enhancements(torch.relu(self.head(x - self.mean))))
        return x + (residual + self.mean)


def _conv(inputs: int, outputs: int | None = None) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs or inputs, 3, padding=1)


def _dilated(width: int, dilation: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation), nn.ReLU()


# Section 4.1 of the paper, as it is cited (not re-read): L1, Adam at 1e-4, patches of 80 px, the rate halved after 10^5
# updates; of how many is not printed, so half way is chosen here. The options of saeed-anwar/RIDNet (TestCode/code/
# option.py, 3fa0b35), which only tests, name 192 px and 1000 epochs, halved every 300, as left over from EDSR's.
TRAINING = TrainingConfig(
    scale=SCALE,
    losses={"l1": 1.0},
    learning_rate=1e-4,
    betas=(0.9, 0.999),
    constant_share=1.0,
    drops={1 / 2: 0.5},
    crop=80,
    version=2,
)

ridnet = NetworkMethod("ridnet", Ridnet, TRAINING)
