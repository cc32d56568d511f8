"""What all runs of one command share."""

from dataclasses import dataclass, field
from pathlib import Path

from benchmark.specs.protocols import Profile
from benchmark.specs.test_sets import FACERENOV
from degrade.core.errors import InputError

SIMULATED = "facerenov_simulated"  # the recipe that stands for it, but under the profile `paper`


@dataclass(frozen=True)
class DataFolders:
    """Where the user says the faces are. All None: embedded portraits, or what the environment names."""

    ffhq: Path | None = None  # folder of clean faces
    facerenov: Path | None = None  # folder with the splits `train` and `test` of real degraded faces
    names: Path | None = None  # file with the names of the test faces in `ffhq`


@dataclass(frozen=True)
class Settings:
    """What all runs of one command share. Raises InputError for a list without a folder."""

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
        if self.profile.name == "quick" and self.faces.names and not self.faces.ffhq:
            raise InputError("profile quick: paints its faces, which --list cannot name; add --ffhq DIR")

    @property
    def has_own_real_faces(self) -> bool:
        """Whether the real domain is the user's own set, and not the recipe that stands for it where none is given."""
        return bool(self.faces.facerenov) or self.profile.name == "paper"

    @property
    def real_domain(self) -> str:
        """`facerenov`, the user's own set, or the recipe that stands for it."""
        return FACERENOV if self.has_own_real_faces else SIMULATED
