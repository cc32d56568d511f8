"""Faces reduced to JPEGs: what is in the files, what is kept, what is refused."""

import os
import shutil
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image as Pillow

from degrade.cli.main import degrade
from degrade.core.errors import InputError
from degrade.core.image import read, to_uint8, write
from degrade.faces import detection
from degrade.faces.alignment import crop_affine, ffhq_affine
from degrade.portraits.paint import paint
from degrade.splits import reduce as module
from degrade.splits.reduce import MANIFEST, ReducePlan, differences, read_manifest, reduce_faces
from degrade.splits.sources import read_list


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("a", "b", "c"):
        write(tmp_path / "faces" / f"{name}.png", rng.random((64, 64, 3)).astype(np.float32))
    (tmp_path / "faces" / "train.txt").write_text("a.png\nc\n")
    (tmp_path / "faces" / "show.txt").write_text("b\n")
    (tmp_path / "faces" / "licence.txt").write_text("Do what you like.\n")
    return tmp_path / "faces"


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_face_is_pillows_lanczos_in_a_jpeg_of_the_quality_with_full_colour(folder, tmp_path):
    reduce_faces(folder, tmp_path / "out", ReducePlan(32, 95))
    with Pillow.open(tmp_path / "out" / "a.jpg") as photo:
        assert photo.layer == [(1, 1, 1, 0), (2, 1, 1, 1), (3, 1, 1, 1)]  # no component is subsampled
        assert photo.quantization[0][0] == 2  # 16 in the table of quality 50, of which quality 95 takes a tenth
        made = np.asarray(photo.convert("RGB")).astype(int)
    small = Pillow.open(folder / "a.png").resize((32, 32), Pillow.Resampling.LANCZOS)
    assert np.abs(made - np.asarray(small)).mean() < 4 and made.shape == (32, 32, 3)


def test_the_lists_name_the_new_files_and_other_texts_stay_where_they_are(folder, tmp_path):
    done = reduce_faces(folder, tmp_path / "out", ReducePlan(32))
    assert done.lists == ("show.txt", "train.txt")
    assert (tmp_path / "out" / "train.txt").read_text() == "a.jpg\nc.jpg\n"
    assert set(contents(tmp_path / "out")) == {"a.jpg", "b.jpg", "c.jpg", "show.txt", "train.txt", MANIFEST}


@pytest.mark.slow
def test_a_second_run_keeps_what_is_there_and_any_number_of_workers_gives_the_same_bytes(folder, tmp_path):
    first = reduce_faces(folder, tmp_path / "out", ReducePlan(32))
    before = contents(tmp_path / "out")
    (tmp_path / "out" / "b.jpg").unlink()
    again = reduce_faces(folder, tmp_path / "out", ReducePlan(32), workers=2)
    assert (first.made, first.reused, again.made, again.reused) == (3, 0, 1, 2)
    assert contents(tmp_path / "out") == before


def test_another_source_makes_the_file_anew_and_one_that_became_unreadable_is_left_out(folder, tmp_path):
    out = tmp_path / "out"
    reduce_faces(folder, out, ReducePlan(32))
    write(folder / "a.png", np.zeros((64, 64, 3), np.float32))
    assert reduce_faces(folder, out, ReducePlan(32)).made == 1
    whole = contents(out)
    readable = {path: path.read_bytes() for path in folder.glob("*.png")}
    for path in readable:
        path.write_bytes(b"not an image")
    assert len(reduce_faces(folder, out, ReducePlan(32)).errors) == 3
    assert {*contents(out)} == {"show.txt", "train.txt", MANIFEST} and not read_manifest(out / MANIFEST)
    assert differences(out / MANIFEST, out / MANIFEST) == []
    for path, data in readable.items():
        path.write_bytes(data)
    assert reduce_faces(folder, out, ReducePlan(32)).made == 3
    assert contents(out) == whole


def refused(folder, out, plan, words):
    before = contents(out)
    with pytest.raises(InputError, match=words):
        reduce_faces(folder, out, plan)
    assert contents(out) == before


@pytest.mark.parametrize("plan", [ReducePlan(16), ReducePlan(32, 90), ReducePlan(32, aligned=frozenset({"b"}))])
def test_another_plan_or_other_faces_are_refused_where_faces_are(folder, tmp_path, plan):
    out = tmp_path / "out"
    reduce_faces(folder, out, ReducePlan(32))
    refused(folder, out, plan, "of 'degrade reduce 1: 32 px, quality 95, aligned False', not 'degrade reduce 1: ")
    (folder / "b.png").rename(folder / "d.png")
    refused(folder, out, ReducePlan(32), "not asked for now, such as b; give another folder")
    (out / "b.jpg").unlink()
    refused(folder, out, ReducePlan(32), "not asked for now, such as b; give another folder")


