"""Files of text that a user names, whatever reads them: never a pipe, and in any encoding that says which it is."""

import gzip
import os

import pytest

from benchmark.records import scores
from benchmark.records.scores import content
from benchmark.specs.evaluation import read_evaluation
from benchmark.specs.strict_toml import own_text
from degrade.core.errors import InputError
from degrade.core.storage.strict_json import read_object
from degrade.recipes.parse_recipe import read_recipe
from degrade.splits.sources import read_list

READERS = {
    "evaluation": read_evaluation,
    "profile": lambda path: own_text(str(path), "profile", ()),
    "recipe": read_recipe,
    "list": read_list,
    "object": lambda path: read_object(path, dict, "an object", "give another"),
    "score lines": content,
}


@pytest.mark.parametrize("name", READERS)
def test_a_pipe_is_refused_and_not_waited_for(name, tmp_path):
    os.mkfifo(tmp_path / "file.toml")
    with pytest.raises(InputError, match="a pipe"):
        READERS[name](tmp_path / "file.toml")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_an_evaluation_is_read_in_the_encoding_that_it_says(encoding, tmp_path):
    (tmp_path / "file.toml").write_bytes(
        'methods = ["bicubic"]\r\nsplits = ["caf\N{LATIN SMALL LETTER E WITH ACUTE}"]\r\n'.encode(encoding)
    )
    assert read_evaluation(tmp_path / "file.toml").splits == ("caf\N{LATIN SMALL LETTER E WITH ACUTE}",)


def test_packed_score_lines_are_unpacked_no_further_than_they_may_be_long(tmp_path, monkeypatch):
    monkeypatch.setattr(scores, "_MOST_BYTES", 1000)
    for length in (1000, 1001):
        (tmp_path / f"{length}.jsonl.gz").write_bytes(gzip.compress(b"0" * length))
    assert len(content(tmp_path / "1000.jsonl")) == 1000
    with pytest.raises(InputError, match="expected at most 1000 bytes unpacked"):
        content(tmp_path / "1001.jsonl")
