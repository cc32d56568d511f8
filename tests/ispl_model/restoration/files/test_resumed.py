"""A folder of results that is there already: what is kept, made anew or never replaced, by one process and by two."""

import subprocess
import sys

import numpy as np
import pytest

from degrade.core.errors import InputError
from degrade.core.image import read, write
from ispl_model.restoration.files.restore_files import RestorePlan, restore_files
from ispl_model.restoration.restorer import load_restorer
from tests.ispl_model.restoration.files.test_restore_files import lines, noise, run


@pytest.fixture(scope="module")
def restorer(network_file):
    return load_restorer(network_file, "cpu")


@pytest.fixture
def made(restorer, tmp_path):
    """Four images and the folder of their results."""
    paths, out = [tmp_path / f"{name}.png" for name in "abcd"], tmp_path / "out"
    for seed, path in enumerate(paths):
        write(path, noise(seed))
    assert run(restorer, paths, out, kind="face").restored == 4
    return paths, out


def test_resuming_keeps_what_is_done_and_makes_what_is_missing_or_half_written(restorer, made):
    paths, out = made
    assert run(restorer, paths, out, kind="face", resume=True).kept == 4
    (out / "a.png").unlink()
    (out / "b.png").write_bytes((out / "b.png").read_bytes()[:100])
    summary = run(restorer, paths, out, kind="face", resume=True)
    assert (summary.restored, summary.kept) == (2, 2)
    assert [line["file_name"] for line in lines(out)[4:]] == ["a.png", "b.png"]


def test_resuming_replaces_no_result_of_another_request_and_none_that_was_changed(restorer, save_network, made):
    paths, out = made
    write(paths[2], noise(9))
    (out / "d.png").write_bytes(b"MINE")
    before, reasons = {path: path.read_bytes() for path in out.glob("*.png")}, {}
    other = load_restorer(save_network(width=1), "cpu")
    for name, model, plan in (
        ("checkpoint", other, {"kind": "face"}),
        ("kind", restorer, {"kind": "tiles"}),
        ("strength", restorer, {"kind": "face", "strength": 0.5}),
    ):
        summary = run(model, paths[:1], out, **plan, resume=True)
        ((_, reasons[name]),) = summary.errors
        assert f"a.png: is there, made with another {name}; give another folder, or --overwrite" in reasons[name]
    summary = run(restorer, paths, out, kind="face", resume=True)
    assert (summary.restored, summary.kept) == (0, 2)
    assert [said.partition("; ")[0].rpartition("/")[2] for _, said in summary.errors] == [
        "c.png: is there, made with another image",
        "d.png: is there and is not what would be made now",
    ]
    assert {path: path.read_bytes() for path in out.glob("*.png")} == before and len(lines(out)) == 4
    summary = run(restorer, paths, out, kind="face", resume=True, overwrite=True)
    assert (summary.restored, summary.kept, summary.errors) == (2, 2, ())


def test_a_stopped_run_goes_on_where_it_was(restorer, tmp_path):
    paths, out = [tmp_path / f"{name}.png" for name in "abc"], tmp_path / "out"
    for seed, path in enumerate(paths):
        write(path, noise(seed))
    run(restorer, paths, tmp_path / "whole", kind="face")
    stopped = restore_files(restorer, paths, out, RestorePlan("face"))
    assert next(stopped).restored == 1
    stopped.close()
    assert run(restorer, paths, out, kind="face", resume=True).kept == 1
    for path in paths:
        assert (out / path.name).read_bytes() == (tmp_path / "whole" / path.name).read_bytes()


def test_no_file_is_replaced_that_was_not_made_here_and_two_never_share_a_result(restorer, tmp_path):
    face, other = tmp_path / "face.png", tmp_path / "other" / "face.png"
    write(face, noise(0))
    write(other, noise(1))
    outside = tmp_path / "other" / "image.png"
    write(outside, noise(2))
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "face.png").symlink_to(outside)
    for paths, out, sentence in (
        ([face], tmp_path, "would replace its input"),
        ([face], tmp_path / "other", "is there and was not made by ispl restore"),
        ([face, outside], tmp_path / "linked", "would replace its input"),
    ):
        with pytest.raises(InputError, match=sentence):
            run(restorer, paths, out)
    (tmp_path / "out").mkdir()
    (tmp_path / "empty").mkdir()
    (tmp_path / "out" / "other").symlink_to(tmp_path / "empty")
    with pytest.raises(InputError, match="out/other: is a link"):
        run(restorer, [face, other], tmp_path / "out")
    (tmp_path / "out" / "other").unlink()
    np.testing.assert_allclose(read(face), noise(0), atol=0.5 / 255 + 1e-6)
    np.testing.assert_allclose(read(other), noise(1), atol=0.5 / 255 + 1e-6)
    assert run(restorer, [face], tmp_path / "out").restored == 1
    with pytest.raises(InputError, match="is there already; --resume keeps what is done, --overwrite replaces it"):
        run(restorer, [face], tmp_path / "out")
    assert run(restorer, [face], tmp_path / "out", overwrite=True).restored == 1
    assert run(restorer, [face], tmp_path / "other", overwrite=True).restored == 1
    for again in ({}, {"overwrite": True}):
        with pytest.raises(InputError, match="would replace its input"):
            run(restorer, [face], tmp_path, **again)


AT_ONCE = """
import sys
from pathlib import Path
from ispl_model.restoration.files.restore_files import RestorePlan, restore_files
from ispl_model.restoration.restorer import load_restorer
restorer, paths = load_restorer(sys.argv[1], "cpu"), sorted(Path(sys.argv[2]).iterdir())
print("ready", flush=True)
sys.stdin.readline()
*_, summary = restore_files(restorer, paths, Path(sys.argv[3]), RestorePlan("face", resume=True))
print(summary.restored, summary.kept)
"""


@pytest.mark.slow
def test_two_processes_in_one_folder_lose_and_double_nothing(network_file, tmp_path):
    for seed in range(40):
        write(tmp_path / "in" / f"{seed}.png", noise(seed))
    command = [sys.executable, "-c", AT_ONCE, network_file, tmp_path / "in", tmp_path / "out"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    both = [subprocess.Popen([str(word) for word in command], **pipes) for _ in range(2)]
    for process in both:
        assert process.stdout.readline() == "ready\n"
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = sorted(process.communicate(timeout=120)[0].strip() for process in both)
    assert said == ["0 40", "40 0"]
    names = [line["file_name"] for line in lines(tmp_path / "out")]
    assert sorted(names) == sorted(f"{seed}.png" for seed in range(40))
