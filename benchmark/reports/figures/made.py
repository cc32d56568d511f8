"""What drawing came to."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Figures:
    """files: written. left_out: sentences that say what could not be drawn and why."""

    files: list[Path] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
