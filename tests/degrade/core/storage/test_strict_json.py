"""JSON of one object: of a key that stands twice one program reads the first value and another the last."""

import json
from pathlib import Path

import pytest

from degrade import InputError, load_split, make_split
from degrade.core.storage import strict_json


def test_split_json_with_a_key_twice_is_refused(tmp_path: Path) -> None:
    path = make_split(tmp_path / "split", None, "jpeg", size=64, limit=1).path
    text = (path / "split.json").read_text(encoding="utf-8")
    doubled = text.replace('"metadata_sha256"', '"metadata_sha256": "other", "metadata_sha256"', 1)
    assert json.loads(doubled) == json.loads(text)
    (path / "split.json").write_text(doubled, encoding="utf-8")
    with pytest.raises(InputError, match="split.json: expected the facts of a split .*'metadata_sha256' stands twice"):
        load_split(path)


def test_a_key_twice_is_found_at_every_depth(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_text('{"once": [{"a": 1}, {"a": 2}], "deep": [{"b": {"a": 1, "a": 1}}]}')
    with pytest.raises(InputError, match=r"the key 'a' stands twice in an object\); remove it"):
        strict_json.read_object(path, dict, "facts", "remove it")
    path.write_text('{"once": [{"a": 1}, {"a": 2}], "deep": [{"b": {"a": 1}}]}')
    assert strict_json.read_object(path, dict, "facts", "remove it")["once"] == [{"a": 1}, {"a": 2}]
