"""EP-GAN-style: an edge-preserving GAN against compression artefacts, after the abstract of Mao et al. (ICME 2018).

The paper's layers and weights could not be had. Known is that it restores edges and textures together and that a
regulariser of edge fidelity joins signal, feature and adversarial terms. Chosen here: a residual network of 16 blocks
at full resolution that gives the image and a map of its edges, and every weight of a loss. Results must not be
read as the paper's EP-GAN.
"""

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional

from benchmark.methods.networks.common import NetworkMethod, PlainBlock
from degrade.core.colour import LUMA
from ispl_model.losses.pixel import Tensors, l1
from ispl_model.network.init import init_small_
from ispl_model.training.config import Pretraining, TrainingConfig

SCALE = 1
BLOCKS = 16


class EpGan(nn.Module):
    """(N, 3, H, W) in [0, 1] to the same, not clamped; starts near its input.

    In training the result is a mapping: "restored", and "edges" (N, 1, H, W) >= 0, the size of luma's gradient.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.head = nn.Sequential(nn.Conv2d(3, width, 3, padding=1), nn.ReLU())
        self.blocks = nn.Sequential(*(PlainBlock(width) for _ in range(BLOCKS)))
        self.image = nn.Conv2d(width, 3, 3, padding=1)
        self.edges = nn.Sequential(nn.Conv2d(width, 1, 3, padding=1), nn.Softplus())
        init_small_(self.image)

    def forward(self, x: torch.Tensor) -> torch.Tensor | Mapping[str, torch.Tensor]:
        features = self.blocks(self.head(x))
        restored = x + self.image(features)
        return {"restored": restored, "edges": self.edges(features)} if self.training else restored


def edge_fidelity(outputs: Tensors, batch: Tensors) -> torch.Tensor:
    """L1 from the reference's edges, of the predicted map and of the restored image's own edges alike."""
    wanted = edges(batch["reference"])
    return l1(outputs["edges"], wanted) + l1(edges(outputs["restored"]), wanted)


def edges(image: torch.Tensor) -> torch.Tensor:
    """Size of the Sobel gradient of luma, per pixel of distance: (N, 3, H, W) in [0, 1] to (N, 1, H, W)."""
    luma = (image * image.new_tensor(LUMA).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)
    sobel = image.new_tensor([[1, 0, -1], [2, 0, -2], [1, 0, -1]]) / 8
    kernel = torch.stack([sobel, sobel.T])[:, None]
    gradient = functional.conv2d(functional.pad(luma, (1, 1, 1, 1), mode="replicate"), kernel)
    return (gradient.square().sum(dim=1, keepdim=True) + 1e-12).sqrt()


# All of it is chosen here.
TRAINING = TrainingConfig(
    scale=SCALE,
    losses={"l1": 1.0, "edges": 0.1, "perceptual": 0.006, "vanilla": 1e-3},
    learning_rate=1e-4,
    betas=(0.9, 0.999),
    constant_share=1 / 2,
    crop=128,
    pretraining=Pretraining(share=1 / 2, losses={"l1": 1.0, "edges": 0.1}, learning_rate=1e-4),
    functions={"edges": edge_fidelity},
    discriminator="vgg",
    conditional=False,
    version=2,
)

epgan = NetworkMethod("epgan", EpGan, TRAINING)
