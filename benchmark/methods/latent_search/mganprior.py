"""mganprior:FILE: multi-code GAN prior (Gu et al., CVPR 2020), a search for the face that, reduced, is the input.

FILE is the user's generator as TorchScript (torch.jit.script and save), which is a program: it is run with --trust
only. For the original it is a PGGAN, cut in two at the composing layer (the sixth for super-resolution):

    latent_width: int              512 for PGGAN
    head(latents: Tensor)          (N, width) => features at the composing layer (N, C, h, w)
    tail(features: Tensor)         (1, C, h, w) => (1, 3, S, S) in [-1, 1]

As published: 30 latent codes; their features, weighted by code and channel, are summed, divided by their number and
finished by the rest of the generator; codes and weights follow gradient descent at rate 1 for 2000 steps; loss L2 plus
perceptual, of values in [-1, 1] at the input's size. From the authors' code, not their paper: weights start at one over
the number of codes; the perceptual loss is 0.001 times the mean difference of VGG-16's relu3_3 on ImageNet's
statistics, images repeated to 256 px. Chosen here: the output is reduced as the input was, antialiased bicubic, for
their bilinear.
"""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from benchmark.assets.loading import load_state
from benchmark.assets.weights import weight_path
from benchmark.methods.latent_search.common import digest, load_generator, reduced, searcher  # noqa: F401 - digest is ours too
from benchmark.methods.method import Method
from degrade.core.progress import progress_bar
from ispl_model.runtime.device import find_device

STEPS = 2000
RATE = 1.0
CODES = 30
PERCEPTUAL = 1e-3
_VGG_FILE, _VGG_LAYERS, _VGG_SIDE = "checkpoints/vgg16-397923af.pth", 16, 256  # up to relu3_3
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

Features = Callable[[torch.Tensor], torch.Tensor]


def load(device: str, file: str, size: int) -> Method:
    """The search over the generator of a file; gives images of `size` px.

    Raises InputError for a file that is no such generator.
    """
    where = find_device(device)
    generator = load_generator("mganprior", file, where, ("latent_width", "head", "tail"))
    features = _vgg().to(where)
    return searcher(f"mganprior:{file}", lambda target: search(generator, features, target), where, size)


def search(
    generator: torch.jit.ScriptModule, features: Features, target: torch.Tensor, steps: int = STEPS, codes: int = CODES
) -> torch.Tensor:
    """The face after the last step. target: (1, 3, h, w) in [0, 1] => (1, 3, S, S), about [0, 1].

    features: what the perceptual loss compares, of images in [-1, 1].
    """
    latents = torch.randn(codes, generator.latent_width).to(target.device)  # drawn alike for every device
    with torch.no_grad():
        wanted = features(target * 2 - 1)
        channels = generator.head(latents[:1]).shape[1]
    weights = torch.full((codes, channels, 1, 1), 1 / codes, device=target.device)
    optimiser = torch.optim.SGD([latents.requires_grad_(), weights.requires_grad_()], lr=RATE)

    def face() -> torch.Tensor:
        return generator.tail((generator.head(latents) * weights).mean(0, keepdim=True))

    for _ in progress_bar(range(steps), "mganprior", leave=False):
        found = reduced(face(), target)
        difference = functional.mse_loss(found, target * 2 - 1)
        loss = difference + PERCEPTUAL * functional.l1_loss(features(found), wanted)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        return face() / 2 + 0.5


class _Vgg(nn.Module):
    """(1, 3, h, w) in [-1, 1] to the maps of relu3_3."""

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, layers: nn.Sequential) -> None:
        super().__init__()
        self.layers = layers
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(_DEVIATION).view(1, 3, 1, 1))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        scaled = (image / 2 + 0.5 - self.mean) / self.deviation
        return self.layers(functional.interpolate(scaled, (_VGG_SIDE, _VGG_SIDE), mode="nearest"))


def _vgg() -> _Vgg:
    from torchvision.models import vgg16

    with torch.device("meta"):  # most of it is not used
        layers = vgg16().features[:_VGG_LAYERS]
    state = load_state(weight_path(_VGG_FILE))
    layers.load_state_dict({key: state[f"features.{key}"] for key in layers.state_dict()}, assign=True)
    return _Vgg(layers).eval().requires_grad_(False)
