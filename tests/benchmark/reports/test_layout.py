"""Text cells as Markdown, LaTeX and CSV, and the file endings that choose between them."""

import io
import re

import pytest

from benchmark.reports.markup import TableCell, escape_figure, escape_latex, forms, write_form
from degrade.core.errors import InputError

CELL = TableCell("28.401", bold=True, notes=("Second", "First"), printed="30.824", spread="±0.265")
BLOCKS = {"Block": ((TableCell("Method"), TableCell("PSNR", notes=("First",))), (TableCell("A"), CELL))}
FORMS = forms("Title", ("One sentence",), BLOCKS, [("method", "psnr, dB"), ("A", 28.401)], "label")


def test_a_cell_shows_value_spread_marks_and_the_printed_number_in_this_order():
    assert "| A      | **28.401** ±0.265 [1][2] (30.824) |" in FORMS[".md"]
    assert r"A & \textbf{28.401} {\tiny $\pm$0.265}\textsuperscript{1,2} (30.824) \\" in FORMS[".tex"]
    assert FORMS[".csv"] == 'method,"psnr, dB"\nA,28.401\n'


def test_notes_are_numbered_in_order_of_first_use_and_equal_ones_share_a_number():
    assert "PSNR [1] |" in FORMS[".md"]
    assert FORMS[".md"].endswith("## Notes\n\n- [1] First.\n- [2] Second.\n")
    assert FORMS[".tex"].index(r"\textsuperscript{1}~First.") < FORMS[".tex"].index(r"\textsuperscript{2}~Second.")


@pytest.mark.parametrize("ending", [".md", ".csv", ".tex"])
def test_the_ending_of_the_file_chooses_the_form(tmp_path, ending):
    write_form(tmp_path / f"table{ending}", FORMS)
    assert (tmp_path / f"table{ending}").read_bytes() == FORMS[ending].encode()


def test_another_ending_is_an_error_that_names_those_there_are(tmp_path):
    with pytest.raises(InputError, match=r"ending in \.md or \.csv or \.tex"):
        write_form(tmp_path / "table.txt", FORMS)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["[1cm]", "*"])
def test_a_row_of_latex_begins_with_nothing_that_belongs_to_the_line_end_before(name):
    grid = ((TableCell("method"), TableCell("value")), (TableCell(name), TableCell("1")))
    assert f"{{}}{name} & 1" in forms("title", (), {"all": grid}, (), "label")[".tex"]


def test_latex_prints_special_characters_as_they_are():
    assert escape_latex(r"50% & a_b #1 {x} \ †") == r"50\% \& a\_b \#1 \{x\} \textbackslash{} \textdagger{}"


HOSTILE = [
    "a|b", "a\n# Heading", "a\r\n| x |", "<script>alert(1)</script>", "[x](javascript:alert(1))", "![x](http://a/b.png)",
    "**bold**", "_x_", "`code`", "\\", "\x1b[2J", "\u202egnp.exe", "~~x~~", "=1+1", "\\input{/etc/passwd}", "$\\frac{$",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_strangers_name_stays_one_cell_of_text(name):
    blocks = {name: (BLOCKS["Block"][0], (TableCell(name), CELL))}
    written = forms(f"Title of {name}", (f"Of {name}",), blocks, [("method", "psnr"), (name, 1.0)], "label")
    lines = written[".md"].splitlines()
    assert len(lines) == len(FORMS[".md"].splitlines()) and lines[0].startswith("# Title of ")
    (row,) = [line for line in lines if "28.401" in line]
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 3
    assert "<" not in written[".md"] and not re.search(r"(?<!\\)\[[^]]*\]\(", written[".md"])
    assert not re.search(r"(?<!\\)\*\*bold", row) and all(line.isprintable() for line in lines)
    assert all(line.isprintable() for line in written[".tex"].splitlines())
    assert "\\input" not in written[".tex"] and "$\\frac" not in written[".tex"]
    assert ",1.0" in written[".csv"] and not re.search(r"^=", written[".csv"], re.MULTILINE)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_figure_shows_a_strangers_name_as_text(name):
    figure = pytest.importorskip("matplotlib.figure").Figure()
    figure.text(0, 0, escape_figure(name))
    figure.savefig(io.BytesIO(), format="png")
