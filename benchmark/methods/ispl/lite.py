"""The checkpoint that is shipped with ispl_model: what `ispl restore` does without another one.

It is never retrained, and `ispl` never uses it. Licence CC BY-NC-SA 4.0, as the faces it was trained on.
"""

from collections.abc import Sequence
from pathlib import Path

from benchmark.methods.method import Method
from degrade.core.files import sha256_file
from degrade.core.image import Image
from degrade.core.resize import match_scale, resize_bicubic
from ispl_model.restoration.restorer import load_network, restore_images, shipped_checkpoint
from ispl_model.runtime.device import find_device


def load(device: str, checkpoint: Path | None, size: int) -> Method:
    """The shipped network; `checkpoint` is not used. At another side than its own, bicubic resizing in and out.

    Raises InputError where this installation comes without weights.
    """
    where = find_device(device)
    network, _ = load_network(shipped_checkpoint(), where)
    side = network.config.size

    def restore(images: Sequence[Image]) -> list[Image]:
        restored = restore_images(network, [match_scale(image, side, 1) for image in images], side, where)
        return restored if side == size else [resize_bicubic(image, size, size) for image in restored]

    return Method("ispl-lite", restore, scale=1)


def digest(_argument: None) -> str:
    """SHA-256 of the shipped file."""
    return sha256_file(shipped_checkpoint())
