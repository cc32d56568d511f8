"""No network: for the whole process when the user says so, and always around a metric that another package loads.

Such packages fetch what they miss without asking. Here every such way ends in `Blocked`, which names the file.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from degrade.core.errors import InputError

VARIABLE = "BENCHMARK_OFFLINE"


class Blocked(OSError):
    """Something tried to reach the network."""


def seal() -> None:
    """Block the network in this process, for good, and in those it starts (they call `obey`)."""
    os.environ[VARIABLE] = "1"
    obey()


def obey() -> None:
    """Block the network in this process if BENCHMARK_OFFLINE is set to anything but 0."""
    if is_sealed():
        os.environ["HF_HUB_OFFLINE"] = "1"
        socket.socket.connect = _connect  # type: ignore[method-assign, assignment]  # replaced on purpose
        socket.getaddrinfo = _refuse  # type: ignore[assignment]


def is_sealed() -> bool:
    """Whether the user asked for no network."""
    return os.environ.get(VARIABLE, "0") not in ("", "0")


def refuse(what: str) -> None:
    """Raise InputError when the user asked for no network; `what` would need it."""
    if is_sealed():
        raise InputError(f"{what}; leave out --offline and unset {VARIABLE}, or copy the file there by hand")


@contextmanager
def no_downloads() -> Iterator[list[str]]:
    """A block of code that cannot reach the network; gives the list of addresses it asked for.

    torch.hub, torchvision, pyiqa and CLIP open addresses, huggingface_hub knows an offline mode of its own;
    below them the sockets are blocked too (but for those of this machine's own processes).
    """
    import huggingface_hub.constants
    import torch.hub  # keeps a urlopen of its own

    asked: list[str] = []

    def note(request: Any, *_arguments: Any, **_options: Any) -> None:
        asked.append(getattr(request, "full_url", request))
        raise Blocked(f"{asked[-1]} was asked for; the benchmark downloads nothing by itself")

    with (
        patch("urllib.request.urlopen", note),
        patch.object(torch.hub, "urlopen", note),
        patch.object(huggingface_hub.constants, "HF_HUB_OFFLINE", True),
        patch.object(socket.socket, "connect", _connect),
        patch.object(socket, "getaddrinfo", _refuse),
    ):
        yield asked


_connect_as_before = socket.socket.connect


def _connect(self: socket.socket, address: Any) -> None:
    if self.family != socket.AF_UNIX:
        _refuse(address)
    _connect_as_before(self, address)


def _refuse(address: Any, *_arguments: Any, **_options: Any) -> None:
    raise Blocked(f"{address} was asked for; the network is blocked")
