"""GFRNet (Li et al. 2018): a guide image of the same person is warped onto the degraded face and helps to restore it.

A warping network gives the place in the guide that each pixel is taken from; a reconstruction network sees the degraded
image and the warped guide. Who is on which image a file says that the user puts beside a split's hq/ and lq/ before
training: identities.txt, one line "NAME IDENTITY" for each image. The guide is then the reference of another image of
the same person, never the image's own reference; where there is none, and everywhere without that file (which is what
the tables show), the degraded image is its own guide.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from benchmark.methods.method import Method
from benchmark.methods.networks.common import BatchNorm, NetworkMethod
from degrade.core.errors import InputError
from degrade.core.resize import match_scale
from degrade.core.storage.listing import normalised_name
from degrade.core.storage.paths import read_text
from degrade.splits.split import Split
from ispl_model.losses.pixel import Tensors
from ispl_model.network.init import bias_of, init_small_, weight_of
from ispl_model.training.config import TrainingConfig
from ispl_model.training.data import Condition

SCALE = 1
HALVINGS = 8
INNERMOST = 3  # levels with dropout
IDENTITIES = "identities.txt"


def guides(split: Split) -> Condition | None:
    """The guide of each image of a split by its name, (S, S, 3); None where nothing says who is on which image.

    Raises InputError for a line of identities.txt that is no name and identity.
    """
    if not (split.path / IDENTITIES).is_file():
        return None
    guide = _guide_names(split.path, tuple((record["name"], record["hq_sha256"]) for record in split.records))
    size = int(split.info["size"])

    def channels(name: str, mirrored: bool) -> np.ndarray:
        given = split.reference(guide[name]) if name in guide else match_scale(split.degraded(name), size, SCALE)
        return given[:, ::-1] if mirrored else given

    return channels


def guide_names(identities: Mapping[str, str], images: Mapping[str, str]) -> dict[str, str]:
    """The image that guides each, of those that have one: the next of the same person in name order, round again.

    images: SHA-256 of each reference by name; a copy of an image under another name is no guide of it.
    """
    people: dict[str, list[str]] = {}
    for name in sorted(images.keys() & identities.keys()):
        people.setdefault(identities[name], []).append(name)
    guide = {}
    for person in people.values():
        for place, name in enumerate(person):
            circle = person[place + 1 :] + person[:place]
            if other := next((other for other in circle if images[other] != images[name]), None):
                guide[name] = other
    return guide


@lru_cache(maxsize=4)  # the runner asks for each image
def _guide_names(folder: Path, images: tuple[tuple[str, str], ...]) -> dict[str, str]:
    return guide_names(_identities(folder / IDENTITIES), dict(images))


def _identities(path: Path) -> dict[str, str]:
    try:
        lines = [line.split() for line in read_text(path).split("\n") if line.strip()]
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: expected text in UTF-8 ({error})") from error
    for number, words in enumerate(lines, 1):
        if len(words) != 2:
            raise InputError(f"{path}: line {number}: expected the name of an image and an identity, got {words}")
    return {normalised_name(Path(name).stem): identity for name, identity in lines}


class WarpNet(nn.Module):
    """(N, 6, S, S) to a grid (N, S, S, 2) of places, -1 and 1 the corner pixels' centres; 122,978,818 parameters."""

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
    """U-net with a skip at every level, (N, 6, S, S) to (N, 3, S, S) in [0, 1]; 54,422,531 parameters.

    The authors published weights and no definition. That the three innermost levels have dropout on the way up is a
    guess: pix2pix, whose options theirs are, has it there, and so has sonack/GFRNet_pytorch_new (models.py, 1296f0a), a
    rewrite by others, which has leaky ReLUs on the way up where pix2pix and ours have plain ones.
    """

    def __init__(self, width: int, halvings: int) -> None:
        super().__init__()
        channels = [width * min(8, 2**level) for level in range(halvings)]
        down: list[nn.Sequential] = []
        up: list[nn.Sequential] = []
        for level, (inputs, outputs) in enumerate(zip([6, *channels], channels, strict=False)):
            before = [nn.LeakyReLU(0.2)] if level else []
            norm = [BatchNorm(outputs)] if 0 < level < halvings - 1 else []
            down.append(nn.Sequential(*before, nn.Conv2d(inputs, outputs, 4, 2, 1), *norm))
        for level in range(halvings - 1, -1, -1):
            inputs = channels[level] * (1 if level == halvings - 1 else 2)
            outputs = channels[level - 1] if level else 3
            after = [BatchNorm(outputs)] if level else [nn.Sigmoid()]
            dropped = [nn.Dropout(0.5)] if level >= halvings - INNERMOST else []
            up.append(nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(inputs, outputs, 4, 2, 1), *after, *dropped))
        self.down, self.up = nn.ModuleList(down), nn.ModuleList(up)
        _start_as_half_size(down[0][0], up[-1][1])

    def forward(self, pair: torch.Tensor) -> torch.Tensor:
        skips = []
        for block in self.down:
            pair = block(pair)
            skips.append(pair)
        result = self.up[0](skips[-1])
        for block, skip in zip(self.up[1:], skips[-2::-1], strict=True):
            result = block(torch.cat([result, skip], dim=1))
        return result


