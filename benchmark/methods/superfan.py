"""Super-FAN (Bulat and Tzimiropoulos 2018): super-resolution whose landmarks must stay where they are.

12, 3 and 2 residual blocks at one, two and four times the input's side. The loss of landmark heatmaps needs a frozen
landmark network: FAN's weights are not free to ship, so where they are missing an hourglass of our own, first trained
on the training references to give heatmaps of dlib's 68 landmarks, takes their place ("FAN-style").
"""

import torch
from torch import nn

SCALE = 4


class NormBlock(nn.Module):
    """x + norm(conv(relu(norm(conv(x)))))."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.BatchNorm2d(width),
        )
        nn.init.constant_(self.body[4].weight, 0.1)  # a branch that hardly speaks at first

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # (N, width, H, W) => same
        return x + self.body(x)


class SuperFan(nn.Module):
    """1,445,636 parameters at width 64. (N, 3, H, W) in [0, 1] to (N, 3, 4 H, 4 W), not clamped."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.head = nn.Sequential(nn.Conv2d(3, width, 9, padding=4), nn.PReLU())
        self.body = nn.Sequential(
            *_blocks(width, 12),
            *_twice_as_large(width),
            *_blocks(width, 3),
            *_twice_as_large(width),
            *_blocks(width, 2),
        )
        self.tail = nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, 3, 3, padding=1))
        nn.init.constant_(self.tail[2].bias, 0.5)  # the middle of the range

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.tail(self.body(self.head(x)))


def _blocks(width: int, count: int) -> list[nn.Module]:
    return [NormBlock(width) for _ in range(count)]


def _twice_as_large(width: int) -> tuple[nn.Module, ...]:
    return nn.BatchNorm2d(width), nn.ReLU(), nn.ConvTranspose2d(width, width, 4, 2, 1)
