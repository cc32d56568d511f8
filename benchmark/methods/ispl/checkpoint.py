"""ispl:FILE.safetensors: any checkpoint of the ISPL network, at any side of image."""

import os
from collections.abc import Sequence
from pathlib import Path

from benchmark.methods.method import Method
from degrade.core.errors import InputError
from degrade.core.image import Image
from degrade.core.resize import match_scale, resize_bicubic
from degrade.core.storage.files import sha256_file
from ispl_model.restoration.restorer import load_network, restore_images
from ispl_model.runtime.device import find_device
from ispl_model.runtime.tensors import parameter_count


def load(device: str, file: str, size: int) -> Method:
    """The network of a checkpoint. At another side than its own, bicubic resizing in and out.

    Raises InputError for a file that is no checkpoint of ISPL, and for a variant that needs more than an image.
    """
    return restoring(f"ispl:{file}", _found(file), device, size)


def restoring(name: str, path: Path, device: str, size: int) -> Method:
    """The method of that name over the network of a file."""
    where = find_device(device)
    network, _ = load_network(path, where)
    if network.config.inputs != 3:
        more = f"{network.config.variant} needs a parsing map with each image"
        raise InputError(f"{name}: {more}, got only images; choose a checkpoint of another variant")
    side = network.config.size

    def restore(images: Sequence[Image]) -> list[Image]:
        restored = restore_images(network, [match_scale(image, side, 1) for image in images], side, where)
        return restored if side == size else [resize_bicubic(image, size, size) for image in restored]

    return Method(name, restore, scale=1, parameters=parameter_count(network))


def digest(file: str) -> str:
    """SHA-256 of the file."""
    return sha256_file(_found(file))


def _found(file: str) -> Path:
    path = Path(os.path.expanduser(file))
    if not os.path.isfile(path):  # False too for what cannot be a name
        raise InputError(f"ispl:{file}: expected a checkpoint of `ispl train`, got nothing there; correct the path")
    return path
