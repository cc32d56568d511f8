"""The hashes of a record: the pixels are the promise, the bytes of the file only a short way to know them."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image as Pillow

from degrade import make_split
from degrade.cli.main import degrade
from degrade.core.errors import InputError
from degrade.core.storage.files import sha256, write_json
from degrade.splits.records import record_line
from degrade.splits.replay import Finding, replay, verify
from degrade.splits.split import load_split


@pytest.fixture
def split(tmp_path: Path) -> Path:
    return make_split(tmp_path / "split", None, "jpeg", size=64, limit=2).path


def re_encode(file: Path) -> None:
    """As an optimiser does: other bytes, the same pixels."""
    before = file.read_bytes()
    Pillow.open(file).save(file, compress_level=9)
    assert file.read_bytes() != before


def change(file: Path) -> None:
    pixels = np.asarray(Pillow.open(file)).copy()
    pixels[0, 0, 0] ^= 1
    Pillow.fromarray(pixels).save(file)


def forget_pixels(split: Path) -> None:
    """Makes the records those of an older version."""
    lines = [json.loads(line) for line in (split / "metadata.jsonl").read_bytes().splitlines()]
    old = [{key: value for key, value in line.items() if "pixels" not in key} for line in lines]
    metadata = b"".join(map(record_line, old))
    (split / "metadata.jsonl").write_bytes(metadata)
    write_json(
        split / "split.json", json.loads((split / "split.json").read_text()) | {"metadata_sha256": sha256(metadata)}
    )


def test_a_record_has_the_hash_of_the_rows_of_pixels_of_both_images(split: Path) -> None:
    for record in load_split(split).records:
        for side in ("hq", "lq"):
            rows = np.asarray(Pillow.open(split / side / f"{record['name']}.png").convert("RGB")).tobytes()
            assert record[f"{side}_pixels_sha256"] == hashlib.sha256(rows).hexdigest()


def test_a_re_encoded_file_is_read_and_the_split_is_whole(split: Path) -> None:
    whole = load_split(split)
    name = whole.names[0]
    before = whole.degraded(name)
    re_encode(split / "lq" / f"{name}.png")
    assert np.array_equal(load_split(split).degraded(name), before)
    assert verify(split) == (Finding("re-encoded", f"lq/{name}.png"),) and replay(split).rebuilt == ()
    told = CliRunner().invoke(degrade, ["verify", str(split)])
    assert told.exit_code == 0 and told.output == f"re-encoded lq/{name}.png\n{split}: whole\n"
    (split / "hq" / f"{name}.png").unlink()
    (split / "lq" / f"{name}.png").unlink()
    assert len(replay(split).rebuilt) == 2 and verify(split) == ()


@pytest.mark.parametrize("side, read", [("hq", "reference"), ("lq", "degraded")])
def test_changed_pixels_are_refused_by_name_with_what_finds_and_mends_them(split: Path, side: str, read: str) -> None:
    whole = load_split(split)
    change(split / side / f"{whole.names[1]}.png")
    with pytest.raises(
        InputError, match=rf"{side}/{whole.names[1]}.png: expected the pixels .*`degrade verify .*split`"
    ):
        getattr(whole, read)(whole.names[1])
    assert verify(split) == (Finding("changed", f"{side}/{whole.names[1]}.png"),)


def test_the_same_bytes_in_another_shape_are_other_pixels(split: Path) -> None:
    whole = load_split(split)
    file = split / "lq" / f"{whole.names[0]}.png"
    Pillow.fromarray(np.asarray(Pillow.open(file)).reshape(32, 128, 3)).save(file)
    with pytest.raises(InputError, match="expected the pixels that were recorded, got others"):
        whole.degraded(whole.names[0])
    assert verify(split) == (Finding("changed", f"lq/{file.name}"),)
    assert replay(split).rebuilt == (f"lq/{file.name}",) and verify(split) == ()


def test_an_older_split_is_read_and_says_that_it_knows_bytes_alone(split: Path) -> None:
    forget_pixels(split)
    (split / "README.md").unlink()  # that version wrote none
    whole = load_split(split)
    assert whole.degraded(whole.names[0]).shape == (64, 64, 3) and verify(split) == ()
    re_encode(split / "lq" / f"{whole.names[0]}.png")
    with pytest.raises(InputError, match="expected the bytes that were recorded, got others, and its split records no"):
        whole.degraded(whole.names[0])
    assert replay(split).rebuilt == (f"lq/{whole.names[0]}.png",) and verify(split) == ()


def test_a_split_that_an_older_version_made_in_part_gets_one_kind_of_record(split: Path) -> None:
    whole = (split / "metadata.jsonl").read_bytes()
    forget_pixels(split)
    first, _ = (json.loads(line) for line in (split / "metadata.jsonl").read_bytes().splitlines())
    info = json.loads((split / "split.json").read_text())
    (split / ".parts").mkdir()
    (split / ".parts" / f"{first['name']}.jsonl").write_bytes(record_line(first))
    for name in ("metadata.jsonl", "split.json"):
        (split / name).unlink()
    write_json(split / ".parts" / "plan.json", info)
    made = make_split(split, None, "jpeg", size=64, limit=2)
    assert (made.made, made.reused) == (1, 1)
    ours, theirs = (
        [json.loads(line) for line in text.splitlines()] for text in (whole, (split / "metadata.jsonl").read_bytes())
    )
    assert ours == theirs
