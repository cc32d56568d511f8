"""Networks of ispl_model.adapters as methods: files that a user brings, and published ones below $TORCH_HOME."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.assets.weights import find_weight, state, weight_path
from benchmark.methods.method import Method
from degrade.core.errors import InputError
from degrade.core.image import Image
from degrade.core.resize import match_scale, resize_bicubic
from degrade.core.storage.files import digest_of, sha256_file
from ispl_model.adapters import ncnn as ncnn_files
from ispl_model.adapters import onnx as onnx_files
from ispl_model.adapters import rrdb
from ispl_model.adapters import spandrel as spandrel_files
from ispl_model.adapters.model import ImageModel


def as_method(name: str, model: ImageModel, size: int) -> Method:
    """The model as a method that gives images of `size` px.

    A network of whole faces is given the degraded image resized to its side, any other the one that its scale makes
    `size` of (match_scale). Raises InputError for a side that is no multiple of the scale.
    """
    if size % model.scale:
        raise InputError(f"{name}: expected a side that is a multiple of its scale {model.scale}, got {size}")

    def restored(image: Image) -> Image:
        if not (model.side and model.takes_faces):
            return model.restore(match_scale(image, size, model.scale))
        face = model.restore(resize_bicubic(image, model.side, model.side))
        return face if model.side == size else resize_bicubic(face, size, size)

    def restore(images: Sequence[Image]) -> list[Image]:
        return [restored(image) for image in images]

    return Method(name, restore, model.scale, parameters=model.parameters)


@dataclass(frozen=True)
class ModelFile:
    """A kind of model file; used as a module is. files: its module in ispl_model.adapters."""

    kind: str
    files: Any

    def load(self, device: str, argument: str, size: int) -> Method:
        """The network of a file and its options; InputError as the adapter says."""
        return as_method(f"{self.kind}:{argument}", self.files.load(argument, device), size)

    def digest(self, argument: str) -> str:
        """SHA-256 of the file, or over those of all its files."""
        return self.files.digest(argument)


@dataclass(frozen=True)
class Published:
    """A network that others trained, in files of benchmark.assets.weights; used as a module is."""

    name: str
    files: tuple[str, ...]
    read: Callable[[Any, str], ImageModel]  # from the path of the first file, and the device

    def load(self, device: str, _argument: None, size: int) -> Method:
        """The network; InputError where a file is not here, or is not the published one."""
        for weight in (find_weight(Path(file).name) for file in self.files):
            if state(weight).startswith("differs"):
                again = f"remove it and fetch it again: benchmark weights fetch {weight.name}"
                raise InputError(f"{self.name}: {weight_path(weight.file)} is not the published file; {again}")
        return as_method(self.name, self.read(weight_path(self.files[0]), device), size)

    def digest(self, _argument: None) -> str:
        """SHA-256 over those of its files."""
        return digest_of([sha256_file(weight_path(file)) for file in self.files])


def _ncnn_pair(name: str) -> tuple[str, str]:
    return f"ncnn/{name}.param", f"ncnn/{name}.bin"


onnx = ModelFile("onnx", onnx_files)
ncnn = ModelFile("ncnn", ncnn_files)
spandrel = ModelFile("spandrel", spandrel_files)
realsr = Published("realsr", _ncnn_pair("realsr-DF2K"), rrdb.load)
realsr_jpeg = Published("realsr:jpeg", _ncnn_pair("realsr-DF2K_JPEG"), rrdb.load)
realesrgan = Published("realesrgan", _ncnn_pair("realesrgan-x4plus"), rrdb.load)
dat_light = Published(
    "dat_light", ("spandrel/DAT_light_x4.pth",), lambda path, device: spandrel_files.load(str(path), device)
)
