"""Splits on disk: the same bytes whatever the workers and interruptions, and pairs that replay from their records."""

import itertools
import json
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from degrade.core.errors import InputError
from degrade.core.files import sha256_file
from degrade.core.image import from_uint8, to_uint8
from degrade.operators.chain import apply, from_record
from degrade.recipes.degrade_image import degrade_image
from degrade.recipes.library import RECIPES, find_recipe
from degrade.splits import make_split as split_module
from degrade.splits.layout import locked
from degrade.splits.make_split import SplitPlan, split_hash, write_split
from degrade.splits.roles import portrait_sources
from degrade.splits.sources import Source, folder_sources
from degrade.splits.split import load_split

PLAN = SplitPlan(find_recipe("dual_blind"), "all", 64)


def _save(path: Path, side: int = 64, seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    coarse = Pillow.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse.resize((side, side), Pillow.Resampling.BICUBIC).save(path)


@pytest.fixture
def faces(tmp_path: Path) -> list[Source]:
    for number in range(6):
        _save(tmp_path / "faces" / f"face{number}.png", seed=number)
    return folder_sources(tmp_path / "faces")


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _make(out: Path, sources: list[Source], plan: SplitPlan = PLAN, workers: int = 1) -> split_module.SplitSummary:
    return write_split(out, sources, plan, workers=workers, progress=False)


def test_one_two_and_three_workers_write_the_same_bytes(tmp_path: Path, faces: list[Source]) -> None:
    for workers in (1, 2, 3):
        summary = _make(tmp_path / str(workers), faces, workers=workers)
        assert (summary.made, summary.reused, summary.errors) == (6, 0, ())
    assert _contents(tmp_path / "1") == _contents(tmp_path / "2") == _contents(tmp_path / "3")


def test_some_faces_first_and_the_rest_later_write_the_same_bytes(tmp_path: Path, faces: list[Source]) -> None:
    _make(tmp_path / "whole", faces)
    _make(tmp_path / "grown", faces[3:5])
    summary = _make(tmp_path / "grown", faces[::-1])
    assert (summary.made, summary.reused) == (4, 2)
    assert _contents(tmp_path / "grown") == _contents(tmp_path / "whole")


def test_a_pair_does_not_depend_on_the_other_faces(tmp_path: Path, faces: list[Source]) -> None:
    _make(tmp_path / "whole", faces)
    _make(tmp_path / "one", faces[2:3])
    assert load_split(tmp_path / "one").records[0] == load_split(tmp_path / "whole").records[2]


@pytest.mark.parametrize("interrupted_at", range(9))
def test_an_interrupted_run_leaves_whole_files_and_is_continued(
    tmp_path: Path, faces: list[Source], monkeypatch, interrupted_at: int
) -> None:
    """Written are the plan, three files for each of two faces, metadata.jsonl, split.json: 9, each interrupted once."""
    _make(tmp_path / "whole", faces[:2])
    count = itertools.count()

    def interrupt(handle: int) -> None:
        if next(count) == interrupted_at:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            _make(tmp_path / "out", faces[:2])
    whole, left = _contents(tmp_path / "whole"), _contents(tmp_path / "out")
    assert all(whole[name] == data for name, data in left.items() if not name.startswith(".parts"))
    with pytest.raises(InputError, match="expected a finished split"):
        load_split(tmp_path / "out")
    for folder in (tmp_path / "out").glob("[hl]q"):
        (folder / ".partial-torn").write_bytes(b"as a killed process leaves it")
    assert _make(tmp_path / "out", faces[:2]).reused == max(0, interrupted_at - 1) // 3
    assert _contents(tmp_path / "out") == whole


@pytest.mark.slow
def test_a_killed_run_keeps_what_it_had_finished(tmp_path: Path, faces: list[Source]) -> None:
    """SIGKILL from outside as soon as the first line of a pair is there."""
    for number in range(6, 30):
        _save(tmp_path / "faces" / f"face{number}.png", seed=number)
    out = tmp_path / "killed"
    process = started(tmp_path / "faces", out)
    end = time.monotonic() + 60
    while not list(out.glob(".parts/*.jsonl")) and time.monotonic() < end and process.poll() is None:
        time.sleep(0.002)
    process.kill()
    process.communicate()
    finished = {path.stem for path in out.glob(".parts/*.jsonl")}
    sources = folder_sources(tmp_path / "faces")
    assert 0 < len(finished) < len(sources)
    assert _make(out, sources).reused == len(finished)
    _make(tmp_path / "whole", sources)
    assert _contents(out) == _contents(tmp_path / "whole")


def started(faces: Path, out: Path) -> subprocess.Popen:
    """`degrade run` as a process of its own."""
    command = ["run", str(faces), str(out), "--task", "dual_blind", "--size", "64", "--workers", "1"]
    program = f"from degrade.cli.main import degrade; degrade({command!r})"
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", program], stdout=pipe, stderr=pipe, text=True)


@pytest.mark.slow
def test_two_processes_that_make_one_split_both_succeed(tmp_path: Path, faces: list[Source]) -> None:
    processes = [started(tmp_path / "faces", tmp_path / "out") for _ in range(2)]
    result = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], result
    made = sorted(re.search(r"\((\d) made, (\d) reused\)", output).groups() for output, _ in result)
    assert made == [("0", "6"), ("6", "0")]
    _make(tmp_path / "whole", faces)
    assert _contents(tmp_path / "out") == _contents(tmp_path / "whole")