@pytest.mark.parametrize("name", ["a.jpg", "z.png", "old/a.jpg", MANIFEST, "train.txt"])
def test_files_of_others_are_neither_replaced_nor_removed(folder, tmp_path, name):
    """Also not that of a face whose source cannot be read, which removes the face of an earlier run."""
    out = tmp_path / "out"
    (folder / "a.png").write_bytes(b"not an image")
    write(out / "theirs.jpg", paint(0, 64))
    (out / name).parent.mkdir(exist_ok=True)
    theirs = b"b.png\n" if name == "train.txt" else (out / "theirs.jpg").read_bytes()
    (out / "theirs.jpg").unlink()
    (out / name).write_bytes(theirs)
    with pytest.raises(InputError, match=f"got other files, such as {name}; move them away or give another folder"):
        reduce_faces(folder, out, ReducePlan(32))
    assert [path for path in out.rglob("*") if path.is_file()] == [out / name] and (out / name).read_bytes() == theirs


def test_a_folder_or_a_pipe_where_a_face_goes_and_a_list_changed_by_hand_are_refused(folder, tmp_path):
    out = tmp_path / "out"
    for make in (Path.mkdir, os.mkfifo) if os.name == "posix" else (Path.mkdir,):
        (out / "b.jpg").parent.mkdir(exist_ok=True)
        make(out / "b.jpg")
        with pytest.raises(InputError, match="such as b.jpg; move them away"):
            reduce_faces(folder, out, ReducePlan(32))
        shutil.move(out / "b.jpg", tmp_path / make.__name__)
    reduce_faces(folder, out, ReducePlan(32))
    (out / "notes.md").write_text("what is in nobody's way stays")
    (out / "mine.txt").write_text("b.jpg\n")
    assert reduce_faces(folder, out, ReducePlan(32)).reused == 3
    assert (out / "mine.txt").read_text() == "b.jpg\n"
    (out / "train.txt").write_text("a.jpg\n")
    refused(folder, out, ReducePlan(32), "such as train.txt; move them away")


@pytest.mark.parametrize("stopped_at", ["b.jpg", MANIFEST, "show.txt", "train.txt"])
def test_a_run_that_was_stopped_goes_on(folder, tmp_path, monkeypatch, stopped_at):
    written = module.write_bytes

    def stopping(path, data, sync=True):
        if path.name == stopped_at:
            raise KeyboardInterrupt
        written(path, data, sync)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(module, "write_bytes", stopping)
        reduce_faces(folder, tmp_path / "out", ReducePlan(32))
    reduce_faces(folder, tmp_path / "out", ReducePlan(32))
    reduce_faces(folder, tmp_path / "once", ReducePlan(32))
    assert contents(tmp_path / "out") == contents(tmp_path / "once")


def test_a_face_that_cannot_be_used_is_told_and_left_out_of_the_lists(folder, tmp_path):
    (folder / "c.png").write_bytes(b"not an image")
    result = CliRunner().invoke(degrade, ["reduce", str(folder), str(tmp_path / "out"), "--size", "32"])
    assert result.exit_code == 1
    assert "3 faces in, 2 in" in result.output and "c: " in result.output and "Traceback" not in result.output
    assert (tmp_path / "out" / "train.txt").read_text() == "a.jpg\n"
    assert set(read_manifest(tmp_path / "out" / MANIFEST)) == {"a", "b"}


@pytest.mark.slow
def test_a_listed_photograph_is_cut_to_the_template_of_ffhq(tmp_path):
    portrait = paint(3, 160)
    canvas = np.pad(portrait, ((40, 0), (0, 40), (0, 0)), mode="edge")
    if (box := detection.largest_face(canvas)) is None:
        pytest.skip("dlib finds no face in the painted portrait")
    write(tmp_path / "faces" / "photo.png", canvas)
    write(tmp_path / "faces" / "crop.png", canvas)
    (tmp_path / "faces" / "photographs.txt").write_text("photo\n")
    words = ["reduce", str(tmp_path / "faces"), str(tmp_path / "out"), "--size", "64", "--align", "photographs.txt"]
    result = CliRunner().invoke(degrade, words)
    assert result.exit_code == 0 and "1 of them cut to FFHQ's template" in result.output
    affine = ffhq_affine(detection.landmarks68(canvas, box), 64)
    expected = crop_affine(read(tmp_path / "faces" / "photo.png"), affine, 64)
    made = {name: to_uint8(read(tmp_path / "out" / f"{name}.jpg")).astype(int) for name in ("photo", "crop")}
    distance = {name: np.abs(image - to_uint8(expected)).mean() for name, image in made.items()}
    assert distance["photo"] < 2 < 5 < distance["crop"]


