"""What restoring cost, kept beside the restored images: whoever uses them later did not restore them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

from degrade.core.storage import strict_json
from degrade.core.storage.files import write_json

FILE_NAME = "cost.json"  # in the folder of the restored images


class Spent(TypedDict):
    """What restoring cost, as runs.scoring.cost.Cost has it."""

    images: int
    seconds: float
    peak_mib: float | None
    parameters: int | None


class Kept(Spent):
    """And when, and on what machine."""

    date: str
    processor: str
    device: str


def add_cost(folder: Path, cost: Mapping[str, Any], session: Mapping[str, Any]) -> None:
    """Add what a session spent on images that it left in a folder; what another machine spent is forgotten.

    cost: the fields of runs.scoring.cost.Cost. session: as records.environment has it.
    """
    kept = {**cost, **{key: session[key] for key in ("date", "processor", "device")}}
    before = kept_cost(folder)
    if before and all(before[key] == kept[key] for key in ("processor", "device")):
        kept |= {key: before[key] + kept[key] for key in ("images", "seconds")}
        peaks = [peak for peak in (before["peak_mib"], kept["peak_mib"]) if peak is not None]
        kept["peak_mib"] = max(peaks, default=None)
    write_json(folder / FILE_NAME, kept)


def kept_cost(folder: Path) -> dict[str, Any] | None:
    """What the images in a folder cost; None where it was never measured. Raises InputError for a damaged file."""
    if not (folder / FILE_NAME).is_file():
        return None
    return strict_json.read_object(folder / FILE_NAME, Kept, "the cost of restored images", "remove it")


def take_cost(source: Path, target: Path) -> None:
    """Copy what the images cost to a folder that took some of them over, unless it knows that already."""
    kept = kept_cost(source)
    if kept and not (target / FILE_NAME).exists():
        write_json(target / FILE_NAME, kept)
