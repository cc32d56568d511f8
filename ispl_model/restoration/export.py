"""A checkpoint as an ONNX file: one graph that any runtime computes, checked against the network before it is kept."""

import json
import logging
import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import nn

from degrade.core.errors import Failed, InputError
from degrade.core.formats.container import max_pixels
from degrade.core.storage.files import write_bytes
from degrade.portraits.paint import paint
from ispl_model.adapters import onnx
from ispl_model.restoration.restorer import Restorer

OPSET = 18
MOST_APART = 1.0  # grey levels between the network and the exported graph, at any pixel of the image that is tried


@dataclass(frozen=True)
class Exported:
    """What was written. apart: grey levels between the network and the graph, at the pixel where they differ most."""

    path: Path
    side: int
    apart: float


def export_onnx(restorer: Restorer, path: Path, side: int | None = None) -> Exported:
    """Write FILE.onnx: `image` (1, 3, side, side), RGB in [0, 1], to `restored` of the same kind, in float32.

    side: px, the network's own unless given; a multiple of that between its finest and coarsest map. The level is that
    of the restorer. What the graph is, checkpoint and level, stands in its metadata. Raises InputError for a side that
    the network does not take and a missing package; Failed, without a file, where onnxruntime's picture of a painted
    face is not that of the network within MOST_APART.
    """
    side = _checked_side(restorer, side or restorer.size)
    model = _graph(restorer, side)
    for key, value in (restorer.facts | {"side": side}).items():
        model.metadata_props.add(key=key, value=value if isinstance(value, str) else json.dumps(value))
    data = model.SerializeToString()
    apart = _apart(restorer, data, side)
    if not apart <= MOST_APART:
        raise Failed(
            f"{path}: expected onnxruntime's picture within {MOST_APART:g} grey level of the network's, "
            f"got {apart:.2f}; nothing was written"
        )
    write_bytes(path, data)
    return Exported(path, side, apart)


def _checked_side(restorer: Restorer, side: int) -> int:
    step = 2**restorer.network.config.top_level
    if side % step or side <= 0:
        raise InputError(f"{restorer.source}: size: expected a multiple of {step} px, got {side}")
    most = max_pixels()
    if most is not None and side**2 > most:
        raise InputError(f"{restorer.source}: size: expected at most {math.isqrt(most)} px, got {side}")
    return side


class _AtLevel(nn.Module):
    def __init__(self, restorer: Restorer) -> None:
        super().__init__()
        self.network, self.level = restorer.network, restorer.level

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        restored: torch.Tensor = self.network(image, self.level)
        return restored


def _graph(restorer: Restorer, side: int) -> Any:
    image = torch.zeros(1, 3, side, side, device=next(restorer.network.parameters()).device)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    try:
        with torch.no_grad(), warnings.catch_warnings(action="ignore"):
            program = torch.onnx.export(
                _AtLevel(restorer).eval(), (image,), dynamo=True, opset_version=OPSET, verbose=False,
                input_names=["image"], output_names=["restored"],
            )  # fmt: skip
    except ImportError as error:
        raise InputError(f"export: needs packages; pip install onnx onnxscript onnxruntime ({error})") from error
    assert program is not None  # it is None only where a path is given
    return program.model_proto


def _apart(restorer: Restorer, data: bytes, side: int) -> float:
    face = paint(0, side)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "tried.onnx"
        file.write_bytes(data)
        graph = onnx.load(str(file)).run(face)
    network = _AtLevel(restorer)
    with torch.no_grad():
        given = torch.from_numpy(np.ascontiguousarray(face.transpose(2, 0, 1)))[None]
        wanted = network(given.to(next(network.parameters()).device))[0].permute(1, 2, 0).cpu().numpy()
    return float(255 * np.abs(graph - wanted).max())
