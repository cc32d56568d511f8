"""What all runs of one command share, and where the things they make lie."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.records.scores import KEY
from benchmark.specs.protocols import Profile
from degrade.core.errors import InputError
from degrade.core.files import digest_of

SIMULATED = "facerenov_simulated"  # the recipe that stands for the real domain outside the profile `paper`


@dataclass(frozen=True)
class DataFolders:
    """Where the user says the faces are. All None: embedded portraits, or what the environment names."""

    ffhq: Path | None = None  # folder of clean faces
    facerenov: Path | None = None  # folder with the splits `train` and `test` of real degraded faces
    names: Path | None = None  # file with the names of the test faces in `ffhq`


@dataclass(frozen=True)
class Settings:
    """What all runs of one command share. Raises InputError for faces that the profile does not use."""

    profile: Profile
    faces: DataFolders = field(default_factory=DataFolders)
    work: Path = Path("runs")
    results: Path = Path("results")
    device: str = "auto"
    workers: int = 1
    command: tuple[str, ...] = ()  # as the user gave it, for <run>.json
    keep: bool = False  # leave restored images under WORK/restored
    max_failures: int | None = None  # images of a run that may fail

    def __post_init__(self) -> None:
        name = self.profile.name
        if name == "quick" and (self.faces.ffhq or self.faces.names):
            raise InputError("profile quick: uses the embedded portraits; leave out --ffhq and --list, or use lite")
        if name != "paper" and self.faces.facerenov:
            raise InputError(f"profile {name}: its real domain is {SIMULATED}; leave out --facerenov, or use paper")


def split_folder(work: Path, recipe: str, size: int, role: str, digest: str) -> Path:
    """WORK/splits/<recipe>-<size>-<role>-<8 digits of the hash of sources and plan>"""
    return Path(work) / "splits" / f"{recipe}-{size}-{role}-{digest[:8]}"


def checkpoint_file(work: Path, method: str, task: str, seed: int, digest: str) -> Path:
    """WORK/checkpoints/<method>-<task>-<seed>-<8 digits>/model.safetensors; a colon in the method is a dash."""
    folder = f"{method.replace(':', '-')}-{task}-{seed}-{digest[:8]}"
    return Path(work) / "checkpoints" / folder / "model.safetensors"


def parameters_file(work: Path, method: str, task: str, digest: str) -> Path:
    """WORK/checkpoints/<method>-<task>-<8 digits>/parameters.json"""
    return Path(work) / "checkpoints" / f"{method}-{task}-{digest[:8]}" / "parameters.json"


def made_folder(work: Path, kind: str, facts: Mapping[str, Any]) -> Path:
    """WORK/<kind>/<split>-<method>-<8 digits>: for what one run makes besides scores.

    facts: of <run>.json; the digits stand for the run's key and the content of its split.
    """
    digits = digest_of([facts[field] for field in (*KEY, "split_sha256")])[:8]
    method = re.sub(r"[^\w.-]+", "-", facts["method"])[-60:]
    return Path(work) / kind / f"{facts['split']}-{method}-{digits}"
