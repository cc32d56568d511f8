"""Environments of the programs that are compared with, made once below runs/bench/, and processes in them that wait.

Each needs other versions of numpy or OpenCV than this project, so that none can share its environment.
"""

import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

PLACE = Path("runs", "bench")
PEERS = Path(__file__).parent / "peers"
# What pip installs, in order. A peer of LINKED sees this project's environment too, whose torch it shares.
INSTALLS: dict[str, list[list[str]]] = {
    "imgaug": [["numpy<2", "imgaug==0.4.0", "opencv-python-headless<4.12"]],
    "albumentations": [["albumentations==2.0.8"]],
    "gfpgan": [["wheel", "setuptools"], ["--no-deps", "--no-build-isolation", "gfpgan==1.3.8", "basicsr==1.4.2"]],
}
LINKED = ("gfpgan",)


class MissingPeer(Exception):
    """Why a program cannot be compared with here."""


@cache
def python_of(name: str) -> str:
    """The interpreter of a peer's environment, which is made where there is none; MissingPeer where it cannot be."""
    folder = (PLACE / name).absolute()
    python, stamp = folder / "bin" / "python", folder / "installed"
    if stamp.exists():
        return str(python)
    print(f"{name}: making {folder}", file=sys.stderr, flush=True)
    venv.create(folder, with_pip=True, clear=True)
    if name in LINKED:
        (packages,) = folder.glob("lib/python*/site-packages")
        (packages / "linked.pth").write_text(sysconfig.get_path("purelib"))
    for packages in INSTALLS[name]:
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            reason = (done.stderr.strip() or "pip failed").splitlines()[-1]
            raise MissingPeer(f"{name}: left out, as it cannot be installed here ({reason})")
    stamp.touch()
    return str(python)


@contextmanager
def peer(name: str, what: str, *arguments: object) -> Iterator[dict[str, Callable[[], float]]]:
    """The works of peers/NAME_WHAT.py; a call runs one there and gives its processor time in ms."""
    command = [python_of(name), str(PEERS / f"{name}_{what}.py"), *map(str, arguments)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        names = _answer(name, process).split()
        yield {each: partial(_asked, name, process, each) for each in names}
    finally:
        process.kill()
        process.communicate()


def _asked(name: str, process: subprocess.Popen[str], work: str) -> float:
    assert process.stdin is not None
    print(work, file=process.stdin, flush=True)
    return float(_answer(name, process))


def _answer(name: str, process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None and process.stderr is not None
    line = process.stdout.readline()
    if not line:
        reason = (process.stderr.read().strip() or "it ended").splitlines()[-1]
        raise MissingPeer(f"{name}: left out, as it does not run here ({reason})")
    return line


def to_disk(faces: Path, out: Path) -> Sequence[str]:
    """The command that degrades a folder with imgaug."""
    return [python_of("imgaug"), "-W", "ignore", str(PEERS / "imgaug_to_disk.py"), str(faces), str(out)]