def test_the_check_names_other_pixels_and_says_nothing_of_other_bytes(folder, tmp_path):
    reduce_faces(folder, tmp_path / "out", ReducePlan(32))
    made = tmp_path / "out" / MANIFEST
    lines = made.read_text().splitlines()
    name, aligned, source, digest, pixels = lines[1].split(",")
    other = tmp_path / "other.csv"
    other.write_text("\n".join([lines[0], ",".join([name, aligned, source, "0" * 16, pixels]), *lines[2:]]) + "\n")
    assert differences(made, other) == []
    other.write_text("\n".join([lines[0], ",".join([name, aligned, source, digest, "0" * 16]), lines[2], "d,,,,"]))
    assert differences(made, other) == ["a: other pixels", "c: extra", "d: missing"]
    words = ["reduce", str(folder), str(tmp_path / "out"), "--size", "32", "--check", str(other)]
    assert CliRunner().invoke(degrade, words).exit_code == 1
    with pytest.raises(InputError, match="expected the columns name, aligned"):
        read_manifest(folder / "train.txt")


def test_a_place_inside_the_faces_and_a_name_that_is_not_there_are_refused(folder):
    with pytest.raises(InputError, match="holds or lies in the folder of the faces"):
        reduce_faces(folder, folder / "small", ReducePlan(32))
    with pytest.raises(InputError, match="holds no face z to align"):
        reduce_faces(folder, folder.parent / "out", ReducePlan(32, aligned=frozenset({"z"})))


@pytest.mark.slow
def test_the_faces_of_profile_lite_come_out_as_its_manifest_says(tmp_path):
    """On this machine too: two portraits, and two photographs that are aligned first."""
    if "FACES_HQ" not in os.environ:
        pytest.skip("FACES_HQ names no folder of faces")
    listed = read_manifest(Path(str(files("protocols") / "profiles" / "lite.csv")))
    names = ("omi_0001", "gecid_03", "london_001", "london_066")
    (tmp_path / "faces").mkdir()
    for name in names:
        source = Path(os.environ["FACES_HQ"], f"{name}.jpg")
        if not source.is_file():
            pytest.skip(f"{source} is not there: FACES_HQ names other faces")
        shutil.copy(source, tmp_path / "faces" / source.name)
    aligned = frozenset(name for name in names if listed[name]["aligned"] == "yes")
    reduce_faces(tmp_path / "faces", tmp_path / "out", ReducePlan(256, aligned=aligned))
    made = read_manifest(tmp_path / "out" / MANIFEST)
    if any(made[name]["source_sha256"] != listed[name]["source_sha256"] for name in names):
        pytest.skip("FACES_HQ names other faces of these names, such as the reduced ones")
    assert aligned == {"london_001", "london_066"}
    assert [made[name]["pixels_sha256"] for name in names] == [listed[name]["pixels_sha256"] for name in names]


def test_the_list_of_a_role_that_names_no_face_is_refused_and_other_texts_are_named(folder, tmp_path):
    """Else its faces would become those of training later."""
    called = CliRunner().invoke(degrade, ["reduce", str(folder), str(tmp_path / "out"), "--size", "32"])
    assert called.exit_code == 0, called.output
    assert f"left alone, as some of their lines name no face of {folder}: licence.txt" in called.output
    for role in ("train", "val", "test"):
        (folder / f"{role}.txt").write_text("a.png\nbb.png\n")
        with pytest.raises(InputError, match=f"^{role}.txt: .*bb.png.*; correct the list, or move it away"):
            reduce_faces(folder, tmp_path / "other", ReducePlan(32))
        (folder / f"{role}.txt").unlink()
    assert not (tmp_path / "other").exists()


@pytest.mark.skipif(os.name != "posix", reason="names with backslashes")
def test_a_list_is_read_back_whatever_its_names_begin_with(folder, tmp_path):
    names = ["#1", " b", "x\\y", "plain"]
    for name in names:
        shutil.copy(folder / "a.png", folder / f"{name}.png")
    (folder / "test.txt").write_text("".join(f"./{name}.png\n" for name in names))
    reduce_faces(folder, tmp_path / "out", ReducePlan(32))
    listed = read_list(tmp_path / "out" / "test.txt")
    assert set(listed) == {f"{name}.jpg" for name in names}
    reduce_faces(folder, tmp_path / "out", ReducePlan(32))


def test_an_out_that_cannot_be_made_is_a_sentence(folder, tmp_path):
    (tmp_path / "file").write_text("")
    for command in (["reduce"], ["run", "--recipe", "jpeg"]):
        called = CliRunner().invoke(degrade, [*command, str(folder), str(tmp_path / "file" / "out"), "--size", "64"])
        assert called.exit_code == 2 and "file/out: cannot be written to (Not a directory)" in called.output
