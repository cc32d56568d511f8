"""Splits on disk: the same bytes whatever the workers, and pairs that replay from their records."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from degrade.core.errors import InputError
from degrade.core.image import from_uint8, to_uint8
from degrade.core.storage.files import sha256_file
from degrade.operators.chain import apply, from_record
from degrade.recipes.degrade_image import degrade_image
from degrade.recipes.library import RECIPES, find_recipe
from degrade.splits import make_split as split_module
from degrade.splits.make_split import SplitPlan, split_hash
from degrade.splits.replay import verify
from degrade.splits.roles import portrait_sources
from degrade.splits.sources import Source, folder_sources
from degrade.splits.split import load_split
from tests.degrade.splits.made_splits import PLAN, contents, make, save_face, six_faces


@pytest.fixture
def faces(tmp_path: Path) -> list[Source]:
    return six_faces(tmp_path / "faces")


def test_one_two_and_three_workers_write_the_same_bytes(tmp_path: Path, faces: list[Source]) -> None:
    for workers in (1, 2, 3):
        summary = make(tmp_path / str(workers), faces, workers=workers)
        assert (summary.made, summary.reused, summary.errors) == (6, 0, ())
    assert contents(tmp_path / "1") == contents(tmp_path / "2") == contents(tmp_path / "3")


def test_a_pair_does_not_depend_on_the_other_faces(tmp_path: Path, faces: list[Source]) -> None:
    make(tmp_path / "whole", faces)
    make(tmp_path / "one", faces[2:3])
    assert load_split(tmp_path / "one").records[0] == load_split(tmp_path / "whole").records[2]


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_recipe_replays_from_its_records_and_loads_in_hugging_face_datasets(name: str, tmp_path: Path) -> None:
    recipe = find_recipe(name)
    make(tmp_path / "split", portrait_sources("train", 2), SplitPlan(recipe, "train", 64, seed=3))
    made = load_split(tmp_path / "split")
    for record in made.records:
        operators = [from_record(operator) for operator in record["operators"]]
        replayed = to_uint8(apply(operators, made.reference(record["name"])))
        np.testing.assert_array_equal(replayed, to_uint8(made.degraded(record["name"])))
        assert made.reference(record["name"]).shape == (64, 64, 3)
        assert made.degraded(record["name"]).shape == (64 // recipe.scale, 64 // recipe.scale, 3)
    datasets = pytest.importorskip("datasets", reason="the extra `dev` brings Hugging Face datasets")
    rows = datasets.load_dataset(
        "imagefolder", data_dir=str(tmp_path / "split"), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert rows["name"] == ["portrait_00000", "portrait_00001"]
    for row, record in zip(rows, made.records, strict=True):
        np.testing.assert_array_equal(np.asarray(row["image"]), to_uint8(made.degraded(record["name"])))
        np.testing.assert_array_equal(np.asarray(row["hq"]), to_uint8(made.reference(record["name"])))
        assert row["operators"] == record["operators"]


def test_the_record_says_all_of_a_pair_in_a_fixed_order(tmp_path: Path, faces: list[Source]) -> None:
    make(tmp_path / "out", faces[:1], replace(PLAN, seed=2**63 - 1))
    line = (tmp_path / "out" / "metadata.jsonl").read_text()
    record = json.loads(line)
    assert list(record) == [
        *("file_name", "hq_file_name", "name", "source", "source_sha256", "size", "recipe", "recipe_version"),
        *("seed", "operators", "hq_sha256", "lq_sha256", "hq_pixels_sha256", "lq_pixels_sha256", "libraries"),
    ]
    assert record["file_name"] == "lq/face0.png" and record["hq_file_name"] == "hq/face0.png"
    assert record["source"] == "face0.png" and record["source_sha256"] == sha256_file(faces[0].path)
    assert record["hq_sha256"] == sha256_file(tmp_path / "out" / "hq" / "face0.png")
    assert record["lq_sha256"] == sha256_file(tmp_path / "out" / "lq" / "face0.png")
    assert record["seed"] == 2**63 - 1
    assert str(tmp_path) not in line


def test_split_json_counts_what_is_there(tmp_path: Path, faces: list[Source]) -> None:
    (tmp_path / "faces" / "bad.png").write_bytes(b"no image")
    summary = make(tmp_path / "out", folder_sources(tmp_path / "faces"), replace(PLAN, recipe=find_recipe("sr4")))
    assert summary.made + summary.reused + len(summary.errors) == 7
    made = load_split(tmp_path / "out")
    result = [
        made.info[key] for key in ("schema", "recipe", "domain", "role", "size", "scale", "count", "seed", "errors")
    ]
    assert result == [1, "sr4", "synthetic", "all", 64, 4, 6, 0, 1]
    assert made.info["metadata_sha256"] == sha256_file(tmp_path / "out" / "metadata.jsonl")
    assert made.names == tuple(f"face{number}" for number in range(6))


def test_without_one_good_face_no_split_is_left(tmp_path: Path) -> None:
    save_face(tmp_path / "faces" / "small.png", side=32)
    summary = make(tmp_path / "out", folder_sources(tmp_path / "faces"))
    assert (summary.made, len(summary.errors)) == (0, 1)
    assert contents(tmp_path / "out") == {}


def test_seed_epoch_name_and_recipe_each_give_another_draw() -> None:
    image = from_uint8(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    noise = find_recipe("denoise")
    cases = [(noise, 0, "a"), (noise, 1, "a"), (noise, 0, "b"), (noise, 0, "a", 0), (noise, 0, "a", 1)]
    drawn = {degrade_image(image, *case)[0].tobytes() for case in [*cases, (replace(noise, version=99), 0, "a")]}
    assert len(drawn) == 6
    np.testing.assert_array_equal(degrade_image(image, *cases[0])[0], degrade_image(image, *cases[0])[0])


def test_the_hash_tells_sources_and_plans_apart_but_not_their_order(faces: list[Source]) -> None:
    whole = split_hash(faces, PLAN)
    assert len(whole) == 64 and split_hash(faces[::-1], PLAN) == whole
    others = [replace(PLAN, seed=1), replace(PLAN, size=32), replace(PLAN, role="test"), replace(PLAN, crop="center")]
    hashes = {split_hash(faces, plan) for plan in others} | {split_hash(faces[1:], PLAN)}
    save_face(faces[0].path, seed=99)
    assert len(hashes | {whole, split_hash(faces, PLAN)}) == 7


@pytest.mark.parametrize("missing", ["split.json", "metadata.jsonl", "hq/face0.png", "lq/face5.png"])
def test_a_split_with_a_part_missing_is_not_loaded(tmp_path: Path, faces: list[Source], missing: str) -> None:
    make(tmp_path / "out", faces)
    (tmp_path / "out" / missing).unlink()
    with pytest.raises(InputError, match="expected a finished split|is missing"):
        load_split(tmp_path / "out")


def test_a_changed_record_is_not_loaded_and_made_again(tmp_path: Path, faces: list[Source]) -> None:
    make(tmp_path / "out", faces)
    metadata = tmp_path / "out" / "metadata.jsonl"
    whole = metadata.read_bytes()
    metadata.write_bytes(whole.replace(b"face0", b"face9"))
    with pytest.raises(InputError, match="is missing or changed"):
        load_split(tmp_path / "out")
    make(tmp_path / "out", faces)
    assert metadata.read_bytes() == whole


def test_a_line_has_a_note_only_where_something_in_the_source_was_not_read(tmp_path: Path) -> None:
    for number in range(2):
        save_face(tmp_path / "one" / f"face{number}.png", seed=number)
    first, second = (Pillow.open(path) for path in sorted((tmp_path / "one").iterdir()))
    (tmp_path / "more").mkdir()
    first.save(tmp_path / "more" / "face0.png", save_all=True, append_images=[second], icc_profile=b"no profile")
    second.save(tmp_path / "more" / "face1.png")
    for folder in ("one", "more"):
        make(tmp_path / "out" / folder, folder_sources(tmp_path / folder))
    plain, noted = (
        [json.loads(line) for line in (tmp_path / "out" / folder / "metadata.jsonl").read_text().splitlines()]
        for folder in ("one", "more")
    )
    clauses = "holds 2 pictures, the first is read; its colour profile is damaged, and is ignored"
    assert [line.pop("note", None) for line in noted] == [clauses, None]
    assert [line | {"source_sha256": None} for line in noted] == [line | {"source_sha256": None} for line in plain]
    assert verify(tmp_path / "out" / "more") == ()
    rows = pytest.importorskip("datasets").load_dataset(
        "imagefolder", data_dir=str(tmp_path / "out" / "more"), cache_dir=str(tmp_path / "cache")
    )
    assert rows["train"]["note"] == [clauses, None]


def test_the_digest_is_of_pixels_and_not_of_files(tmp_path):
    split = load_split(split_module.make_split(tmp_path / "split", None, "jpeg", size=64, limit=2).path)
    encoded = tuple(record | {"hq_sha256": "0" * 64, "libraries": {}} for record in split.records)
    changed = tuple(record | {"lq_pixels_sha256": "0" * 64} for record in split.records)
    assert replace(split, records=encoded).digest == split.digest != replace(split, records=changed).digest
    first = tuple({key: record[key] for key in record if "pixels" not in key} for record in split.records)
    assert replace(split, records=first).digest == split.info["metadata_sha256"], "as the first version had it"
