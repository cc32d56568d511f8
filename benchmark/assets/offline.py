"""No network: for the whole process when the user says so, and always around a metric that another package loads.

Such packages fetch what they miss without asking. Here every such way ends in `Blocked`, which names the file.
"""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NoReturn
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
        for place, name, shut in _doors():
            setattr(place, name, shut)


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
    below them the sockets are blocked too, see _doors.
    """
    import huggingface_hub.constants
    import torch.hub  # keeps a urlopen of its own

    asked: list[str] = []

    def note(request: Any, *_arguments: Any, **_options: Any) -> None:
        asked.append(getattr(request, "full_url", request))
        raise Blocked(f"{asked[-1]} was asked for; the benchmark downloads nothing by itself")

    with ExitStack() as stack:
        stack.enter_context(patch("urllib.request.urlopen", note))
        stack.enter_context(patch.object(torch.hub, "urlopen", note))
        stack.enter_context(patch.object(huggingface_hub.constants, "HF_HUB_OFFLINE", True))
        for place, name, shut in _doors():
            stack.enter_context(patch.object(place, name, shut))
        yield asked


_SENDING = ("connect", "connect_ex", "sendto", "sendmsg")
_LOOKING_UP = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo")
_as_before = {name: getattr(socket.socket, name) for name in _SENDING}


def _doors() -> Iterator[tuple[Any, str, Callable[..., Any]]]:
    """What leads out of this process, and what stands in its place: sockets to other machines and look-ups of names.

    Sockets of this machine's own processes (AF_UNIX) stay open. Not covered, and said in the README: programs that are
    started (cmd:), and libraries that do not use Python's sockets.
    """
    for name in _SENDING:
        yield socket.socket, name, _local_only(name)
    for name in _LOOKING_UP:
        yield socket, name, _refuse


def _local_only(name: str) -> Callable[..., Any]:
    def send(self: socket.socket, *arguments: Any) -> Any:
        if self.family != socket.AF_UNIX:
            _refuse(_address(name, arguments))
        return _as_before[name](self, *arguments)

    return send


def _address(name: str, arguments: tuple[Any, ...]) -> Any:
    """The address is the last argument; sendmsg may have none."""
    return arguments[-1] if name != "sendmsg" or len(arguments) == 4 else "another machine"


def _refuse(address: Any, *_arguments: Any, **_options: Any) -> NoReturn:
    raise Blocked(f"{address} was asked for; the network is blocked")
