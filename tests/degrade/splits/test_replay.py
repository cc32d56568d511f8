"""Replay and verify: the recorded bytes come back without a draw, and every file that is not as recorded is named."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image as Pillow

from degrade.cli.main import degrade
from degrade.core.errors import InputError
from degrade.core.storage.files import sha256, write_json
from degrade.operators.chain import OPERATORS
from degrade.recipes.library import find_recipe, recorded_recipe
from degrade.recipes.parse_recipe import compose
from degrade.splits import replay as replay_module
from degrade.splits.make_split import SplitPlan, write_split
from degrade.splits.records import record_line
from degrade.splits.replay import Finding, replay, verify
from degrade.splits.roles import portrait_sources
from degrade.splits.sources import folder_sources
from degrade.splits.split import load_split

PLAN = SplitPlan(find_recipe("dual_blind"), "all", 64)


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _faces(folder: Path, count: int = 4) -> Path:
    folder.mkdir()
    for number in range(count):
        pixels = np.random.default_rng(number).integers(0, 256, (6, 6, 3), dtype=np.uint8)
        Pillow.fromarray(pixels).resize((80, 80), Pillow.Resampling.BICUBIC).save(folder / f"face{number}.png")
    return folder


@pytest.fixture
def split(tmp_path: Path) -> Path:
    sources = folder_sources(_faces(tmp_path / "faces"))
    return write_split(tmp_path / "split", sources, PLAN, progress=False).path


def test_missing_and_changed_images_come_back_as_they_were(split: Path, monkeypatch) -> None:
    whole = _contents(split)
    (split / "lq" / "face0.png").unlink()
    (split / "lq" / "face2.png").write_bytes(b"torn")
    (split / "lq" / ".degrade-unfinished-abcdef12").write_bytes(b"by a killed run")
    monkeypatch.setattr(np.random, "default_rng", _only_noise_fields(np.random.default_rng))
    summary = replay(split)
    assert (summary.rebuilt, summary.intact, summary.errors) == (("lq/face0.png", "lq/face2.png"), 2, ())
    assert _contents(split) == whole


@pytest.mark.parametrize("name", ["diffbir_2", "difface_test"])
def test_a_split_of_a_recipe_that_is_no_more_is_read_verified_and_replayed(tmp_path: Path, name: str) -> None:
    """As splits of version 1 lie on disk: the factor is rounded to the nearest, and no record names a rounding."""
    steps = [
        {"operator": "Resize", "library": "cv2", "filter": "linear", "factor": 12},
        {"operator": "Jpeg", "quality": 100},
        {"operator": "Resize", "library": "cv2", "filter": "linear", "side": 1},
    ]
    (recipe,) = compose({"name": name, "version": 1, "steps": steps})
    plan = SplitPlan(replace(recipe, document=""), "all", 64)
    split = write_split(tmp_path / "split", folder_sources(_faces(tmp_path / "faces")), plan, progress=False).path
    whole, loaded = _contents(split), load_split(split)
    first = loaded.records[0]["operators"][0]
    assert "rounding" not in first["drawn"] and first["realised"] == '{"height": 5, "width": 5}'
    assert loaded.info["recipe_version"] == 1 and verify(split) == ()
    (split / "lq" / "face1.png").unlink()
    assert replay(split).rebuilt == ("lq/face1.png",)
    assert _contents(split) == whole
    with pytest.raises(InputError, match="diffbir_face|expected that recipe version, got difface_test@2"):
        recorded_recipe(loaded.info)


def _only_noise_fields(make):
    """A generator may be made where an operator's recorded seed asks for one, and nowhere else."""

    def checked(*arguments):
        caller = sys._getframe(1).f_globals["__name__"]
        assert caller in {kind.__module__ for kind in OPERATORS.values()}, f"{caller} draws during replay"
        return make(*arguments)

    return checked


def test_only_the_named_image_is_rebuilt(split: Path) -> None:
    for name in ("face0", "face1"):
        (split / "lq" / f"{name}.png").unlink()
    assert replay(split, ["face1"]).rebuilt == ("lq/face1.png",)
    assert verify(split) == (Finding("missing", "lq/face0.png"),)
    with pytest.raises(InputError, match="unknown image 'fcae1'; did you mean 'face1'"):
        replay(split, ["fcae1"])


def test_an_image_is_named_in_either_form_of_unicode(tmp_path: Path) -> None:
    faces = _faces(tmp_path / "faces", 1)
    (faces / "face0.png").rename(faces / "caf\N{LATIN SMALL LETTER E WITH ACUTE}.png")
    path = write_split(tmp_path / "split", folder_sources(faces), PLAN, progress=False).path
    (lq,) = (path / "lq").iterdir()
    lq.unlink()
    assert replay(path, ["cafe\N{COMBINING ACUTE ACCENT}"]).rebuilt == (f"lq/{lq.name}",)


def test_a_reference_needs_the_clean_face_with_the_recorded_hash(split: Path, tmp_path: Path) -> None:
    whole = _contents(split)
    (split / "hq" / "face3.png").unlink()
    (split / "lq" / "face3.png").unlink()
    assert [file for file, _ in replay(split).errors] == ["hq/face3.png", "lq/face3.png"]
    assert "--source DIR" in replay(split).errors[0][1]
    other = tmp_path / "other"
    other.mkdir()
    (other / "face3.png").write_bytes((tmp_path / "faces" / "face2.png").read_bytes())
    assert "got one with other content" in replay(split, source=other).errors[0][1]
    assert replay(split, source=tmp_path / "faces").rebuilt == ("hq/face3.png", "lq/face3.png")
    assert _contents(split) == whole


