"""Any model as a restorer of faces and photographs: a checkpoint of ours, or a spelling of ispl_model.adapters."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from degrade.core.errors import InputError, unknown
from degrade.core.image import Image
from ispl_model.adapters import ncnn, onnx, python_function, rrdb, spandrel
from ispl_model.adapters.model import ImageModel
from ispl_model.restoration.fidelity.tone import keep_grey, keep_tone
from ispl_model.restoration.restorer import VERSION, load_restorer
from ispl_model.restoration.tiles import restore_tiled
from ispl_model.runtime.device import find_device
from ispl_model.runtime.known_files import torch_home

FACE_SIDE = 512  # px of an aligned face for a model that takes any size: FFHQ's, on which most of them were trained
_ADAPTERS: dict[str, Any] = {"spandrel": spandrel, "onnx": onnx, "ncnn": ncnn, "python": python_function}
_KINDS = ("ispl", *_ADAPTERS)
_BY_SUFFIX = {".onnx": "onnx", ".param": "ncnn", ".pth": "spandrel", ".pt": "spandrel", ".py": "python"}
_UPSAMPLERS = {"realesrgan": "ncnn/realesrgan-x4plus.param"}  # below $TORCH_HOME


class FaceRestorer(Protocol):
    """What photographs are restored with.

    size: the side of the faces that it is given, px. scale: how many times as large they come back. batch: faces in
    one pass. facts: what a result depends on, beside its image.
    """

    @property
    def size(self) -> int: ...

    @property
    def scale(self) -> int: ...

    @property
    def batch(self) -> int: ...

    @property
    def facts(self) -> dict[str, Any]: ...

    def restore_faces(self, images: Sequence[Image]) -> list[Image]:
        """Contract images (size, size, 3) to (scale size, scale size, 3); InputError for what cannot be restored."""
        ...

    def restore_whole(self, image: Image) -> Image:
        """An image of any size, in overlapping tiles where it is larger than the model: `scale` times as large."""
        ...


@dataclass(frozen=True)
class AdaptedModel:
    """A FaceRestorer out of a model of ispl_model.adapters."""

    model: ImageModel
    facts: dict[str, Any]
    batch: int = 1

    @property
    def size(self) -> int:
        """A face of FFHQ's 512 px where the model takes any size, reduced by its scale."""
        return self.model.side or FACE_SIDE // self.model.scale

    @property
    def scale(self) -> int:
        """Of the model."""
        return self.model.scale

    def restore_faces(self, images: Sequence[Image]) -> list[Image]:
        """One after another, as adapters do, in the colours that came in (keep_tone)."""
        return [keep_tone(self.model.restore(image), image) for image in images]

    def restore_whole(self, image: Image) -> Image:
        """In tiles of a face's side for a model of whole faces; what is grey stays so."""
        if self.model.takes_faces:
            return restore_tiled(image, self.restore_faces, self.size, self.batch)
        return keep_grey(self.model.restore(image), image)


@dataclass(frozen=True)
class Models:
    """Which models restore, as any process can load them.

    spelling: of load_model; None for a checkpoint of ispl train, None for the one that is shipped. upsampler: of
    load_upsampler, None for none. The others: of load_restorer.
    """

    spelling: str | None = None
    checkpoint: Path | None = None
    upsampler: str | None = None
    device: str = "auto"
    level: float | None = None
    batch: int = 1
    dtype: str = "auto"

    def load(self) -> tuple[FaceRestorer, AdaptedModel | None]:
        """What restores faces, and what enlarges photographs; InputError as those functions."""
        restorer: FaceRestorer
        if self.spelling:
            restorer = load_model(self.spelling, self.device, self.level, batch=self.batch, dtype=self.dtype)
        else:
            restorer = load_restorer(self.checkpoint, self.device, self.level, batch=self.batch, dtype=self.dtype)
        return restorer, load_upsampler(self.upsampler, self.device) if self.upsampler else None


def load_model(
    spelling: str, device: str = "auto", level: float | None = None, *, batch: int = 1, dtype: str = "auto"
) -> FaceRestorer:
    """The model of KIND:ARGUMENT, where KIND is ispl, spandrel, onnx, ncnn or python (docs/methods.md).

    level, dtype: of a network of ours, see load_restorer. Raises InputError for an unknown kind, and as the adapter
    does for what it cannot load.
    """
    kind, argument = _parsed(spelling)
    if kind == "ispl":
        return load_restorer(Path(argument), device, level, batch=batch, dtype=dtype)
    if level is not None or dtype != "auto":
        option = "--level" if level is not None else "--dtype"
        raise InputError(f"{spelling}: {option} is for checkpoints of ispl train; leave it out")
    adapter = _ADAPTERS[kind]
    model = adapter.load(argument, str(find_device(device)))
    facts = {"model": f"{kind}:{argument.rpartition('/')[2]}", "checkpoint": adapter.digest(argument)}
    facts["version"] = str(VERSION)
    return AdaptedModel(model, facts, batch)


def load_upsampler(spelling: str, device: str = "auto") -> AdaptedModel:
    """The model for all of a photograph: `realesrgan` below $TORCH_HOME, or a spelling that load_model takes.

    Raises InputError for a model of whole faces, for a checkpoint of ispl train, and as load_model does.
    """
    if spelling in _UPSAMPLERS:
        path = torch_home() / _UPSAMPLERS[spelling]
        if not path.is_file():
            remedy = f"fetch it with: benchmark weights fetch {spelling}"
            raise InputError(f"{spelling}: expected its weights at {path}, got nothing there; {remedy}")
        facts = {"model": spelling, "checkpoint": ncnn.digest(str(path))}
        return AdaptedModel(rrdb.load(path, str(find_device(device))), facts)
    upsampler = load_model(spelling, device)
    if not isinstance(upsampler, AdaptedModel) or upsampler.model.takes_faces:
        raise InputError(f"{spelling}: restores faces and not whole photographs; give it to --with, or --kind tiles")
    return upsampler


def _parsed(spelling: str) -> tuple[str, str]:
    kind, colon, argument = spelling.partition(":")
    if not colon or not argument:
        guess = _BY_SUFFIX.get(Path(spelling.partition(",")[0]).suffix.lower(), "ispl")
        expected = f"expected KIND:FILE, with KIND one of {', '.join(_KINDS)}"
        raise InputError(f"{spelling}: {expected}; for this file perhaps {guess}:{spelling}")
    if kind not in _KINDS:
        raise unknown("kind of model", kind, _KINDS)
    return kind, os.path.expanduser(argument)
