"""folder:DIR: images that were restored elsewhere, paired with the test split by name."""

from collections.abc import Sequence
from pathlib import Path

from benchmark.methods.method import Method
from degrade.core.files import sha256, sha256_file
from degrade.core.image import Image
from degrade.splits.sources import images_by_name


def load(device: str, directory: str, size: int) -> Method:
    """The images below `directory`; the runner checks names and sizes. Device and size are not used."""

    def restore(_images: Sequence[Image]) -> list[Image]:
        raise TypeError("images of a folder are asked for by name")

    return Method(f"folder:{directory}", restore, scale=1, files=images_by_name(Path(directory)))


def digest(directory: str) -> str:
    """SHA-256 over the names and contents of all images."""
    files = images_by_name(Path(directory))
    return sha256("\n".join(f"{name} {sha256_file(path)}" for name, path in files.items()).encode())
