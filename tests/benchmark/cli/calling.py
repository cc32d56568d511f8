"""A command of `benchmark` as a user gives it, and the table that an evaluation writes."""

import csv
from pathlib import Path

from click.testing import CliRunner, Result

from benchmark.cli.main import benchmark


def call(*words: object) -> Result:
    """What comes of `benchmark WORDS`; a fault of the program is raised."""
    result = CliRunner().invoke(benchmark, list(map(str, words)))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def table(folder: Path) -> dict[tuple[str, str, str], str]:
    """(test set, method, metric) -> value, of table.csv."""
    lines = csv.DictReader((folder / "table.csv").open())
    return {(line["test_set"], line["method"], line["metric"]): line["value"] for line in lines}
