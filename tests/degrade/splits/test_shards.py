"""A split made in shards and merged: the bytes of the one made in one go."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from degrade.cli.main import degrade
from degrade.core.errors import InputError
from degrade.core.image import write
from degrade.portraits.paint import paint
from degrade.splits import shards as module
from degrade.splits.replay import verify
from degrade.splits.shards import Shard, merge
from degrade.splits.split import load_split

COUNT = 3


def command(*arguments: object) -> tuple[int, str]:
    shown = CliRunner().invoke(degrade, list(map(str, arguments)))
    assert shown.exception is None or isinstance(shown.exception, SystemExit), shown.exception
    return shown.exit_code, shown.output


def run(faces: Path, out: Path, *more: object) -> tuple[int, str]:
    return command("run", faces, out, "--task", "sr4", "--size", 64, "--workers", 1, *more)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """faces/, the whole split whole/, and its shards 1, 2 and 3; one face is damaged."""
    folder = tmp_path_factory.mktemp("made")
    for seed in range(7):
        write(folder / "faces" / f"face_{seed}.png", paint(seed, 64))
    (folder / "faces" / "face_4.png").write_bytes(b"no image")
    assert run(folder / "faces", folder / "whole")[0] == 1
    statuses = [run(folder / "faces", folder / str(k), "--shard", f"{k}/{COUNT}")[0] for k in range(1, COUNT + 1)]
    assert sorted(statuses) == [0, 0, 1]
    return folder


def parts(made: Path) -> list[Path]:
    return [made / str(number) for number in range(COUNT, 0, -1)]


@pytest.mark.parametrize("links", [True, False])
def test_the_merged_split_is_the_whole_one_byte_for_byte(made, tmp_path, monkeypatch, links):
    def refuse(*_):
        raise OSError("another file system")

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    before = [contents(part) for part in parts(made)]
    for _ in range(2):  # the same command again changes nothing
        status, output = command("merge", *parts(made), tmp_path / "merged")
        assert status == 1  # as of the whole split
        assert output == (
            f"3 shards: 6 pairs in {tmp_path / 'merged'}, 1 face failed\n"
            f"  {made / '2'}: 1 failed; its `degrade run`, given again, says why\n"
            f"no image was checked; `degrade verify {tmp_path / 'merged'}` does that\n"
        )
        assert contents(tmp_path / "merged") == contents(made / "whole")
    assert verify(tmp_path / "merged") == ()
    assert [contents(part) for part in parts(made)] == before
    assert os.path.samefile(made / "1" / "lq" / "face_0.png", tmp_path / "merged" / "lq" / "face_0.png") is links


def two_shards(folder):
    """Of a face each."""
    for seed in range(2):
        write(folder / "faces" / f"face_{seed}.png", paint(seed, 64))
    shards = [folder / str(number) for number in (1, 2)]
    for number, shard in enumerate(shards, start=1):
        run(folder / "faces", shard, "--shard", f"{number}/2")
    return shards


def test_a_merge_of_whole_shards_ends_with_success(tmp_path):
    shards = two_shards(tmp_path)
    status, output = command("merge", *shards, tmp_path / "merged")
    first, last = output.splitlines()
    assert (status, first) == (0, f"2 shards: 2 pairs in {tmp_path / 'merged'}, 0 faces failed")
    assert last == f"no image was checked; `degrade verify {tmp_path / 'merged'}` does that"


def test_an_image_that_is_missing_is_refused_and_a_damaged_one_is_left_to_verify(tmp_path):
    shards = two_shards(tmp_path)
    damaged = shards[0] / "lq" / "face_0.png"
    damaged.write_bytes(b"x")
    assert command("merge", *shards, tmp_path / "merged")[0] == 0
    status, output = command("verify", tmp_path / "merged")
    assert status == 1 and "changed lq/face_0.png\n" in output
    damaged.unlink()
    status, output = command("merge", *shards, tmp_path / "merged")
    assert status == 2 and f"{damaged}: is missing; its `degrade run`, given again, makes it anew" in output
    assert (tmp_path / "merged" / "lq" / "face_0.png").read_bytes() == b"x"  # what is there is not lost


def test_shards_are_told_apart_by_the_names_of_all_faces_alone(tmp_path):
    """Other pixels under the same names are for the user to see to, and what is merged is whole by its records."""
    for number in (1, 2):
        for name in ("a", "b"):
            write(tmp_path / f"faces_{number}" / f"{name}.png", paint(number, 64))
        run(tmp_path / f"faces_{number}", tmp_path / str(number), "--shard", f"{number}/2")
    assert command("merge", tmp_path / "1", tmp_path / "2", tmp_path / "merged")[0] == 0
    assert verify(tmp_path / "merged") == ()


def test_shards_of_other_faces_are_no_split(made, tmp_path):
    """One more face moves all after it to another shard: some would be there twice and some never."""
    for path in (made / "faces").iterdir():
        (tmp_path / "faces").mkdir(exist_ok=True)
        os.link(path, tmp_path / "faces" / path.name)
    write(tmp_path / "faces" / "face_2b.png", paint(9, 64))
    assert run(tmp_path / "faces", tmp_path / "2", "--shard", "2/3")[0] == 0
    status, output = command("merge", made / "1", tmp_path / "2", made / "3", tmp_path / "merged")
    assert status == 2 and f"{tmp_path / '2'}: is of another split than {made / '1'} (shard_of 8 faces, " in output
    status, output = run(tmp_path / "faces", made / "1", "--shard", "1/3")
    assert status == 2 and "holds another split (shard_of 7 faces, " in output


def test_a_shard_whose_faces_all_failed_is_merged_too(made, tmp_path):
    statuses = [run(made / "faces", tmp_path / str(k), "--shard", f"{k}/7")[0] for k in range(1, 8)]
    assert statuses == [0, 0, 0, 0, 1, 0, 0]
    shards = [tmp_path / str(k) for k in range(1, 8)]
    assert command("merge", *shards, tmp_path / "merged")[0] == 1
    assert contents(tmp_path / "merged") == contents(made / "whole")
    assert command("verify", tmp_path / "5") == (0, f"{tmp_path / '5'}: whole\n")
    with pytest.raises(InputError, match="at least one pair, got a shard whose faces all failed"):
        load_split(tmp_path / "5")
    (tmp_path / "torn").mkdir()
    os.link(made / "faces" / "face_4.png", tmp_path / "torn" / "face_4.png")
    assert run(tmp_path / "torn", tmp_path / "none", "--shard", "1/1")[0] == 1
    status, output = command("merge", tmp_path / "none", tmp_path / "nothing")
    assert status == 2 and "none: no face of this or another shard could be used" in output
    assert not (tmp_path / "nothing").exists()


def test_a_merge_that_was_interrupted_goes_on(made, tmp_path, monkeypatch):
    placed = module._place

    def interrupted(source, target):
        if source.name == "face_2.png":
            raise KeyboardInterrupt
        placed(source, target)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(module, "_place", interrupted)
        merge(tmp_path / "merged", parts(made))
    (tmp_path / "merged" / "hq" / "face_0.png").unlink()
    (tmp_path / "merged" / "hq" / "face_0.png").write_bytes(b"torn")
    merge(tmp_path / "merged", parts(made))
    assert contents(tmp_path / "merged") == contents(made / "whole")


def test_what_is_no_whole_set_of_shards_is_one_sentence(made, tmp_path):
    first, second, third = (made / str(number) for number in range(1, COUNT + 1))
    run(made / "faces", tmp_path / "other", "--seed", 1, "--shard", "3/3")
    run(made / "faces", tmp_path / "half", "--shard", "2/2")
    for folders, words in (
        ((first, third), "expected all 3 shards, got 2 without 2/3; give all of them"),
        ((first, second, third, first), f"{first}: is shard 1/3, as {first} is; give each once"),
        ((first, second, tmp_path / "half"), "half: is one of 2 shards, others are not; give those of one split"),
        ((first, second, tmp_path / "other"), f"other: is of another split than {first} (seed 1, not 0)"),
        ((made / "whole",), "expected a split made with --shard, got a whole one"),
        ((tmp_path / "nothing",), "nothing"),
    ):
        status, output = command("merge", *folders, tmp_path / "merged")
        assert status == 2 and words in output, output
        assert not (tmp_path / "merged").exists()


@pytest.mark.parametrize("out", ["2", "2/inside", "1/../2"])
def test_no_shard_becomes_the_whole_split(made, out):
    before = contents(made)
    status, output = command("merge", *parts(made), made / out)
    assert status == 2 and f"lies in the shard {made / '2'}, which stays as it is" in output
    assert contents(made) == before


def test_what_is_no_shard_is_one_sentence(made, tmp_path):
    for text in ("0/3", "4/3", "3", "a/b", "1/0", "-1/3", "1/3/3", ""):
        with pytest.raises(InputError, match="expected K/N with K from 1 to N, such as 3/16"):
            Shard.parse(text)
    status, output = run(made / "faces", tmp_path / "out", "--shard", "1/8")
    assert status == 2 and "shard 1/8: expected at least 8 faces, got 7; make fewer shards" in output
    status, output = run(made / "faces", made / "1", "--shard", "2/3")
    assert status == 2 and "holds another split (shard 1/3, not 2/3)" in output


def test_shards_share_the_faces_out():
    faces = list(range(10))
    parts = [Shard(number, 4).part(faces) for number in range(1, 5)]
    assert sorted(sum(parts, [])) == faces and {len(part) for part in parts} == {2, 3}