@pytest.mark.slow
def test_who_comes_second_waits_with_a_word_until_the_lock_is_free(tmp_path: Path, faces: list[Source]) -> None:
    with locked(tmp_path / "out"):
        process = started(tmp_path / "faces", tmp_path / "out")
        assert "another process is writing to it; waiting" in process.stderr.readline()
        assert process.poll() is None and not list((tmp_path / "out").glob("[!.]*"))
    assert "6 made" in process.communicate(timeout=120)[0]


def test_the_lock_dies_with_its_process(tmp_path: Path, faces: list[Source]) -> None:
    hold = f"with locked(Path({str(tmp_path / 'out')!r})): print('held', flush=True); time.sleep(600)"
    program = f"import time; from pathlib import Path; from degrade.splits.layout import locked\n{hold}"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    process.kill()
    process.wait()
    assert _make(tmp_path / "out", faces).made == 6


@pytest.mark.parametrize("side", ["hq", "lq"])
@pytest.mark.parametrize("harm", ["changed", "missing"])
def test_a_harmed_file_is_made_again_and_the_others_are_kept(
    tmp_path: Path, faces: list[Source], side: str, harm: str
) -> None:
    out = tmp_path / "out"
    _make(out, faces)
    whole = _contents(out)
    harmed = out / side / "face3.png"
    harmed.write_bytes(b"torn") if harm == "changed" else harmed.unlink()
    assert _make(out, faces).made == 1
    assert _contents(out) == whole


def test_a_changed_source_is_degraded_anew(tmp_path: Path, faces: list[Source]) -> None:
    _make(tmp_path / "out", faces)
    _save(faces[0].path, seed=99)
    summary = _make(tmp_path / "out", faces)
    assert (summary.made, summary.reused) == (1, 5)
    _make(tmp_path / "new", faces)
    assert _contents(tmp_path / "out") == _contents(tmp_path / "new")


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_recipe_replays_from_its_records_and_loads_in_hugging_face_datasets(name: str, tmp_path: Path) -> None:
    recipe = find_recipe(name)
    _make(tmp_path / "split", portrait_sources("train", 2), SplitPlan(recipe, "train", 64, seed=3))
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
    _make(tmp_path / "out", faces[:1], replace(PLAN, seed=2**63 - 1))
    line = (tmp_path / "out" / "metadata.jsonl").read_text()
    record = json.loads(line)
    assert list(record) == [
        *("file_name", "hq_file_name", "name", "source", "source_sha256", "size", "recipe", "recipe_version"),
        *("seed", "operators", "hq_sha256", "lq_sha256", "libraries"),
    ]
    assert record["file_name"] == "lq/face0.png" and record["hq_file_name"] == "hq/face0.png"
    assert record["source"] == "face0.png" and record["source_sha256"] == sha256_file(faces[0].path)
    assert record["hq_sha256"] == sha256_file(tmp_path / "out" / "hq" / "face0.png")
    assert record["lq_sha256"] == sha256_file(tmp_path / "out" / "lq" / "face0.png")
    assert record["seed"] == 2**63 - 1
    assert str(tmp_path) not in line


def test_split_json_counts_what_is_there(tmp_path: Path, faces: list[Source]) -> None:
    (tmp_path / "faces" / "bad.png").write_bytes(b"no image")
    summary = _make(tmp_path / "out", folder_sources(tmp_path / "faces"), replace(PLAN, recipe=find_recipe("sr4")))
    assert summary.made + summary.reused + len(summary.errors) == 7
    made = load_split(tmp_path / "out")
    result = [
        made.info[key] for key in ("schema", "recipe", "domain", "role", "size", "scale", "count", "seed", "errors")
    ]
    assert result == [1, "sr4", "synthetic", "all", 64, 4, 6, 0, 1]
    assert made.digest == sha256_file(tmp_path / "out" / "metadata.jsonl")
    assert made.names == tuple(f"face{number}" for number in range(6))


def test_a_source_that_went_bad_takes_its_old_pair_with_it(tmp_path: Path, faces: list[Source]) -> None:
    _make(tmp_path / "out", faces)
    faces[1].path.write_bytes(b"no image")
    assert [name for name, _ in _make(tmp_path / "out", faces).errors] == ["face1"]
    assert not list((tmp_path / "out").rglob("face1.*"))
    assert len(load_split(tmp_path / "out").names) == 5


def test_without_one_good_face_no_split_is_left(tmp_path: Path) -> None:
    _save(tmp_path / "faces" / "small.png", side=32)
    summary = _make(tmp_path / "out", folder_sources(tmp_path / "faces"))
    assert (summary.made, len(summary.errors)) == (0, 1)
    assert _contents(tmp_path / "out") == {}


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
    _save(faces[0].path, seed=99)
    assert len(hashes | {whole, split_hash(faces, PLAN)}) == 7


@pytest.mark.parametrize("missing", ["split.json", "metadata.jsonl", "hq/face0.png", "lq/face5.png"])
def test_a_split_with_a_part_missing_is_not_loaded(tmp_path: Path, faces: list[Source], missing: str) -> None:
    _make(tmp_path / "out", faces)
    (tmp_path / "out" / missing).unlink()
    with pytest.raises(InputError, match="expected a finished split|is missing"):
        load_split(tmp_path / "out")


def test_a_changed_record_is_not_loaded_and_made_again(tmp_path: Path, faces: list[Source]) -> None:
    _make(tmp_path / "out", faces)
    metadata = tmp_path / "out" / "metadata.jsonl"
    whole = metadata.read_bytes()
    metadata.write_bytes(whole.replace(b"face0", b"face9"))
    with pytest.raises(InputError, match="is missing or changed"):
        load_split(tmp_path / "out")
    _make(tmp_path / "out", faces)
    assert metadata.read_bytes() == whole
