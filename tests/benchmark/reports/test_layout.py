"""Text cells as Markdown, LaTeX and CSV, and the file endings that choose between them."""

import pytest

from benchmark.reports.markup import TableCell, TableDocument, escape_latex, forms, write_form
from degrade.core.errors import InputError

CELL = TableCell("28.401", bold=True, marks=(1, 2), printed="30.824", spread="±0.265")
PAGE = TableDocument(
    "Title", ("One sentence",), {"Block": ((TableCell("Method"), TableCell("PSNR")), (TableCell("A"), CELL))}
)
FORMS = forms(PAGE, [("method", "psnr, dB"), ("A", 28.401)], "label")


def test_a_cell_shows_value_spread_marks_and_the_printed_number_in_this_order():
    assert "| A      | **28.401** ±0.265 [1][2] (30.824) |" in FORMS[".md"]
    assert r"A & \textbf{28.401} {\tiny $\pm$0.265}\textsuperscript{1,2} (30.824) \\" in FORMS[".tex"]
    assert FORMS[".csv"] == 'method,"psnr, dB"\nA,28.401\n'


@pytest.mark.parametrize("ending", [".md", ".csv", ".tex"])
def test_the_ending_of_the_file_chooses_the_form(tmp_path, ending):
    write_form(tmp_path / f"table{ending}", FORMS)
    assert (tmp_path / f"table{ending}").read_bytes() == FORMS[ending].encode()


def test_another_ending_is_an_error_that_names_those_there_are(tmp_path):
    with pytest.raises(InputError, match=r"ending in \.md or \.csv or \.tex"):
        write_form(tmp_path / "table.txt", FORMS)
    assert not list(tmp_path.iterdir())


def test_latex_prints_special_characters_as_they_are():
    assert escape_latex(r"50% & a_b #1 {x} \ †") == r"50\% \& a\_b \#1 \{x\} \textbackslash{} \textdagger{}"