def test_an_embedded_portrait_is_painted_again(tmp_path: Path) -> None:
    out = write_split(tmp_path / "split", portrait_sources("train", 1), PLAN, progress=False).path
    whole = _contents(out)
    for image in out.rglob("*.png"):
        image.unlink()
    assert replay(out).rebuilt == ("hq/portrait_00000.png", "lq/portrait_00000.png")
    assert _contents(out) == whole


def test_other_bytes_than_recorded_are_not_written_and_other_libraries_are_named(split: Path) -> None:
    lines = [json.loads(line) for line in (split / "metadata.jsonl").read_bytes().splitlines()]
    lines[0]["lq_sha256"] = lines[0]["lq_pixels_sha256"] = "0" * 64
    lines[0]["libraries"]["numpy"] = "0.1"
    metadata = b"".join(map(record_line, lines))
    (split / "metadata.jsonl").write_bytes(metadata)
    info = json.loads((split / "split.json").read_bytes()) | {"metadata_sha256": sha256(metadata)}
    write_json(split / "split.json", info)
    before = _contents(split)
    ((file, sentence),) = replay(split).errors
    assert file == "lq/face0.png" and "made with numpy 0.1, here" in sentence
    assert _contents(split) == before


def test_a_split_that_points_outside_its_folder_is_refused(split: Path) -> None:
    metadata = (split / "metadata.jsonl").read_bytes().replace(b'"name": "face0"', b'"name": "../face0"')
    (split / "metadata.jsonl").write_bytes(metadata)
    info = json.loads((split / "split.json").read_bytes()) | {"metadata_sha256": sha256(metadata)}
    write_json(split / "split.json", info)
    with pytest.raises(InputError, match="do not use this split"):
        replay(split)


def test_verify_names_every_changed_missing_and_extra_file(split: Path) -> None:
    assert verify(split) == ()
    (split / "hq" / "face0.png").write_bytes((split / "hq" / "face1.png").read_bytes())
    (split / "lq" / "face2.png").unlink()
    (split / "lq" / "stranger.png").write_bytes(b"?")
    (split / "notes.txt").write_text("mine")
    assert verify(split) == (
        Finding("changed", "hq/face0.png"),
        Finding("missing", "lq/face2.png"),
        Finding("extra", "lq/stranger.png"),
        Finding("extra", "notes.txt"),
    )


@pytest.mark.parametrize(
    "edited", [{"recipe": "sr4"}, {"recipe_version": 9}, {"size": 32}, {"seed": 5}, {"seed": None}, {"count": 3}]
)
def test_verify_names_a_split_json_that_says_otherwise_than_the_records(split: Path, edited: dict) -> None:
    write_json(split / "split.json", json.loads((split / "split.json").read_bytes()) | edited)
    assert verify(split) == (Finding("changed", "split.json"),)


def test_a_lost_card_is_named_and_written_again_and_its_owner_may_add_to_it(split: Path) -> None:
    whole = _contents(split)
    (split / "README.md").unlink()
    assert verify(split) == (Finding("missing", "README.md"),)
    assert replay(split, ["face0"]).rebuilt == ()
    assert replay(split).rebuilt == ("README.md",) and _contents(split) == whole
    (split / "README.md").write_text("license: cc-by-4.0")
    assert verify(split) == () and replay(split).rebuilt == ()


def test_a_split_that_is_made_once_more_keeps_what_its_owner_added_to_the_card(tmp_path: Path) -> None:
    sources, split = folder_sources(_faces(tmp_path / "faces")), tmp_path / "split"
    write_split(split, sources, PLAN, progress=False)
    (split / "README.md").write_text("license: cc-by-4.0")
    write_split(split, sources, PLAN, progress=False)
    assert (split / "README.md").read_text() == "license: cc-by-4.0"


def test_the_commands_tell_and_exit_by_what_they_found(split: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(degrade, ["verify", str(split)]).exit_code == 0
    (split / "lq" / "face1.png").unlink()
    result = runner.invoke(degrade, ["verify", str(split)])
    assert (result.exit_code, result.output) == (1, "missing lq/face1.png\n1 file not as recorded\n")
    result = runner.invoke(degrade, ["replay", str(split), "--only", "face1"])
    assert (result.exit_code, result.output.splitlines()[0]) == (0, "rebuilt lq/face1.png")
    (split / "hq" / "face1.png").unlink()
    assert runner.invoke(degrade, ["replay", str(split)]).exit_code == 1
    (split / "metadata.jsonl").write_bytes(b"{}")
    result = runner.invoke(degrade, ["verify", str(split)])
    assert (
        result.exit_code == 2 and result.output.count("\n") == 1 and "changed since the split was made" in result.output
    )


@pytest.mark.slow
def test_a_killed_replay_is_finished_by_the_same_command(tmp_path: Path) -> None:
    """SIGKILL from outside once the first of 40 missing images is back."""
    sources = folder_sources(_faces(tmp_path / "faces", 40))
    out = write_split(tmp_path / "split", sources, PLAN, progress=False).path
    whole = _contents(out)
    for image in (out / "lq").iterdir():
        image.unlink()
    program = f"from degrade.cli.main import degrade; degrade(['replay', {str(out)!r}])"
    process = subprocess.Popen([sys.executable, "-c", program])
    end = time.monotonic() + 60
    while not list((out / "lq").glob("*.png")) and time.monotonic() < end and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    back = len(list((out / "lq").glob("*.png")))
    assert 0 < back < 40
    assert len(replay_module.replay(out).rebuilt) == 40 - back
    assert _contents(out) == whole
