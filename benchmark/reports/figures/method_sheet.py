"""Contact sheets: the results of several methods on the same faces."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmark.methods.registry import method_title
from benchmark.reports.figures.sheets import SheetSize, heading, sheet
from benchmark.reports.shown import why_domain_hidden
from benchmark.runs.request import RunRequest
from benchmark.runs.run import load_method
from benchmark.runs.splits import domain_split
from degrade.core.errors import InputError
from degrade.core.image import Image, write
from degrade.splits.sources import check_apart
from degrade.splits.split import Split

ENDS = ("identity", "reference")  # first and last column of every sheet


def method_sheet(request: RunRequest, method_names: Sequence[str], size: SheetSize, path: Path | None = None) -> Path:
    """Write a sheet: degraded, the methods, reference; the faces are the first of the test split in name order.

    request: its settings, protocol and one task; its method is not used. What is missing is made, as in a run.
    path: results/<profile>/figures/<task>[-<protocol>].png where none is named.
    Raises InputError for a test set whose faces may not be shown.
    """
    settings, (task,) = request.settings, request.chosen_tasks()
    if hidden := why_domain_hidden(request.protocol.test_domain, settings.has_own_real_faces):
        raise InputError(f"{request.protocol.name}: {hidden}; draw the faces of another protocol")
    prepared = domain_split(settings, request.protocol.test_domain, task, "test")
    names, shown = prepared.names[: size.faces], (ENDS[0], *method_names, ENDS[1])
    restored = (_restored(replace(request, method=name), prepared.split, task, names) for name in shown)
    columns = list(zip(map(method_title, shown), restored, strict=True))
    protocol, profile = request.protocol.name, settings.profile.name
    suffix = "" if protocol == "S2S" else f"-{protocol.lower()}"
    path = path or settings.results / profile / "figures" / f"{task}{suffix}.png"
    for folder in prepared.split.folders:
        check_apart(folder, path)
    title = heading(task, f"{protocol}, profile {profile}", prepared.label, len(names), len(prepared.names))
    write(path, sheet(columns, size, title))
    return path


def _restored(request: RunRequest, split: Split, task: str, names: Sequence[str]) -> list[Image]:
    method = load_method(request, task)
    return [method.restored(split, name) for name in names]
