"""FILE.onnx through onnxruntime: layout, number type, fixed sides and scale are read from the model, or tried."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from degrade.core.errors import InputError, cut
from degrade.core.image import Image
from degrade.core.storage.files import digest_of, sha256_file
from ispl_model.adapters.model import ImageModel, found_by_trying
from ispl_model.adapters.spelling import need_file, parse_range, parse_side, split_options

_KIND, _OPTIONS = "onnx", ("range", "size")
_DTYPES: dict[str, type] = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}
# In the protobuf of a model, the entry {key: "location", value: FILE} of weights that lie in another file.
_ELSEWHERE = re.compile(rb"\n\x08location\x12([\x01-\x7f])", re.DOTALL)


@dataclass(frozen=True)
class _Network:
    """A session, and how its only input is filled. limits: what 0 and 1 become. channels_first: NCHW, else NHWC."""

    name: str
    session: Any
    dtype: type
    limits: tuple[float, float]
    channels_first: bool

    def __call__(self, image: Image) -> Image:
        """(H, W, 3) in [0, 1] => (h, w, 3), not clipped. InputError when the network fails or gives no image."""
        low, high = self.limits
        values = image * np.float32(high - low) + np.float32(low)
        values = np.rint(values) if self.dtype is np.uint8 else values
        batch: np.ndarray = (values.transpose(2, 0, 1) if self.channels_first else values)[None].astype(self.dtype)
        try:
            result = self.session.run(None, {self.session.get_inputs()[0].name: np.ascontiguousarray(batch)})[0]
        except Exception as error:  # onnxruntime has many kinds, which share no class
            raise InputError(f"{self.name}: the network fails ({_first_line(error)})") from error
        shape = result.shape
        if len(shape) != 4 or shape[0] != 1 or 3 not in (shape[1], shape[3]):
            raise InputError(f"{self.name}: expected one colour image out of it, got an array of {shape}")
        planar = shape[1] == 3 and (self.channels_first or shape[3] != 3)
        restored = (result[0].transpose(1, 2, 0) if planar else result[0]).astype(np.float32)
        low, high = (0, 255) if result.dtype == np.uint8 else self.limits
        return np.ascontiguousarray((restored - low) / (high - low), np.float32)


def load(argument: str, device: str = "cpu") -> ImageModel:
    """The network of `FILE.onnx[,range=LOW..HIGH][,size=SIDE]`.

    range: what the network takes and gives for black and white; 0..1 unless given; 0..255 and no other where its input
    is uint8.
    size: the side of the images it takes, where the file leaves it open. device: CUDA where onnxruntime has it.
    Raises InputError for a missing package, a file that is no model, and a model that is not one colour image to
    another of a whole multiple of its size.
    """
    name, (path, options) = f"{_KIND}:{argument}", split_options(_KIND, argument, _OPTIONS)
    session = _session(need_file(_KIND, path), device)
    dtype, channels_first, side = _input(name, session)
    limits = parse_range(name, options.get("range", "0..255" if dtype is np.uint8 else "0..1"))
    if dtype is np.uint8 and limits != (0, 255):
        raise InputError(f"{name}: range: the model takes uint8, which is 0..255, got {options['range']}; leave it out")
    asked = parse_side(name, options["size"]) if "size" in options else None
    if side and asked and side != asked:
        raise InputError(f"{name}: size: the model takes {side} px alone, got {asked}; leave it out")
    return found_by_trying(name, _Network(name, session, dtype, limits, channels_first), side or asked)


def digest(argument: str) -> str:
    """SHA-256 of the file; where it keeps weights in others beside it, over those of all of them."""
    path = need_file(_KIND, split_options(_KIND, argument, _OPTIONS)[0])
    data = path.read_bytes()
    found = {data[place.end() : place.end() + place[1][0]] for place in _ELSEWHERE.finditer(data)}
    others = [path.parent / name.decode(errors="replace") for name in sorted(found)]
    hashes = [sha256_file(file) for file in (path, *others) if file.is_file()]
    return hashes[0] if len(hashes) == 1 else digest_of(hashes)


def _session(path: Path, device: str) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise InputError(f"{_KIND}:{path}: needs a package; pip install onnxruntime ({error})") from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what fails is said in our sentence
    options.intra_op_num_threads = torch.get_num_threads()
    there = onnxruntime.get_available_providers()
    providers: list[Any] = ["CPUExecutionProvider"]
    if device.startswith("cuda") and "CUDAExecutionProvider" in there:
        number = device.partition(":")[2] or "0"
        providers.insert(0, ("CUDAExecutionProvider", {"device_id": number}))
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=providers)
    except Exception as error:  # as above
        raise InputError(f"{_KIND}:{path}: cannot be loaded as an ONNX model ({_first_line(error)})") from error


def _input(name: str, session: Any) -> tuple[type, bool, int | None]:
    """Number type, whether channels come first, and the side where it is fixed."""
    inputs = session.get_inputs()
    shown = ", ".join(f"{one.name} {one.type} {one.shape}" for one in inputs)
    if len(inputs) != 1 or inputs[0].type not in _DTYPES or len(inputs[0].shape) != 4:
        raise InputError(f"{name}: expected one input, a batch of images of float, float16 or uint8, got {shown}")
    batch, *sides = (length if isinstance(length, int) and length > 0 else None for length in inputs[0].shape)
    if batch not in (1, None) or 3 not in (sides[0], sides[2]):
        raise InputError(f"{name}: expected an input of (1, 3, H, W) or (1, H, W, 3), got {shown}")
    channels_first = sides[0] == 3
    height, width = sides[1:] if channels_first else sides[:2]
    if height != width:
        raise InputError(f"{name}: expected an input of free or square size, got {shown}")
    return _DTYPES[inputs[0].type], channels_first, height


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {cut(str(error).strip().partition(chr(10))[0])}"
