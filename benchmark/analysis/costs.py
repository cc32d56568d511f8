"""What restoring an image cost, from the run files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmark.records.compatibility import Facts


@dataclass(frozen=True)
class RestoringCost:
    """Seconds an image without loading the method, most working memory in MiB, parameters of the network.

    Each is None where no session measured it: of images that were restored elsewhere. measured: when and on what
    machine, where that was before the runs, which found the images restored; else empty.
    """

    seconds: float | None = None
    peak_mib: float | None = None
    parameters: int | None = None
    measured: str = ""


def restoring_cost(runs: Iterable[Facts]) -> RestoringCost:
    """Over all sessions of some runs of one method; where none restored an image, what the images they found cost."""
    sessions = [session["restored"] for facts in runs for session in facts["sessions"] if session.get("restored")]
    now = [session for session in sessions if session["images"]]
    kept = [session["kept"] for session in sessions if "kept" in session][-1:]
    measured = now or kept
    images = sum(session["images"] for session in measured)
    seconds = sum(session["seconds"] for session in measured) / images if images else None
    peaks = [session["peak_mib"] for session in measured if session["peak_mib"] is not None]
    parameters = [session["parameters"] for session in (*kept, *sessions) if session["parameters"] is not None]
    before = _when(kept[0]) if kept and not now else ""
    return RestoringCost(seconds, max(peaks, default=None), parameters[-1] if parameters else None, before)


def _when(kept: Mapping[str, Any]) -> str:
    """Day and machine of a measurement."""
    device = kept["device"] if kept["device"].startswith("cuda") else kept["processor"]
    return f"{kept['date'][:10]} on {device}"
