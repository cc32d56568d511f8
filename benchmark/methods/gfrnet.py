"""GFRNet (Li et al. 2018): a guide image of the same person is warped onto the degraded face and helps to restore it.

A warping network gives the place in the guide that each pixel is taken from; a reconstruction network sees the degraded
image and the warped guide. Where the data has no second image of a person the degraded image is its own guide (this is
what the tables show, and says so); an image's own reference is never a guide.
"""

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional

from benchmark.methods.network import BatchNorm, NetworkMethod
from ispl_model.initial import subdue_
from ispl_model.losses import Tensors
from ispl_model.training import Training

SCALE = 1
HALVINGS = 8


class WarpNet(nn.Module):
    """(N, 6, S, S) to a grid (N, S, S, 2) of places in [-1, 1] as grid_sample takes them; 122,978,818 parameters."""

    def __init__(self, width: int, halvings: int) -> None:
        super().__init__()
        channels = [width * min(16, 2**level) for level in range(halvings)]
        layers: list[nn.Module] = []
        for level, (inputs, outputs) in enumerate(zip([6, *channels], channels, strict=False)):
            layers += [nn.LeakyReLU(0.2)] * (level > 0) + [nn.Conv2d(inputs, outputs, 4, 2, 1)]
            layers += [BatchNorm(outputs)] * (0 < level < halvings - 1)
        mirrored = [*channels[-2::-1], 2]
        for inputs, outputs in zip([channels[-1], *mirrored], mirrored, strict=False):
            layers += [nn.ReLU(), nn.ConvTranspose2d(inputs, outputs, 4, 2, 1)]
            layers += [BatchNorm(outputs)] * (outputs != 2)
        self.body = nn.Sequential(*layers, nn.Tanh())

    def forward(self, pair: torch.Tensor) -> torch.Tensor:
        return self.body(pair).permute(0, 2, 3, 1)


class RecNet(nn.Module):
    """U-net with a skip at every level, (N, 6, S, S) to (N, 3, S, S) in [0, 1]; 54,422,531 parameters."""

    def __init__(self, width: int, halvings: int) -> None:
        super().__init__()
        channels = [width * min(8, 2**level) for level in range(halvings)]
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for level, (inputs, outputs) in enumerate(zip([6, *channels], channels, strict=False)):
            before = [nn.LeakyReLU(0.2)] if level else []
            norm = [BatchNorm(outputs)] if 0 < level < halvings - 1 else []
            self.down.append(nn.Sequential(*before, nn.Conv2d(inputs, outputs, 4, 2, 1), *norm))
        for level in range(halvings - 1, -1, -1):
            inputs = channels[level] * (1 if level == halvings - 1 else 2)
            outputs = channels[level - 1] if level else 3
            after = [BatchNorm(outputs)] if level else [nn.Sigmoid()]
            dropped = [nn.Dropout(0.5)] if 4 <= level < halvings - 1 else []
            self.up.append(nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(inputs, outputs, 4, 2, 1), *after, *dropped))
        self._start_as_half_size()

    def _start_as_half_size(self) -> None:
        """The outermost skip starts by passing on the degraded image at half size, logit(x) being about 4 x - 2."""
        first, last = self.down[0][0], self.up[-1][1]
        subdue_(first)
        subdue_(last)
        with torch.no_grad():
            for colour in range(3):
                first.weight[colour, colour, 1:3, 1:3] = 1 / 4
                last.weight[first.out_channels + colour, colour, 1:3, 1:3] = 4
            last.bias.fill_(-2)

    def forward(self, pair: torch.Tensor) -> torch.Tensor:
        skips = []
        for block in self.down:
            pair = block(pair)
            skips.append(pair)
        result = self.up[0](skips[-1])
        for block, skip in zip(self.up[1:], skips[-2::-1], strict=True):
            result = block(torch.cat([result, skip], dim=1))
        return result


class GfrNet(nn.Module):
    """177,401,349 parameters at width 64. (N, 3, S, S), or with a guide (N, 6, S, S), in [0, 1] to (N, 3, S, S).

    size: side S in pixels, a power of two; below 256 px both networks have fewer halvings. In training the result is a
    mapping: "restored", "warped" (the guide on the face), and "grid".
    """

    def __init__(self, width: int = 64, size: int = 256) -> None:
        super().__init__()
        halvings = min(HALVINGS, size.bit_length() - 1)
        self.warp, self.reconstruct = WarpNet(width, halvings), RecNet(width, halvings)

    def forward(self, x: torch.Tensor) -> torch.Tensor | Mapping[str, torch.Tensor]:
        degraded, guide = x[:, :3], x[:, -3:]  # without a guide of its own both are the degraded image
        grid = self.warp(torch.cat([degraded, guide], dim=1)).float()
        warped = functional.grid_sample(guide.float(), grid, padding_mode="border", align_corners=False)
        restored = self.reconstruct(torch.cat([degraded, warped.detach()], dim=1))
        return {"restored": restored, "warped": warped, "grid": grid} if self.training else restored


def places(outputs: Tensors, batch: Tensors) -> torch.Tensor:
    """Mean squared distance of the grid from where each pixel lies in the guide, in half sides.

    The paper has it at landmarks. Where the degraded image is its own guide every pixel lies where it is.
    """
    identity = torch.eye(2, 3, device=outputs["grid"].device).expand(len(outputs["grid"]), 2, 3)
    wanted = functional.affine_grid(identity, list(batch["reference"].shape), align_corners=False)
    return (outputs["grid"] - wanted).square().sum(dim=3).mean()


def variation(outputs: Tensors, batch: Tensors) -> torch.Tensor:
    """Total variation of the grid: mean squared difference of neighbours."""
    grid = outputs["grid"]
    return (grid[:, 1:] - grid[:, :-1]).square().mean() + (grid[:, :, 1:] - grid[:, :, :-1]).square().mean()


# Section 4.2: reconstruction 100, perceptual 0.001, adversarial 1 (the global one; the local one on the face's box is
# left out), landmarks 10, variation 1; Adam 2e-4 with momentum 0.5, the rate lowered twice by ten.
TRAINING = Training(
    scale=SCALE,
    losses={"mse": 100.0, "perceptual": 0.001, "lsgan": 1.0, "places": 10.0, "variation": 1.0},
    learning_rate=2e-4,
    betas=(0.5, 0.999),
    constant_share=1.0,
    drops={1 / 2: 0.1, 3 / 4: 0.1},
    functions={"places": places, "variation": variation},
    discriminator="patch_3",
)

gfrnet = NetworkMethod("gfrnet", GfrNet, TRAINING, sized=True)
