"""CSV that a spreadsheet takes for text where it is text."""

import csv
import io

import pytest

from degrade.core.storage.csv_text import plain, safe, to_csv

TEXTS = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "'=1", "''=1", "=cmd|'/C calc'!A0", "-x", "-", "plain", "'it", ""]
NUMBERS = ["-0.5", "+1", "-inf", "+inf", "1e-3", "nan"]


@pytest.mark.parametrize("text", TEXTS + NUMBERS)
def test_what_is_read_is_what_was_written(text):
    assert plain(str(safe(text))) == text
    (row,) = csv.reader(io.StringIO(to_csv([[text]]), newline="")) if text else [[""]]
    assert plain(row[0]) == text


@pytest.mark.parametrize("text", TEXTS)
def test_no_text_begins_as_a_formula(text):
    assert len(text) < 2 or str(safe(text))[:1] not in tuple("=+-@\t\r")


@pytest.mark.parametrize("value", [*NUMBERS, -0.5, 3, None])
def test_numbers_stay_as_they_are(value):
    assert safe(value) == value