def _start_as_half_size(first: nn.Module, last: nn.Module) -> None:
    """The outermost skip starts by passing on the degraded image at half size, logit(x) being about 4 x - 2."""
    init_small_(first)
    init_small_(last)
    taken, given = weight_of(first), weight_of(last)
    with torch.no_grad():
        for colour in range(3):
            taken[colour, colour, 1:3, 1:3] = 1 / 4
            given[len(taken) + colour, colour, 1:3, 1:3] = 4
        bias_of(last).fill_(-2)


class GfrNet(nn.Module):
    """177,401,349 parameters at width 64. (N, 3, S, S), or with a guide (N, 6, S, S), in [0, 1] to (N, 3, S, S).

    size: side S in pixels, a power of two; below 256 px both networks have fewer halvings. In training the result is a
    mapping: "restored", "warped" (the guide on the face), and "grid". As in the authors' program (the package stn of
    csxmli2016/GFRNet: test.lua, 5ad9778) the grid's corners are pixel centres, and outside the guide is black.
    """

    def __init__(self, width: int = 64, size: int = 256) -> None:
        super().__init__()
        halvings = min(HALVINGS, size.bit_length() - 1)
        self.warp, self.reconstruct = WarpNet(width, halvings), RecNet(width, halvings)

    def forward(self, x: torch.Tensor) -> torch.Tensor | Mapping[str, torch.Tensor]:
        degraded, guide = x[:, :3], x[:, -3:]  # without a guide of its own both are the degraded image
        grid = self.warp(torch.cat([degraded, guide], dim=1)).float()
        warped = functional.grid_sample(guide.float(), grid, padding_mode="zeros", align_corners=True)
        restored = self.reconstruct(torch.cat([degraded, warped.detach()], dim=1))
        return {"restored": restored, "warped": warped, "grid": grid} if self.training else restored


def places(outputs: Tensors, batch: Tensors) -> torch.Tensor:
    """Mean squared distance of the grid from where each pixel lies in the guide, in half sides.

    The paper has it at landmarks. Where the degraded image is its own guide every pixel lies where it is, and where
    both faces are aligned alike their landmarks nearly do.
    """
    identity = torch.eye(2, 3, device=outputs["grid"].device).expand(len(outputs["grid"]), 2, 3)
    wanted = functional.affine_grid(identity, list(batch["reference"].shape), align_corners=True)
    return (outputs["grid"] - wanted).square().sum(dim=3).mean()


def variation(outputs: Tensors, batch: Tensors) -> torch.Tensor:
    """Total variation of the grid: mean squared difference of neighbours."""
    grid = outputs["grid"]
    return (grid[:, 1:] - grid[:, :-1]).square().mean() + (grid[:, :, 1:] - grid[:, :, :-1]).square().mean()


# Section 4.2 of the paper, as it is cited (not re-read): reconstruction 100, perceptual 0.001 on a face recogniser's
# features (here the ISPL paper's maps of VGG-19), adversarial 1 (the global one; the local one, 0.5, on the face's box
# is left out), landmarks 10, variation 1; Adam 2e-4 with momentum 0.5, the rate lowered twice by ten. When it falls is
# chosen here, and so are the discriminator and its least squares. sonack/GFRNet_pytorch_new (opts.py, 08efb14), a
# rewrite by others, has the same weights but for the reconstruction: 0.1 times a sum over pixels.
TRAINING = TrainingConfig(
    scale=SCALE,
    losses={"mse": 100.0, "perceptual": 0.001, "lsgan": 1.0, "places": 10.0, "variation": 1.0},
    learning_rate=2e-4,
    betas=(0.5, 0.999),
    constant_share=1.0,
    drops={1 / 2: 0.1, 3 / 4: 0.1},
    functions={"places": places, "variation": variation},
    discriminator="patch_3",
    condition=guides,
    version=2,
)

_NETWORK = NetworkMethod("gfrnet", GfrNet, TRAINING, sized=True)
configure, build = _NETWORK.configure, _NETWORK.build


def load(device: str, checkpoint: Path | None, size: int) -> Method:
    """As NetworkMethod.load; images of a split are given with their guides, others are their own."""
    return replace(_NETWORK.load(device, checkpoint, size), condition=guides)
