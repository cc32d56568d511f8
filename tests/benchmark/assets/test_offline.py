"""No network: blocked for a process, and for the block of code that loads another package's metric."""

import os
import socket
import subprocess
import sys
import urllib.request

import pytest

from benchmark.assets import offline
from benchmark.assets.offline import Blocked, no_downloads

TRIES = """
import socket, sys
from benchmark.assets import offline
offline.{how}()
for attempt in (
    lambda: socket.getaddrinfo("example.org", 443),
    lambda: socket.create_connection(("127.0.0.1", 9), timeout=1),
    lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).connect(("127.0.0.1", 9)),
    lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).connect_ex(("127.0.0.1", 9)),
    lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9)),
    lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", 0, ("127.0.0.1", 9)),
    lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendmsg([b"x"], [], 0, ("::1", 9)),
    lambda: socket.gethostbyname("example.org"),
    lambda: socket.gethostbyname_ex("example.org"),
    lambda: socket.gethostbyaddr("192.0.2.1"),
    lambda: socket.getnameinfo(("192.0.2.1", 9), 0),
):
    try:
        attempt()
    except offline.Blocked as error:
        print("blocked", error)
    except OSError as error:
        print("open", error)
"""


def run(how: str, **variables: str) -> list[str]:
    environment = {key: value for key, value in os.environ.items() if key != offline.VARIABLE} | variables
    command = [sys.executable, "-c", TRIES.format(how=how)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return [line.split()[0] for line in done.stdout.splitlines()]


def test_a_sealed_process_reaches_no_address():
    assert run("seal") == ["blocked"] * 11


@pytest.mark.parametrize(("value", "expected"), [("1", "blocked"), ("0", "open"), ("", "open")])
def test_the_variable_seals_a_process_too(value, expected):
    assert run("obey", BENCHMARK_OFFLINE=value)[2] == expected  # this machine itself, where nothing answers


def test_processes_of_this_machine_still_reach_each_other(tmp_path):
    place = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client, no_downloads():
        server.bind(place)
        server.listen()
        client.connect(place)


def test_inside_the_block_every_door_is_shut_and_outside_open_again():
    import huggingface_hub.constants
    import torch

    before = (urllib.request.urlopen, torch.hub.urlopen, socket.socket.connect, socket.getaddrinfo)
    with no_downloads() as asked:
        with pytest.raises(Blocked, match=r"example\.org/a\.pth was asked for"):
            urllib.request.urlopen("https://example.org/a.pth")
        with pytest.raises(Blocked):
            torch.hub.load_state_dict_from_url("https://example.org/b.pth", model_dir=os.devnull + "x")
        with pytest.raises(Blocked):
            socket.create_connection(("127.0.0.1", 9))
        assert huggingface_hub.constants.HF_HUB_OFFLINE
    assert asked == ["https://example.org/a.pth", "https://example.org/b.pth"]
    assert (urllib.request.urlopen, torch.hub.urlopen, socket.socket.connect, socket.getaddrinfo) == before
