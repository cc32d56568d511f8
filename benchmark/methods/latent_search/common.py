"""What methods that search a generator's latent space share: the user's generator, and the way from image to image."""

import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch.nn import functional

from benchmark.assets import trust
from benchmark.methods.method import Method
from degrade.core.errors import InputError
from degrade.core.image import Image
from degrade.core.resize import match_scale, resize_bicubic
from degrade.core.storage.files import sha256_file
from ispl_model.runtime.device import own_randomness
from ispl_model.runtime.tensors import to_images

SCALE = 16  # of both searches: what is stored larger than a sixteenth of the side is reduced

# From a target (1, 3, h, w) in [0, 1] to a face (1, 3, S, S) in [0, 1].
Search = Callable[[torch.Tensor], torch.Tensor]


def load_generator(method: str, file: str, device: torch.device, members: Sequence[str]) -> torch.jit.ScriptModule:
    """A TorchScript file with the attributes and methods named `members`, frozen.

    Raises InputError when the user does not trust it, and when it cannot be read or lacks one of them.
    """
    if not os.path.isfile(file):  # False too for what cannot be a name
        raise InputError(f"{method}:{file}: expected a generator as TorchScript, got nothing there")
    trust.require(f"{method}:{file}")
    try:
        with warnings.catch_warnings(action="ignore"):  # newer versions of torch would have torch.export used
            generator = torch.jit.load(file, map_location=device).eval()
    except Exception as error:  # torch raises nearly every kind of exception on bad bytes
        raise InputError(f"{method}:{file}: cannot be read as TorchScript; export it with torch.jit.script") from error
    missing = [member for member in members if not hasattr(generator, member)]
    if missing:
        needs = f"expected a generator with {', '.join(members)}, {missing[0]} is missing"
        raise InputError(f"{method}:{file}: {needs}; see benchmark/methods/{method}.py")
    for parameter in generator.parameters():
        parameter.requires_grad_(False)
    return generator


def searcher(name: str, search: Search, device: torch.device, size: int) -> Method:
    """The method `name`; every search starts from the same draw, whatever was restored before.

    Raises InputError when `size` is not a multiple of SCALE.
    """
    if size % SCALE:
        raise InputError(f"{name}: expected a side that is a multiple of its scale {SCALE}, got {size}")

    def restore(images: Sequence[Image]) -> list[Image]:
        restored = []
        # Unoptimised: TorchScript rounds differently once it has seen a few calls and fused what it can.
        with own_randomness(device) as seed, torch.jit.optimized_execution(False):
            for image in images:
                seed(0)
                given = match_scale(image, size, SCALE).transpose(2, 0, 1)[None]  # (1, 3, h, w)
                (face,) = to_images(search(torch.from_numpy(given.copy()).to(device)))
                restored.append(resize_bicubic(face, size, size))
        return restored

    return Method(name, restore, SCALE)


def digest(file: str) -> str:
    """SHA-256 of the generator's file."""
    return sha256_file(Path(file))


def reduced(face: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Antialiased bicubic, a = -0.5, to the sides of `like`; not clipped. (1, 3, S, S) => (1, 3, h, w)"""
    return functional.interpolate(face, like.shape[-2:], mode="bicubic", antialias=True)
