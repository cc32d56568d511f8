"""Super-FAN (Bulat and Tzimiropoulos 2018): super-resolution whose landmarks must stay where they are.

12, 3 and 2 residual blocks at one, two and four times the input's side: the paper's, as it is cited; not confirmed, the
reimplementation that the ISPL authors' folder names point to has 12 and 3 and no block at full size. The authors
published no training; the weights of the losses are that reimplementation's, and its perceptual term compares
ResNet-50's features, ours VGG-19's of about the same three sides. The network starts as a repetition of pixels: as far
as batch norm between input and output lets it, which keeps contrast and mean colour only on average. Whole faces are
trained on, because landmarks need them; see landmark_heatmaps for whose landmarks.
"""

import torch
from torch import nn

from benchmark.methods.networks.common import BatchNorm, NetworkMethod, NormBlock
from benchmark.methods.networks.landmark_heatmaps import landmark_network
from ispl_model.losses.perceptual import FeatureLayers
from ispl_model.network.init import bias_of, init_identity_
from ispl_model.training.config import Pretraining, TrainingConfig

SCALE = 4


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
        for conv in (self.head[0], self.tail[0], self.tail[2]):
            init_identity_(conv)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.tail(self.body(self.head(x)))


def _blocks(width: int, count: int) -> list[nn.Module]:
    return [NormBlock(width, nn.ReLU()) for _ in range(count)]


def _twice_as_large(width: int) -> tuple[nn.Module, ...]:
    """Norm, ReLU, and a transposed convolution that starts by giving each pixel four times."""
    norm, enlarge = BatchNorm(width), nn.ConvTranspose2d(width, width, 4, 2, 1)
    norm.keep_brightness_()
    with torch.no_grad():
        enlarge.weight.mul_(0.1)
        enlarge.weight[range(width), range(width), 1:3, 1:3] += 1
    nn.init.zeros_(bias_of(enlarge))
    return norm, nn.ReLU(), enlarge


# jzijin/Super-FAN, d029120: MSE alone first (only_train_G.py, by RMSprop there), then heatmaps 0.005 and Wasserstein
# 0.01 (model/loss.py), Adam at 1e-4 with (0.5, 0.9), one critic step (train.py). Chosen here: the share of the first
# stage, the gradient penalty (see ispl_model.losses.gan), whole faces, and 6e-4 for VGG-19's features where that has
# 0.1 for ResNet-50's.
TRAINING = TrainingConfig(
    scale=SCALE,
    losses={"mse": 1.0, "perceptual": 6e-4, "heatmaps": 0.005, "wgan-gp": 0.01},
    learning_rate=1e-4,
    betas=(0.5, 0.9),
    constant_share=1.0,
    pretraining=Pretraining(share=1 / 2, losses={"mse": 1.0}, learning_rate=1e-4),
    perceptual=FeatureLayers({"relu2_2": 1.0, "relu3_4": 1.0, "relu4_4": 1.0}, distance="mse"),
    networks={"heatmaps": landmark_network},
    discriminator="plain",
    conditional=False,
    version=2,
)

superfan = NetworkMethod("superfan", SuperFan, TRAINING)
