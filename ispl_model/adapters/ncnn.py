"""FILE.param and FILE.bin of ncnn through the package ncnn, on the processor."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from degrade.core.errors import InputError
from degrade.core.image import Image
from degrade.core.storage.files import digest_of, sha256_file
from degrade.core.storage.paths import read_text
from ispl_model.adapters.model import ImageModel, found_by_trying
from ispl_model.adapters.spelling import need_file, parse_range, parse_side, split_options

_KIND, _OPTIONS = "ncnn", ("range", "size")
_MAGIC = "7767517"  # the first line of every .param file in text
_MULTIPLE = 16  # ncnn does not check sizes inside a network, so which it takes cannot be tried


@dataclass(frozen=True)
class Layer:
    """One line of a .param file. inputs, outputs: names of blobs. options: by their numbers, as text."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    options: dict[str, str]


@dataclass(frozen=True)
class _Network:
    name: str
    net: Any
    blobs: tuple[str, str]  # that are given and asked for
    limits: tuple[float, float]

    def __call__(self, image: Image) -> Image:
        """(H, W, 3) in [0, 1] => (h, w, 3), not clipped. InputError when the network fails or gives no image."""
        import ncnn

        low, high = self.limits
        planes = np.ascontiguousarray(image.transpose(2, 0, 1) * np.float32(high - low) + np.float32(low))
        extractor = self.net.create_extractor()
        extractor.input(self.blobs[0], ncnn.Mat(planes).clone())  # a Mat alone does not keep its array alive
        failed, result = extractor.extract(self.blobs[1])
        restored = np.array(result)
        if failed or restored.ndim != 3 or restored.shape[0] != 3:
            raise InputError(f"{self.name}: expected one colour image out of it, got an array of {restored.shape}")
        return np.ascontiguousarray((restored.transpose(1, 2, 0) - low) / (high - low), np.float32)


def load(argument: str, _device: str = "cpu") -> ImageModel:
    """The network of `FILE.param[,range=LOW..HIGH][,size=SIDE]`, whose weights are FILE.bin beside it.

    range, size: same as for ispl_model.adapters.onnx. Sides are mirrored up to a multiple of 16. Raises InputError for
    a missing package or file, a file that is not ncnn's, and a network that is not one image to another.
    """
    name, (param, weights, options) = f"{_KIND}:{argument}", _parsed(argument)
    limits = parse_range(name, options.get("range", "0..1"))
    side = parse_side(name, options["size"]) if "size" in options else None
    blobs = _ends(name, read_layers(param))
    return found_by_trying(name, _Network(name, _loaded(param, weights), blobs, limits), side, _MULTIPLE)


def digest(argument: str) -> str:
    """SHA-256 over those of both files."""
    return digest_of([sha256_file(path) for path in _parsed(argument)[:2]])


def read_layers(param: Path) -> list[Layer]:
    """The layers of a .param file in their order; InputError where it is none."""
    lines = read_text(param, "replace").split("\n")
    try:
        if lines[0].strip() != _MAGIC:
            raise ValueError
        return [_layer(line.split()) for line in lines[2:] if line.strip()]
    except (IndexError, ValueError) as error:
        raise InputError(f"{_KIND}:{param}: expected a text of ncnn's layers, got something else") from error


def _layer(words: list[str]) -> Layer:
    first = 4 + int(words[2])
    last = first + int(words[3])
    if len(words) < last:
        raise ValueError
    options = dict(word.split("=", 1) for word in words[last:])
    return Layer(words[0], tuple(words[4:first]), tuple(words[first:last]), options)


def _ends(name: str, layers: list[Layer]) -> tuple[str, str]:
    """The blob that is given and the one that nothing takes."""
    given = [blob for layer in layers if layer.kind == "Input" for blob in layer.outputs]
    taken = {blob for layer in layers for blob in layer.inputs}
    made = [blob for layer in layers if layer.kind != "Input" for blob in layer.outputs if blob not in taken]
    if len(given) != 1 or len(made) != 1:
        got = f"{', '.join(given) or 'none'} and {', '.join(made) or 'none'}"
        raise InputError(f"{name}: expected a network of one input and one output, got {got}")
    return given[0], made[0]


def _parsed(argument: str) -> tuple[Path, Path, dict[str, str]]:
    param, options = split_options(_KIND, argument, _OPTIONS)
    if param.suffix != ".param":
        raise InputError(f"{_KIND}:{argument}: expected FILE.param, got {param.name}")
    return need_file(_KIND, param), need_file(_KIND, param.with_suffix(".bin")), options


def _loaded(param: Path, weights: Path) -> Any:
    try:
        import ncnn
    except ImportError as error:
        raise InputError(f"{_KIND}:{param}: needs a package; pip install ncnn ({error})") from error
    net = ncnn.Net()
    net.opt.use_vulkan_compute = False
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    net.opt.num_threads = torch.get_num_threads()
    if net.load_param(str(param)) or net.load_model(str(weights)):
        cause = f"ncnn does not know its layers, or {weights.name} is another network's"
        raise InputError(f"{_KIND}:{param}: cannot be loaded; {cause}")
    return net
