"""pulse:FILE: PULSE (Menon et al., CVPR 2020), a search for the face that, reduced, is the input.

FILE is the user's generator as TorchScript (torch.jit.script and save), which is a program: it is run with --trust
only. For the original it is a StyleGAN synthesis network:

    latent_shape: list[int]        [layers, width] of its latents; [18, 512] for StyleGAN of 1024 px
    noise_shapes: list[list[int]]  [height, width] of its noise maps, in the order it takes them; may be empty
    latent_mean, latent_std        optional, (width,): of the mapping network's output before its last LeakyReLU
    forward(latents: Tensor, noise: list[Tensor]) -> Tensor
                                   (1, layers, width) and maps (1, 1, height, width) => (1, 3, S, S) in [-1, 1]

As published: all latents, and the first five noise maps, move on the spheres of their start by Adam; rate 0.4, one
linear cycle with a drop, 100 steps; loss 100 L2 + 0.05 GEOCROSS; the last noise map is zero; the face with the lowest
loss counts, and none when no face came within 0.002 of the input. From the authors' code, not their paper: L2 counts no
less than that tolerance, and GEOCROSS is taken of mapped latents. Chosen here: factor 16; the input is bicubic to a
sixteenth; a generator without statistics takes its latents as they are drawn. Faces must be aligned as FFHQ.
"""

import math
from collections.abc import Sequence

import torch
from torch.nn import functional

from benchmark.methods.latent_search.common import digest, load_generator, reduced, searcher  # noqa: F401 - digest is ours too
from benchmark.methods.method import Method
from degrade.core.errors import InputError
from degrade.core.progress import progress_bar
from ispl_model.runtime.device import find_device

STEPS = 100
RATE = 0.4
TOLERANCE = 2e-3  # of the mean squared difference to the input, values in [0, 1]
MOVING_NOISE = 5


def load(device: str, file: str, size: int) -> Method:
    """The search over the generator of a file; gives images of `size` px.

    Raises InputError for a file that is no such generator; an image that no face comes near to fails with one.
    """
    where = find_device(device)
    generator = load_generator("pulse", file, where, ("latent_shape", "noise_shapes"))
    return searcher(f"pulse:{file}", lambda target: search(generator, target), where, size)


def search(generator: torch.jit.ScriptModule, target: torch.Tensor, steps: int = STEPS) -> torch.Tensor:
    """The face with the lowest loss. target: (1, 3, h, w) in [0, 1] => (1, 3, S, S), about [0, 1].

    Raises InputError when no face on the way came within TOLERANCE of the target.
    """
    latents = torch.randn(1, *generator.latent_shape).to(target.device)  # drawn alike for every device
    noise = [torch.randn(1, 1, *shape).to(target.device) for shape in generator.noise_shapes]
    if noise:
        noise[-1].zero_()
    moving = [latents, *noise[:-1][:MOVING_NOISE]]
    radii = [_radius(value) for value in moving]
    optimiser = torch.optim.Adam([value.requires_grad_() for value in moving], lr=RATE)
    best: torch.Tensor | None = None
    least, nearest = math.inf, math.inf
    for step in progress_bar(range(steps), "pulse", leave=False):
        optimiser.param_groups[0]["lr"] = RATE * rate_share(step / steps)
        mapped = _mapped(generator, latents)
        face = generator(mapped, noise) / 2 + 0.5
        distance = functional.mse_loss(reduced(face, target), target)
        loss = 100 * distance.clamp(min=TOLERANCE) + 0.05 * geodesic_cross(mapped)
        nearest = min(nearest, distance.item())
        if loss.item() < least:
            best, least = face.detach(), loss.item()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        _return_to_spheres(moving, radii)
    if best is None or not nearest <= TOLERANCE:
        raise InputError(f"pulse: no face within {TOLERANCE:g} of the input in {steps} steps, nearest {nearest:.2g}")
    return best


def rate_share(progress: float) -> float:
    """Share of the rate: from 0.1 up to 1 and back to 0.1 over nine tenths, then down to 0.001; progress in [0, 1).

    >>> [round(rate_share(progress), 4) for progress in (0, 0.45, 0.9, 0.95)]
    [0.1, 1.0, 0.1, 0.0505]
    """
    if progress < 0.9:
        return 1 - 0.9 * abs(progress / 0.45 - 1)
    return 0.1 - 0.99 * (progress - 0.9)


def geodesic_cross(latents: torch.Tensor) -> torch.Tensor:
    """width / 8 times the mean, over pairs of layers, of the squared angle between their vectors.

    latents: (1, layers, width). Zero when all layers agree, and for a single one.
    """
    one, other = latents[0, :, None], latents[0, None, :]
    apart, together = ((one + sign * other).square().sum(-1).add(1e-9).sqrt() for sign in (-1, 1))
    angles = 2 * torch.atan2(apart, together)
    return latents.shape[-1] / 8 * angles.square().mean()


def _mapped(generator: torch.jit.ScriptModule, latents: torch.Tensor) -> torch.Tensor:
    if not hasattr(generator, "latent_std"):
        return latents
    return functional.leaky_relu(latents * generator.latent_std + generator.latent_mean, 0.2)


def _radius(value: torch.Tensor) -> torch.Tensor:
    """Length of each vector of latents, or of a whole noise map."""
    return value.detach().square().sum(tuple(range(2, value.ndim)), keepdim=True).add(1e-9).sqrt()


@torch.no_grad()
def _return_to_spheres(values: Sequence[torch.Tensor], radii: Sequence[torch.Tensor]) -> None:
    for value, radius in zip(values, radii, strict=True):
        value.mul_(radius / _radius(value))
