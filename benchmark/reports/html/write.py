"""Writes a page: index.html with its script and style inside, and beside it, or inside as well, the pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.metrics.facts import facts_of
from benchmark.reports.figures.colours import colours
from benchmark.reports.html import charts, pictures
from benchmark.reports.html.content import Content, TestSet
from benchmark.reports.html.data import plain
from benchmark.reports.html.view import tables
from benchmark.reports.markup import numbered_notes
from degrade import __version__
from degrade.core.errors import InputError
from degrade.core.page import PageParts, page_beside, render
from degrade.core.progress import progress_bar
from degrade.core.storage.files import write_bytes

_MAKER = "benchmark report"  # as the head of a page says
_PARTS = PageParts("benchmark.reports.html", "page.html.j2", "style.css", ("tables.js", "viewer.js"))


@dataclass(frozen=True)
class Report:
    """What was written. unread: sentences about pictures that could not be read. without: why test sets have none."""

    page: Path
    pictures: int
    size: int  # bytes in all
    unread: tuple[str, ...]
    without: tuple[str, ...]


def write(content: Content, folder: Path, single_file: bool = False) -> Report:
    """Write FOLDER/index.html and FOLDER/images/; with single_file the pictures are in the page too.

    The page needs no server and opens no connection. A picture that cannot be read is left out. The pictures of an
    earlier page in the folder go. Raises InputError for a folder that cannot be written to, or holds a page or pictures
    of others.
    """
    columns = [pictures.columns(found) for found in content.sets]
    wanted = {place: file for own in columns for column in own.values() for place, file in column.places.items()}
    inside, unread, size = dict[str, str](), list[str](), 0
    with page_beside(folder, _MAKER, pictures.FOLDER) as beside:
        for place, file in progress_bar(wanted.items(), "pictures", unit="picture"):
            try:
                data = pictures.copy(file)
            except InputError as error:
                unread.append(str(error))
                continue
            inside[place] = pictures.data_uri(data) if single_file else ""
            size += 0 if single_file else len(data)
            if not single_file:
                write_bytes(beside / place, data)
        read = [{kind: column.only(inside) for kind, column in own.items()} for own in columns]
        text = _page(content, read, inside if single_file else {}).encode(errors="replace")
        write_bytes(beside / "index.html", text)
    without = tuple(dict.fromkeys(f"{found.title}: {found.hidden}" for found in content.sets if found.hidden))
    return Report(folder / "index.html", len(inside), size + len(text), tuple(unread), without)


def _page(content: Content, columns: Sequence[Mapping[str, pictures.Column]], inside: Mapping[str, str]) -> str:
    hues = colours(dict.fromkeys(key for found in content.sets for key in found.runs))
    sets = [plain(found, own, hues) for found, own in zip(content.sets, columns, strict=True)]
    return render(
        _PARTS,
        {
            "content": content, "asked": _asked(content), "chapters": _chapters(content, hues), "version": __version__,
            "folder": any(columns) and not inside,
            "planes": [one for found in content.sets if (one := charts.plane(found, hues))],
            "breakdowns": [one for found in content.sets for one in _breakdowns(found, hues)],
            "data": {"sets": sets, **_once(inside)},
        },
    )  # fmt: skip


def _once(inside: Mapping[str, str]) -> dict[str, Any]:
    """The pictures of a single file, and the number of each address's: equal ones, as of `identity`, are there once."""
    numbers = {picture: number for number, picture in enumerate(dict.fromkeys(inside.values()))}
    return {"pictures": list(numbers), "numbers": {place: numbers[picture] for place, picture in inside.items()}}


def _asked(content: Content) -> dict[str, list[str]]:
    """The texts of each term."""
    asked: dict[str, list[str]] = {}
    for term, text in content.asked:
        asked.setdefault(term, []).append(text)
    return asked


def _chapters(content: Content, hues: Mapping[str, str]) -> list[dict[str, Any]]:
    first, made = 0, []
    for chapter in content.chapters:
        made.append(
            {
                "title": chapter.title, "short": chapter.title.partition(":")[0], "lead": chapter.lead,
                "notes": chapter.notes, "numbers": list(numbered_notes(chapter.blocks)),
                "tables": tables(chapter, first, hues),
            }
        )  # fmt: skip
        first += len(chapter.sets)
    return made


def _breakdowns(found: TestSet, hues: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "title": f"{facts_of(metric).header} by degradation, {found.subject}",
            "charts": drawn,
            "methods": [(found.name(key), hues[key]) for key, run in found.runs.items() if run.by_image(metric)],
        }  # fmt: skip
        for metric in charts.metrics_by_degradation(found)
        if (drawn := charts.by_degradation(found, metric, hues))
    ]
