"""ESRGAN (Wang et al. 2018): dense residual blocks without normalisation and a relativistic discriminator.

Starts as pixel repetition of the input: the last convolutions pass colours on.
"""

import torch
from torch import nn

from benchmark.methods.networks.common import NetworkMethod
from ispl_model.adapters.rrdb import RESIDUAL, SCALE, DenseBlock, Rrdb
from ispl_model.losses.perceptual import FeatureLayers
from ispl_model.network.init import bias_of, init_identity_, init_small_, weight_of
from ispl_model.training.config import Pretraining, TrainingConfig


class Esrgan(Rrdb):
    """RRDBNet as it starts a training."""

    def __init__(self, width: int = 64) -> None:
        super().__init__(width)
        for block in self.blocks.modules():
            if isinstance(block, DenseBlock):
                _start(block)
        nn.init.dirac_(self.head.weight[:3])  # the first three features start as red, green and blue
        nn.init.zeros_(bias_of(self.head))
        init_small_(self.join)
        for conv in (*self.enlarge, self.finish, self.tail):
            init_identity_(conv)


def _start(block: DenseBlock) -> None:
    for conv in block.convs:
        init_small_(conv)  # a tenth of the default weights, as the authors start these blocks
    with torch.no_grad():  # half of x goes on, or 23 blocks would make 66 times the input of it
        nn.init.dirac_(taken := torch.empty_like(weight_of(block.convs[-1])))
        weight_of(block.convs[-1]).sub_(taken, alpha=0.5 / RESIDUAL)


# Section 4.1 of the paper, as it is cited (not re-read): 10^6 updates on L1 at 2e-4, halved every 200,000 (so also
# XPixelGroup/BasicSR: codes/options/train/train_sr.json, 018744c, from 1e-4). Then open-mmlab/mmagic (once mmsr):
# codes/options/train/train_ESRGAN.yml, 037933b: 400,000 at 1e-4, halved four times, Adam with (0.9, 0.99), 128 px
# windows, 1e-2 of L1, 1 of VGG-19's features and 5e-3 of half the relativistic loss.
TRAINING = TrainingConfig(
    scale=SCALE,
    losses={"l1": 1e-2, "perceptual": 1.0, "ragan": 5e-3},
    learning_rate=1e-4,
    betas=(0.9, 0.99),
    constant_share=1.0,
    drops={1 / 8: 0.5, 1 / 4: 0.5, 1 / 2: 0.5, 3 / 4: 0.5},
    crop=128,
    pretraining=Pretraining(
        share=5 / 7,
        losses={"l1": 1.0},
        learning_rate=2e-4,
        drops={1 / 5: 0.5, 2 / 5: 0.5, 3 / 5: 0.5, 4 / 5: 0.5},
    ),
    perceptual=FeatureLayers({"conv5_4": 1.0}),
    discriminator="vgg",
    conditional=False,
    version=2,
)

esrgan = NetworkMethod("esrgan", Esrgan, TRAINING)
