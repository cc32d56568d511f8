"""Weights with the facts that made them: safetensors whose header is JSON. Nothing is ever unpickled."""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypedDict, TypeVar

import safetensors
import torch
from safetensors.torch import save as to_bytes
from torch import nn

from degrade.core.errors import InputError
from degrade.core.storage import strict_json
from degrade.core.storage.files import sha256_file, write_bytes
from ispl_model.runtime.device import seeded_build

SCHEMA = 1
PUBLISHED_WIDTH = 64  # where ISPL takes at most 0.7 GB
Network = TypeVar("Network", bound=nn.Module)
HEADER_KEYS = ("method", "network", "training", "recipe", "step", "commit", "schema")
_PICKLES = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


class _Training(TypedDict, total=False):
    version: int


class _Header(TypedDict):
    method: str
    network: dict[str, Any]
    training: _Training | None
    recipe: Any
    step: int | None
    commit: str | None
    schema: int


def save(path: Path, state: Mapping[str, torch.Tensor], header: Mapping[str, Any], half: bool = False) -> None:
    """Write a checkpoint, whole or not at all; the same state and header give the same bytes.

    header: of HEADER_KEYS, "method" and "network" (the config that builds the network) at least;
        what else is not known is stored as null. `commit`, unless given, and `schema` are filled in here.
    half: store floating point weights as float16, half the size.
    """
    whole = complete_header(header)
    write_tensors(path, {key: _half(value) if half else value for key, value in state.items()}, whole)


def complete_header(header: Mapping[str, Any]) -> dict[str, Any]:
    """The header as `save` stores it. Raises ValueError for an unknown key and without method and network."""
    if extra := set(header) - set(HEADER_KEYS):
        raise ValueError(f"header: unknown keys {sorted(extra)}, expected some of {HEADER_KEYS}")
    whole = dict.fromkeys(HEADER_KEYS) | {"commit": commit()} | dict(header) | {"schema": SCHEMA}
    if not whole["method"] or whole["network"] is None:
        raise ValueError("header: 'method' and 'network' are needed to build the network again")
    return whole


