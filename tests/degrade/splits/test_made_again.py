"""A split that is made again: interrupted, killed, harmed, or by two processes at once, it becomes the same bytes."""

import itertools
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from degrade.core.errors import InputError
from degrade.core.storage.files import locked
from degrade.splits.layout import split_writer
from degrade.splits.sources import Source, folder_sources
from degrade.splits.split import load_split
from tests.degrade.splits.made_splits import contents, make, save_face, six_faces


@pytest.fixture
def faces(tmp_path: Path) -> list[Source]:
    return six_faces(tmp_path / "faces")


def test_some_faces_first_and_the_rest_later_write_the_same_bytes(tmp_path: Path, faces: list[Source]) -> None:
    make(tmp_path / "whole", faces)
    make(tmp_path / "grown", faces[3:5])
    summary = make(tmp_path / "grown", faces[::-1])
    assert (summary.made, summary.reused) == (4, 2)
    assert contents(tmp_path / "grown") == contents(tmp_path / "whole")


@pytest.mark.parametrize("interrupted_at", range(10))
def test_an_interrupted_run_leaves_whole_files_and_is_continued(
    tmp_path: Path, faces: list[Source], monkeypatch, interrupted_at: int
) -> None:
    """Written are the plan, three files for each of two faces, metadata.jsonl, the card and split.json: 10 files.

    Each is interrupted once, before it gets its name.
    """
    make(tmp_path / "whole", faces[:2])
    count, named = itertools.count(), os.replace

    def interrupt(unfinished: str, path: Path) -> None:
        if next(count) == interrupted_at:
            raise KeyboardInterrupt
        named(unfinished, path)

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", interrupt)
        with pytest.raises(KeyboardInterrupt):
            make(tmp_path / "out", faces[:2])
    whole, left = contents(tmp_path / "whole"), contents(tmp_path / "out")
    assert all(whole[name] == data for name, data in left.items() if not name.startswith(".parts"))
    with pytest.raises(InputError, match="expected a finished split"):
        load_split(tmp_path / "out")
    for folder in (tmp_path / "out").glob("[hl]q"):
        (folder / ".degrade-unfinished-abcdef12").write_bytes(b"as a killed process leaves it")
    assert make(tmp_path / "out", faces[:2]).reused == max(0, interrupted_at - 1) // 3
    assert contents(tmp_path / "out") == whole


def test_lines_that_a_power_cut_damaged_cost_their_pairs_and_nothing_more(
    tmp_path: Path, faces: list[Source], monkeypatch, capsys
) -> None:
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr("degrade.splits.make_split.split_writer", partial(interrupted, split_writer))
        with pytest.raises(KeyboardInterrupt):
            make(out, faces)
    torn, empty, zeros, *_ = sorted(out.glob(".parts/*.jsonl"))
    torn.write_bytes(torn.read_bytes()[:100])
    empty.write_bytes(b"")
    zeros.write_bytes(bytes(300))
    assert make(out, faces).made == 3
    assert "2 lines of an interrupted run damaged; made again" in capsys.readouterr().err
    make(tmp_path / "whole", faces)
    assert contents(out) == contents(tmp_path / "whole")


@contextmanager
def interrupted(writer, *arguments):
    """As split_writer, stopped when all pairs are made, before it ends."""
    with writer(*arguments) as split:
        yield split
        raise KeyboardInterrupt


@pytest.mark.slow
def test_a_killed_run_keeps_what_it_had_finished(tmp_path: Path, faces: list[Source]) -> None:
    """SIGKILL from outside as soon as the first line of a pair is there."""
    for number in range(6, 30):
        save_face(tmp_path / "faces" / f"face{number}.png", seed=number)
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
    assert make(out, sources).reused == len(finished)
    make(tmp_path / "whole", sources)
    assert contents(out) == contents(tmp_path / "whole")


def test_a_plan_that_a_power_cut_damaged_says_how_to_get_the_same_images(
    tmp_path: Path, faces: list[Source], monkeypatch
) -> None:
    whole, out = make(tmp_path / "whole", faces).path, tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr("degrade.splits.make_split.split_writer", partial(interrupted, split_writer))
        with pytest.raises(KeyboardInterrupt):
            make(out, faces)
    plan = out / ".parts/plan.json"
    for damaged in (b"", b"\0" * 300, plan.read_bytes()[:100]):
        plan.write_bytes(damaged)
        with pytest.raises(InputError, match=f"plan.json: .*; remove {out}, .*, and run the same command: it makes"):
            make(out, faces)
    shutil.rmtree(out)
    make(out, faces)
    assert contents(out) == contents(whole)


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
    make(tmp_path / "whole", faces)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


@pytest.mark.slow
def test_who_comes_second_waits_with_a_word_until_the_lock_is_free(tmp_path: Path, faces: list[Source]) -> None:
    (tmp_path / "out").mkdir()
    with locked(tmp_path / "out"):
        process = started(tmp_path / "faces", tmp_path / "out")
        assert "another process is writing to it; waiting" in process.stderr.readline()
        assert process.poll() is None and not list((tmp_path / "out").glob("[!.]*"))
    assert "6 made" in process.communicate(timeout=120)[0]


def test_the_lock_dies_with_its_process(tmp_path: Path, faces: list[Source]) -> None:
    (tmp_path / "out").mkdir()
    hold = f"with locked(Path({str(tmp_path / 'out')!r})): print('held', flush=True); time.sleep(600)"
    program = f"import time; from pathlib import Path; from degrade.core.storage.files import locked\n{hold}"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    process.kill()
    process.wait()
    assert make(tmp_path / "out", faces).made == 6


@pytest.mark.parametrize("side", ["hq", "lq"])
@pytest.mark.parametrize("harm", ["changed", "missing"])
def test_a_harmed_file_is_made_again_and_the_others_are_kept(
    tmp_path: Path, faces: list[Source], side: str, harm: str
) -> None:
    out = tmp_path / "out"
    make(out, faces)
    whole = contents(out)
    harmed = out / side / "face3.png"
    harmed.write_bytes(b"torn") if harm == "changed" else harmed.unlink()
    assert make(out, faces).made == 1
    assert contents(out) == whole


def test_a_changed_source_is_degraded_anew(tmp_path: Path, faces: list[Source]) -> None:
    make(tmp_path / "out", faces)
    save_face(faces[0].path, seed=99)
    summary = make(tmp_path / "out", faces)
    assert (summary.made, summary.reused) == (1, 5)
    make(tmp_path / "new", faces)
    assert contents(tmp_path / "out") == contents(tmp_path / "new")


def test_a_source_that_went_bad_takes_its_old_pair_with_it(tmp_path: Path, faces: list[Source]) -> None:
    make(tmp_path / "out", faces)
    faces[1].path.write_bytes(b"no image")
    assert [name for name, _ in make(tmp_path / "out", faces).errors] == ["face1"]
    assert not list((tmp_path / "out").rglob("face1.*"))
    assert len(load_split(tmp_path / "out").names) == 5
