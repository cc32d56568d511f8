"""A table as text cells, written as aligned Markdown or as LaTeX with booktabs. Knows nothing of scores."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from degrade.core.errors import InputError
from degrade.core.storage.csv_text import to_csv
from degrade.core.storage.files import write_bytes

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


_MARKDOWN = re.compile(r"[|<]|(?<=\])\(")
_NAMES = re.compile(r"[|<`*\[\\~]|(?<!\w)_|_(?!\w)")


@dataclass(frozen=True)
class TableCell:
    """One cell: text, whether bold, sentences for the notes below, what the paper prints for it, and how sure it is.

    second: underlined, as the second best of a column.
    key: in the first row the id of the metric that a column is of, in the first column that of the row's method; empty
        of all other cells. Not printed.
    """

    text: str = ""
    bold: bool = False
    notes: tuple[str, ...] = ()
    printed: str = ""
    spread: str = ""
    second: bool = False
    key: str = ""


Grid = tuple[tuple[TableCell, ...], ...]  # rows, the names of the columns first; the first column is left-aligned
Blocks = Mapping[str, Grid]  # the parts of a page by heading


def to_markdown(title: str, sentences: Sequence[str], blocks: Blocks) -> str:
    """A page as Markdown whose columns are aligned in the raw text as well; sentences stand above the blocks."""
    numbers = numbered_notes(blocks)
    parts = [f"# {_escape_markdown(title)}", "\n".join(f"- {_escape_markdown(sentence)}." for sentence in sentences)]
    for heading, grid in blocks.items():
        parts += [f"## {_escape_markdown(heading)}", _markdown_table(grid, numbers)]
    if numbers:
        lines = [f"- [{number}] {_escape_markdown(note)}." for note, number in numbers.items()]
        parts += ["## Notes", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def to_latex(title: str, sentences: Sequence[str], blocks: Blocks, label: str) -> str:
    r"""A page as a LaTeX `table*`, one booktabs tabular for each set of columns; needs \usepackage{booktabs}."""
    numbers = numbered_notes(blocks)
    parts = [r"% needs \usepackage{booktabs}", r"\begin{table*}", r"\centering\scriptsize\setlength{\tabcolsep}{3pt}"]
    parts.append(rf"\caption{{{escape_latex(title)}. {escape_latex('. '.join(sentences))}.}}")
    parts.append(rf"\label{{tab:{label}}}")
    for alike in _same_columns(blocks):
        parts += [*_latex_tabular(alike, numbers), r"\par\medskip"]
    for note, number in numbers.items():
        parts.append(rf"{{\raggedright\textsuperscript{{{number}}}~{escape_latex(note)}.\par}}")
    return "\n".join([*parts, r"\end{table*}"]) + "\n"


def forms(
    title: str,
    sentences: Sequence[str],
    blocks: Blocks,
    rows: Iterable[Sequence[object]],
    label: str,
    remarks: Sequence[str] = (),
) -> dict[str, str]:
    """A table in every form by the ending of its file: the page as Markdown and LaTeX, the rows as CSV.

    remarks: sentences before the others, such as places of files, which are no part of a caption: in LaTeX comments.
    """
    comments = "".join(f"% {_one_line(remark)}\n" for remark in remarks)
    latex = comments + to_latex(title, sentences, blocks, label)
    return {".md": to_markdown(title, [*remarks, *sentences], blocks), ".csv": to_csv(rows), ".tex": latex}


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
    return "".join(_LATEX.get(character, character) for character in _one_line(text))


def escape_figure(text: str) -> str:
    """Text that matplotlib prints as it is, and not as a formula."""
    return _one_line(text).replace("$", r"\$")


def numbered_notes(blocks: Blocks) -> dict[str, int]:
    """The notes of all cells, numbered from 1 on in order of first use; equal sentences share a number."""
    cells = (cell for grid in blocks.values() for row in grid for cell in row)
    notes = dict.fromkeys(note for cell in cells for note in cell.notes)
    return {note: number for number, note in enumerate(notes, start=1)}


def _marks(cell: TableCell, numbers: Mapping[str, int]) -> list[str]:
    return [str(number) for number in sorted(numbers[note] for note in cell.notes)]


def _escape_markdown(text: str) -> str:
    """A sentence: names in it make no cell, no tag, no link and no further line."""
    return _MARKDOWN.sub(lambda found: "&lt;" if found[0] == "<" else f"\\{found[0]}", _one_line(text))


def _escape_name(text: str) -> str:
    """A cell, which shows every letter as it is."""
    return _NAMES.sub(lambda found: "&lt;" if found[0] == "<" else f"\\{found[0]}", _one_line(text))


def _one_line(text: str) -> str:
    """Without line ends and what else does not print, such as a terminal's escapes."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _markdown_table(grid: Grid, numbers: Mapping[str, int]) -> str:
    lines = [[_markdown_entry(entry, numbers) for entry in row] for row in grid]
    widths = [max(3, *map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines.insert(1, rule)
    return "\n".join(_markdown_line(line, widths) for line in lines)


def _markdown_line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(row, widths, strict=True)
    cells = [first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)]
    return "| " + " | ".join(cells) + " |"


def _markdown_entry(entry: TableCell, numbers: Mapping[str, int]) -> str:
    text = _escape_name(entry.text)
    marks = "".join(f"[{mark}]" for mark in _marks(entry, numbers))
    printed = f"({_escape_name(entry.printed)})" if entry.printed else ""
    text = f"**{text}**" if entry.bold else f"<u>{text}</u>" if entry.second else text
    return " ".join(filter(None, (text, entry.spread, marks, printed)))


def _same_columns(blocks: Blocks) -> list[dict[str, Grid]]:
    """Neighbouring blocks with equal names of columns."""
    return [dict(group) for _, group in groupby(blocks.items(), key=lambda block: block[1][0])]


def _latex_tabular(blocks: Blocks, numbers: Mapping[str, int]) -> list[str]:
    columns = next(iter(blocks.values()))[0]
    lines = [rf"\begin{{tabular}}{{l{'r' * (len(columns) - 1)}}}", r"\toprule", _latex_line(columns, numbers)]
    for heading, grid in blocks.items():
        title = rf"\multicolumn{{{len(columns)}}}{{l}}{{\textit{{{escape_latex(heading)}}}}} \\"
        lines += [r"\midrule", title, *(_latex_line(row, numbers) for row in grid[1:])]
    return [*lines, r"\bottomrule", r"\end{tabular}"]


def _latex_line(row: Sequence[TableCell], numbers: Mapping[str, int]) -> str:
    line = " & ".join(_latex_entry(entry, numbers) for entry in row) + r" \\"
    return f"{{}}{line}" if line[0] in "[*" else line  # which the line end before it would take for its own


def _latex_entry(entry: TableCell, numbers: Mapping[str, int]) -> str:
    text = escape_latex(entry.text)
    text = rf"\textbf{{{text}}}" if entry.bold else rf"\underline{{{text}}}" if entry.second else text
    spread = rf" {{\tiny {escape_latex(entry.spread)}}}" if entry.spread else ""
    marks = rf"\textsuperscript{{{','.join(_marks(entry, numbers))}}}" if entry.notes else ""
    printed = f" ({escape_latex(entry.printed)})" if entry.printed else ""
    return (text + spread + marks + printed).strip()
