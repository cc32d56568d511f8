"""Contact sheets: the results of several methods on the same faces."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmark.methods.registry import method_title
from benchmark.runs.request import RunRequest
from benchmark.runs.run import load_method
from benchmark.runs.splits import domain_split
from benchmark.specs.test_sets import load_sets
from degrade.core.contact_sheet import contact_sheet
from degrade.core.errors import InputError
from degrade.core.image import Image, write
from degrade.splits.split import Split

ENDS = ("identity", "reference")  # first and last column of every sheet


def method_sheet(request: RunRequest, method_names: Sequence[str], count: int) -> Path:
    """Write results/<profile>/figures/<task>[-<protocol>].png: degraded, the methods, reference; a row a face.

    request: its settings, protocol and one task; its method is not used. The faces are the first `count`
    of the test split in name order, so that nobody chooses them. What is missing is made, as in a run.
    Raises InputError for a test set whose faces may not be shown.
    """
    check_shown(request.protocol.test_domain)
    settings, (task,) = request.settings, request.chosen_tasks()
    prepared = domain_split(settings, request.protocol.test_domain, task, "test")
    names, shown = prepared.names[:count], (ENDS[0], *method_names, ENDS[1])
    columns = [_restored(replace(request, method=name), prepared.split, task, names) for name in shown]
    titles = [method_title(name) for name in shown]
    rows = [
        [(image, title if row == 0 else "") for image, title in zip(images, titles, strict=True)]
        for row, images in enumerate(zip(*columns, strict=True))
    ]
    suffix = "" if request.protocol.name == "S2S" else f"-{request.protocol.name.lower()}"
    path = settings.results / settings.profile.name / "figures" / f"{task}{suffix}.png"
    write(path, contact_sheet(rows))
    return path


def check_shown(domain: str) -> None:
    """Raise InputError for a test set whose faces may not be shown."""
    if domain in load_sets() and not load_sets()[domain].shown:
        raise InputError(f"{load_sets()[domain].title}: its faces may not be shown; draw those of another protocol")


def _restored(request: RunRequest, split: Split, task: str, names: Sequence[str]) -> list[Image]:
    method = load_method(request, task)
    return [method.restored(split, name) for name in names]
