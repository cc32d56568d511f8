"""Loading files of weights so that none can run code, here and in the packages that metrics and methods use."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmark.assets import trust, weights
from ispl_model.runtime.known_files import Refused


def load_state(path: Path) -> Any:
    """What a file of PyTorch weights holds, on the CPU.

    Raises Refused for another file under a published name and for one that only unpickling could read.
    """
    import torch

    with guarded():
        return torch.load(path, map_location="cpu")


@contextmanager
def guarded() -> Iterator[dict[Path, str]]:
    """A block in which torch reads weights alone; gives the files it read, with what each is (see weights.origin).

    Known files are hashed before they are loaded. TorchScript needs the user's trust, unless it is the published file.
    What this refuses is raised as Refused.
    """
    import safetensors.torch
    import scipy.io
    import torch

    files: dict[Path, str] = {}

    def noting(read: Callable[..., Any]) -> Callable[..., Any]:
        def checked(file: Any, *arguments: Any, **options: Any) -> Any:
            path = _path_of(file)
            if path is not None:
                files[path] = weights.origin(path)
            return read(file, *arguments, **options)

        return checked

    readers: tuple[tuple[Any, str, Callable[..., Any]], ...] = (
        (torch, "load", _weights_only(torch.load)),
        (torch.jit, "load", _trusted(torch.jit.load)),
        (scipy.io, "loadmat", scipy.io.loadmat),
        (safetensors.torch, "load_file", safetensors.torch.load_file),
    )
    with ExitStack() as stack:
        for module, name, reader in readers:
            stack.enter_context(patch.object(module, name, noting(reader)))
        yield files


def _path_of(file: Any) -> Path | None:
    """Of a path or an open file; None of bytes in memory."""
    name = file if isinstance(file, str | Path) else getattr(file, "name", None)
    return Path(name) if isinstance(name, str | Path) else None


def _weights_only(load: Callable[..., Any]) -> Callable[..., Any]:
    import pickle

    def read(file: Any, *arguments: Any, **options: Any) -> Any:
        options |= {"weights_only": True, "pickle_module": None}
        try:
            return load(file, *arguments[:1], **options)
        except pickle.UnpicklingError as error:
            what = getattr(_path_of(file), "name", "a file of weights")
            raise Refused(f"{what}: only unpickling could read it, which runs code in it; it is not loaded") from error

    return read


def _trusted(load: Callable[..., Any]) -> Callable[..., Any]:
    def read(file: Any, *arguments: Any, **options: Any) -> Any:
        path = _path_of(file)
        if path is None or not weights.is_published(path):
            trust.require(path.name if path else "TorchScript in memory")
        return load(file, *arguments, **options)

    return read
