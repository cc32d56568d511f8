"""CSV that a spreadsheet takes for text where it is text."""

import csv
import io

import pytest

from degrade.core.storage.csv_text import escape_cell, to_csv, unescape_cell

TEXTS = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "'=1", "''=1", "=cmd|'/C calc'!A0", "-x", "-", "plain", "'it", ""]
NUMBERS = ["-0.5", "+1", "-inf", "+inf", "1e-3", "nan"]


@pytest.mark.parametrize("text", TEXTS + NUMBERS)
def test_what_is_read_is_what_was_written(text):
    assert unescape_cell(str(escape_cell(text))) == text
    (row,) = csv.reader(io.StringIO(to_csv([[text]]), newline="")) if text else [[""]]
    assert unescape_cell(row[0]) == text


@pytest.mark.parametrize("text", TEXTS)
def test_no_text_begins_as_a_formula(text):
    assert len(text) < 2 or str(escape_cell(text))[:1] not in tuple("=+-@\t\r")


@pytest.mark.parametrize("value", [*NUMBERS, -0.5, 3, None])
def test_numbers_stay_as_they_are(value):
    assert escape_cell(value) == value
