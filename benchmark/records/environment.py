"""The environment in <run>.json: what it takes to repeat a run."""

import os
import platform
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from degrade.core.packages import package_version
from degrade.core.storage.paths import real_path

PACKAGES = ("numpy", "scipy", "opencv-python", "pillow", "scikit-image", "torch", "torchvision", "pyiqa", "dlib-bin")


def environment(command: Iterable[str], device: str) -> dict[str, Any]:
    """Time, command, commit, versions and device of this process.

    `commit` and `uncommitted_changes` are None where the package does not lie in a git checkout.
    """
    commit = _git("rev-parse", "HEAD")
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": list(command),
        "commit": commit,
        "uncommitted_changes": bool(_git("status", "--porcelain")) if commit else None,
        "python": platform.python_version(),
        "packages": package_versions(),
        "platform": f"{platform.system()} {platform.machine()}",
        "processor": f"{_processor()}, {os.cpu_count()} logical cores",
        "device": _device_name(device),
    }


def package_versions() -> dict[str, str | None]:
    """The versions of PACKAGES; None for one that is not there."""
    return {package: package_version(package) for package in PACKAGES}


def _git(*arguments: str) -> str | None:
    """What git answers about the checkout this file lies in; None without git or checkout."""
    folder = real_path(Path(__file__)).parent
    try:
        answer = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _device_name(device: str) -> str:
    if not device.startswith("cuda"):
        return device
    import torch

    return f"{device}: {torch.cuda.get_device_name(device)}"
