"""The records of many images take little memory, and are the lines that were written."""

import json
import pickle
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from degrade.core.storage.files import sha256, sha256_lines, write_json, write_lines
from degrade.splits.layout import lines_if_there
from degrade.splits.make_split import make_split
from degrade.splits.records import Records, RecordsByName, record_line
from degrade.splits.split import open_split

MANY = 2000
MOST = 1000  # bytes for each image of the first recipe, of which a parsed record alone takes some 4,000


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    split = make_split(tmp_path_factory.mktemp("records") / "split", None, "gfpgan", size=64, limit=1).path
    return open_split(split).records[0]


def alike(first: dict[str, Any], count: int) -> Iterator[dict[str, Any]]:
    """So many records of other images: other names, hashes and draws."""
    for number in range(count):
        hashes = {key: sha256(f"{key}{number}".encode()) for key in first if key.endswith("sha256")}
        drawn = [step | {"drawn": json.dumps({"sigma": number / 7})} for step in first["operators"]]
        yield first | hashes | {"name": f"{number:06}", "operators": drawn}


def traced_peak(work: Callable[[], object]) -> int:
    """The bytes that `work()` takes at most, with what it gives."""
    tracemalloc.start()
    try:
        held = work()
        return tracemalloc.get_traced_memory()[1] if held else 0
    finally:
        tracemalloc.stop()


def test_opening_a_split_of_many_images_takes_little_memory_for_each(tmp_path: Path, first: dict[str, Any]) -> None:
    lines = [record_line(record) for record in alike(first, MANY)]
    write_lines(tmp_path / "metadata.jsonl", lines)
    facts = {"schema": 1, "recipe": "gfpgan", "recipe_version": 1, "role": "all", "size": 64, "seed": 0}
    facts["metadata_sha256"] = sha256_lines(lines)
    write_json(tmp_path / "split.json", facts)
    assert traced_peak(lambda: open_split(tmp_path)) < MOST * MANY
    split = open_split(tmp_path)
    assert list(split.records) == list(alike(first, MANY)) and split.names[-1] == f"{MANY - 1:06}"


def test_the_records_of_a_split_that_is_made_take_little_memory_and_are_written_in_the_order_of_names(
    first: dict[str, Any],
) -> None:
    def kept() -> RecordsByName:
        records = RecordsByName()
        records.update((record["name"], record) for record in alike(first, MANY))
        return records

    assert traced_peak(kept) < MOST * MANY
    records = RecordsByName()
    for record in reversed(list(alike(first, 5))):
        records[record["name"]] = record
    assert list(records.lines()) == [record_line(record) for record in alike(first, 5)]
    records["000003"] = records["000003"] | {"note": "another"}
    del records["000000"]
    assert len(records) == 4 and records["000003"]["note"] == "another" and "000000" not in records


def test_records_are_a_sequence_of_what_was_written(tmp_path: Path, first: dict[str, Any]) -> None:
    expected = list(alike(first, 7))
    write_lines(tmp_path / "metadata.jsonl", map(record_line, expected))
    records = Records(lines_if_there(tmp_path / "metadata.jsonl"))
    assert b"".join(records.lines()) == (tmp_path / "metadata.jsonl").read_bytes()
    assert len(records) == 7 and records[-1] == expected[-1] and records[2:5] == tuple(expected[2:5])
    assert records == tuple(expected) and records == pickle.loads(pickle.dumps(records))
    assert records != Records(map(record_line, expected[1:])) and records != tuple(reversed(expected))
    assert Records(lines_if_there(tmp_path / "nothing")) == ()
    records[0]["name"] = "changed"
    assert records[0] == expected[0], "what is given is a copy"
    with pytest.raises(IndexError):
        records[7]