def load(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """The weights (on the CPU) and the header of a checkpoint.

    Raises InputError for a missing, cut-off or pickled file and for another program's safetensors.
    """
    tensors, header = read_tensors(path)
    _check_header(path, header)
    return tensors, header


def load_header(path: Path) -> dict[str, Any]:
    """The header alone: what made the file, without reading its weights."""
    header = read_tensors(path, only_header=True)[1]
    _check_header(path, header)
    return header


def build_filled(build: Callable[[], Network], width: int, state: Mapping[str, torch.Tensor], name: str) -> Network:
    """What `build` gives, filled with `state`; InputError as load_weights, before a wide network takes memory.

    width: of the network. Above the published 64 it is first built with shapes alone, which is slower than with
    values. Random draws of `build` do not leak.
    """
    if width > PUBLISHED_WIDTH:
        try:
            with torch.device("meta"):
                expected = seeded_build(build, 0).state_dict()
        except RuntimeError as error:  # of sides whose product is beyond any memory
            raise InputError(f"{name}: describes a network that cannot be built ({error})") from error
        _refuse_other(expected, state, name)
    network = seeded_build(build, 0)
    load_weights(network, state, name)
    return network


def load_weights(network: nn.Module, state: Mapping[str, torch.Tensor], name: str) -> None:
    """Fill `network` with `state`, every tensor of it; InputError names `name` and the first difference."""
    _refuse_other(network.state_dict(), state, name)
    network.load_state_dict(state)


def require_version(path: Path, header: Mapping[str, Any], version: int) -> None:
    """InputError unless the checkpoint is of this version of its method; one that names none is of the first."""
    found = (header["training"] or {}).get("version", 1)
    if found != version:
        method = f"version {version} of {header['method']}"
        raise InputError(f"{path}: expected weights of {method}, got those of version {found}; train it anew")


def warm_start(network: nn.Module, config: Mapping[str, Any], path: Path) -> None:
    """Fill `network` with a checkpoint of the same config; InputError when it is another network's."""
    state, header = load(path)
    ours, theirs = json.loads(json.dumps(config)), header["network"]
    different = sorted(
        key for key in ours.keys() | theirs.keys() if (ours.get(key) or None) != (theirs.get(key) or None)
    )
    if different:
        names = ", ".join(f"{key} {theirs.get(key)} instead of {ours.get(key)}" for key in different)
        raise InputError(f"{path}: cannot be the start of this network ({names}); build the network as it was there")
    load_weights(network, state, str(path))


def file_label(path: Path) -> str:
    """What a header says of a file: its name and the start of its SHA-256. Raises InputError when it is not there."""
    if not path.is_file():
        raise InputError(f"{path}: expected an existing file")
    return f"{path.name} sha256:{sha256_file(path)[:12]}"


def write_tensors(path: Path, tensors: Mapping[str, torch.Tensor], header: Mapping[str, Any]) -> None:
    """Atomic safetensors file with one metadata entry, `header`, holding strict JSON."""
    plain = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
    text = json.dumps(header, allow_nan=False, sort_keys=True)
    write_bytes(path, to_bytes(plain, {"header": text}))


def read_tensors(
    path: Path, kind: Any = dict, only_header: bool = False, remedy: str = ""
) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """The inverse of write_tensors. Raises InputError for anything but a whole file of that kind.

    kind: what the header must hold, see degrade.core.storage.strict_json. remedy: for a file that is not; without one
    it is to copy it again or to choose another.
    """
    _refuse_pickles(path)
    try:
        with safetensors.safe_open(path, "pt") as file:
            header = _decoded_header(path, file.metadata() or {}, kind, remedy)
            tensors = {} if only_header else {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (safetensors.SafetensorError, OSError) as error:
        cut_off = f"not a whole safetensors file ({error}); it may be cut off, {remedy or 'copy it again'}"
        raise InputError(f"{path}: {cut_off}") from error
    return tensors, header


def _decoded_header(path: Path, metadata: Mapping[str, str], kind: Any, remedy: str) -> dict[str, Any]:
    remedy = remedy or "choose another file"
    if "header" not in metadata:
        raise InputError(f"{path}: a safetensors file, but not one of ours (it has no JSON header); {remedy}")
    try:
        strict_json.decode_unique(_outer_header(path))  # which safetensors reads with the last of two equal keys
        return strict_json.decode_unique(metadata["header"], kind)
    except ValueError as error:
        raise InputError(f"{path}: its header is not one of ours ({error}); {remedy}") from error


def _outer_header(path: Path) -> bytes:
    """The header of a whole safetensors file: eight bytes of its length, then JSON."""
    with open(path, "rb") as file:
        return file.read(int.from_bytes(file.read(8), "little"))


def commit() -> str | None:
    """The commit of the source tree this runs from, with "-dirty" where it has changes; None if unknown."""
    tree = Path(__file__).parents[2]
    if not (tree / ".git").exists():
        return None
    command = ["git", "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    try:
        result = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() or None if result.returncode == 0 else None


def _half(value: torch.Tensor) -> torch.Tensor:
    return value.half() if value.is_floating_point() else value


def _refuse_pickles(path: Path) -> None:
    try:
        with open(path, "rb") as file:
            start = file.read(9)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    # A safetensors file begins with the length of its header, which may look like a pickle, and then a brace.
    if start.startswith(_PICKLES) and start[8:] != b"{":
        raise InputError(f"{path}: a pickled PyTorch file, which can run code when read; expected safetensors")


def _check_header(path: Path, header: Mapping[str, Any]) -> None:
    if header.keys() != set(HEADER_KEYS):
        raise InputError(f"{path}: a safetensors file, but no checkpoint; expected the header keys {HEADER_KEYS}")
    if header["schema"] != SCHEMA:
        raise InputError(f"{path}: written with schema {header['schema']!r}, this version reads schema {SCHEMA}")
    try:
        strict_json.check(header, _Header)
    except ValueError as error:
        raise InputError(f"{path}: its header is not that of a checkpoint ({error}); choose another file") from error


def _refuse_other(expected: Mapping[str, torch.Tensor], state: Mapping[str, torch.Tensor], name: str) -> None:
    if difference := _difference(expected, state):
        raise InputError(f"{name}: holds the weights of another network ({difference}); choose its own checkpoint")


def _difference(expected: Mapping[str, torch.Tensor], found: Mapping[str, torch.Tensor]) -> str | None:
    for key in sorted(expected.keys() | found.keys()):
        if key not in found:
            return f"{key} is missing"
        if key not in expected:
            return f"{key} is not part of it"
        if expected[key].shape != found[key].shape:
            return f"{key} has shape {tuple(found[key].shape)}, expected {tuple(expected[key].shape)}"
    return None
