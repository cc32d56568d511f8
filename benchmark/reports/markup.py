"""A table as text cells, written as aligned Markdown or as LaTeX with booktabs. Knows nothing of scores."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from degrade.core.errors import InputError
from degrade.core.files import write_bytes

_LATEX = {
    "\\": r"\textbackslash{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "†": r"\textdagger{}",
}


@dataclass(frozen=True)
class TableCell:
    """One cell: text, whether bold, numbers of its footnotes, what the paper prints for it, and how sure it is."""

    text: str = ""
    bold: bool = False
    marks: tuple[int, ...] = ()
    printed: str = ""
    spread: str = ""


Grid = tuple[tuple[TableCell, ...], ...]  # rows, the names of the columns first; the first column is left-aligned


@dataclass(frozen=True)
class TableDocument:
    """A whole table: title, sentences above it, its blocks by heading, numbered notes below it."""

    title: str
    sentences: tuple[str, ...]
    blocks: Mapping[str, Grid]
    notes: tuple[str, ...] = ()


class Footnotes:
    """Hands out numbers from 1 on in order of first use; equal sentences share one."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def mark(self, sentences: Sequence[str]) -> tuple[int, ...]:
        """The numbers of some sentences, in rising order."""
        return tuple(sorted(self._numbers.setdefault(sentence, len(self._numbers) + 1) for sentence in sentences))

    @property
    def sentences(self) -> tuple[str, ...]:
        """All sentences, the first having number 1."""
        return tuple(self._numbers)


def to_markdown(page: TableDocument) -> str:
    """The page as Markdown whose columns are aligned in the raw text as well."""
    parts = [f"# {page.title}", "\n".join(f"- {_escape_markdown(sentence)}." for sentence in page.sentences)]
    for heading, grid in page.blocks.items():
        parts += [f"## {_escape_markdown(heading)}", _markdown_table(grid)]
    if page.notes:
        lines = [f"- [{number}] {_escape_markdown(note)}." for number, note in enumerate(page.notes, start=1)]
        parts += ["## Notes", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def to_latex(page: TableDocument, label: str) -> str:
    r"""The page as a LaTeX `table*`, one booktabs tabular for each set of columns; needs \usepackage{booktabs}."""
    parts = [r"% needs \usepackage{booktabs}", r"\begin{table*}", r"\centering\scriptsize\setlength{\tabcolsep}{3pt}"]
    parts.append(rf"\caption{{{escape_latex(page.title)}. {escape_latex('. '.join(page.sentences))}.}}")
    parts.append(rf"\label{{tab:{label}}}")
    for blocks in _same_columns(page.blocks):
        parts += [*_latex_tabular(blocks), r"\par\medskip"]
    for number, note in enumerate(page.notes, start=1):
        parts.append(rf"{{\raggedright\textsuperscript{{{number}}}~{escape_latex(note)}.\par}}")
    return "\n".join([*parts, r"\end{table*}"]) + "\n"


def to_csv(rows: Iterable[Sequence[object]]) -> str:
    """Rows, the column names first, as CSV with Unix line ends."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def forms(page: TableDocument, rows: Iterable[Sequence[object]], label: str) -> dict[str, str]:
    """A table in every form by the ending of its file: the page as Markdown and LaTeX, the rows as CSV."""
    return {".md": to_markdown(page), ".csv": to_csv(rows), ".tex": to_latex(page, label)}


def write_form(path: Path, forms: Mapping[str, str]) -> None:
    """Write the text that belongs to the ending of a file name: forms is {".md": text, ...}.

    Raises InputError for another ending and for a place that cannot be written to.
    """
    if path.suffix not in forms:
        raise InputError(f"{path}: expected a file name ending in {' or '.join(forms)}")
    write_bytes(path, forms[path.suffix].encode())


def escape_latex(text: str) -> str:
    r"""Text that LaTeX prints as it is.

    >>> escape_latex("gap_% ↓")
    'gap\\_\\% $\\downarrow$'
    """
    return "".join(_LATEX.get(character, character) for character in text)


def _escape_markdown(text: str) -> str:
    return text.replace("|", "\\|")


def _markdown_table(grid: Grid) -> str:
    lines = [[_markdown_entry(entry) for entry in row] for row in grid]
    widths = [max(3, *map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines.insert(1, rule)
    return "\n".join(_markdown_line(line, widths) for line in lines)


def _markdown_line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(row, widths, strict=True)
    cells = [first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)]
    return "| " + " | ".join(cells) + " |"


def _markdown_entry(entry: TableCell) -> str:
    text = _escape_markdown(entry.text)
    marks = "".join(f"[{number}]" for number in entry.marks)
    printed = f"({_escape_markdown(entry.printed)})" if entry.printed else ""
    return " ".join(filter(None, (f"**{text}**" if entry.bold else text, entry.spread, marks, printed)))


def _same_columns(blocks: Mapping[str, Grid]) -> list[dict[str, Grid]]:
    """Neighbouring blocks with equal names of columns."""
    return [dict(group) for _, group in groupby(blocks.items(), key=lambda block: block[1][0])]


def _latex_tabular(blocks: Mapping[str, Grid]) -> list[str]:
    columns = next(iter(blocks.values()))[0]
    lines = [rf"\begin{{tabular}}{{l{'r' * (len(columns) - 1)}}}", r"\toprule", _latex_line(columns)]
    for heading, grid in blocks.items():
        title = rf"\multicolumn{{{len(columns)}}}{{l}}{{\textit{{{escape_latex(heading)}}}}} \\"
        lines += [r"\midrule", title, *(_latex_line(row) for row in grid[1:])]
    return [*lines, r"\bottomrule", r"\end{tabular}"]


def _latex_line(row: Sequence[TableCell]) -> str:
    return " & ".join(_latex_entry(entry) for entry in row) + r" \\"


def _latex_entry(entry: TableCell) -> str:
    text = escape_latex(entry.text)
    text = rf"\textbf{{{text}}}" if entry.bold else text
    spread = rf" {{\tiny {escape_latex(entry.spread)}}}" if entry.spread else ""
    marks = rf"\textsuperscript{{{','.join(map(str, entry.marks))}}}" if entry.marks else ""
    printed = f" ({escape_latex(entry.printed)})" if entry.printed else ""
    return (text + spread + marks + printed).strip()
