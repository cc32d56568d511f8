"""What is saved beside the results: nothing is replaced that is another's, and what is not there yet is made."""

import json
import shutil

import numpy as np
import pytest

from degrade.core.image import write
from degrade.portraits.paint import paint
from ispl_model.restoration.files.restore_files import RestorePlan, restore_files
from tests.ispl_model.restoration.files.test_many import Darker

CROP = "cropped_faces/a_01.png"


@pytest.fixture
def photo(tmp_path):
    """A photograph of one face, a.png."""
    wall = np.full((200, 300, 3), 0.5, np.float32)
    wall[20:180, 60:220] = paint(1, 160)
    write(tmp_path / "a.png", wall)
    return tmp_path / "a.png"


def run(photo, out, **plan):
    *_, summary = restore_files(Darker(), [photo], out, RestorePlan(**plan))
    return summary


def test_a_result_is_made_anew_where_what_is_saved_beside_it_is_not_there(photo, tmp_path):
    out = tmp_path / "out"
    run(photo, out)
    for saved, kept in ((("faces",), 0), (("faces",), 1), ((), 1), (("compare", "faces"), 0), (("compare",), 1)):
        assert run(photo, out, saved=saved, resume=True).kept == kept, saved
    shutil.rmtree(out / "cropped_faces")
    assert run(photo, out, saved=("faces",), resume=True).restored == 1
    assert (out / CROP).is_file()


def test_a_crop_that_was_changed_is_not_replaced_where_its_result_is_made_anew(photo, tmp_path):
    out = tmp_path / "out"
    run(photo, out, saved=("faces",))
    (out / "a.png").unlink()
    (out / CROP).write_bytes(b"mine")
    ((_, said),) = run(photo, out, saved=("faces",), resume=True).errors
    assert f"{CROP}: is there and is not what would be made now" in said and (out / CROP).read_bytes() == b"mine"
    (out / CROP).unlink()
    assert run(photo, out, saved=("faces",), resume=True).restored == 1


@pytest.mark.parametrize("resume", [False, True])
def test_a_crop_of_somebody_else_is_not_replaced(photo, tmp_path, resume):
    """As in a folder of GFPGAN's results, which calls its folders so too."""
    out = tmp_path / "out"
    (out / "cropped_faces").mkdir(parents=True)
    (out / CROP).write_bytes(b"theirs")
    summary = run(photo, out, saved=("faces",), resume=resume)
    assert summary.restored == 0 and "is there and is not what would be made now" in summary.errors[0][1]
    assert (out / CROP).read_bytes() == b"theirs" and not (out / "a.png").exists()
    assert run(photo, out, saved=("faces",), overwrite=True).restored == 1


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_name_too_long_for_what_is_saved_is_listed_and_the_rest_goes_on(photo, tmp_path, overwrite):
    """NAME_01.png is three bytes longer than NAME.png."""
    long, out = tmp_path / f"{'n' * 250}.png", tmp_path / "out"
    shutil.copy(photo, long)
    plan = RestorePlan(saved=("faces",), overwrite=overwrite)
    *_, summary = restore_files(Darker(), [long, photo], out, plan)
    assert summary.restored == 1 and (out / CROP).is_file()
    ((name, said),) = summary.errors
    assert name == long.name and "would have a name of over 255 bytes" in said and not (out / long.name).exists()


def test_an_image_that_is_read_is_not_replaced_by_a_crop(photo, tmp_path):
    out = tmp_path / "out"
    (out / "cropped_faces").mkdir(parents=True)
    both = [shutil.copy(photo, out / "cropped_faces" / name) for name in ("a.png", "a_01.png")]
    before = both[1].read_bytes()
    *_, summary = restore_files(Darker(), both, out, RestorePlan(saved=("faces",), overwrite=True))
    assert [(name, "is an image that is read" in said) for name, said in summary.errors] == [("a.png", True)]
    assert both[1].read_bytes() == before and (out / "a_01.png").is_file()


def crops(out):
    return sorted(path.name for path in (out / "restored_faces").iterdir())


@pytest.fixture
def two_faces(photo, tmp_path):
    """The folder of a result whose photograph had two faces before it became `photo`, with both crops."""
    one = photo.read_bytes()
    wall = np.full((200, 500, 3), 0.5, np.float32)
    wall[20:180, 40:200], wall[20:180, 300:460] = paint(1, 160), paint(2, 160)
    write(photo, wall)
    assert run(photo, tmp_path / "out", saved=("faces",)).found == 2
    photo.write_bytes(one)
    assert crops(tmp_path / "out") == ["a_01.png", "a_02.png"]
    return tmp_path / "out"


def test_crops_of_a_result_go_with_it_when_it_is_replaced(photo, two_faces):
    assert run(photo, two_faces, saved=("faces",), overwrite=True).restored == 1
    assert crops(two_faces) == ["a_01.png"]
    assert run(photo, two_faces, overwrite=True).restored == 1
    assert crops(two_faces) == []
    assert run(photo, two_faces, saved=("faces",), resume=True).restored == 1
    assert run(photo, two_faces, saved=("faces",), resume=True).kept == 1


def test_no_crop_goes_that_was_changed_or_is_of_another_result_or_of_another_folder(photo, two_faces, tmp_path):
    faces, record = two_faces / "restored_faces", two_faces / "restored.jsonl"
    (faces / "a_02.png").write_bytes(b"mine")
    (faces / "b_01.png").write_bytes(b"of another result")
    (tmp_path / "mine.png").write_bytes(b"elsewhere")
    (line,) = map(json.loads, record.read_text().splitlines())
    strange = ["restored_faces/b_01.png", "restored_faces/../../mine.png", "restored.jsonl"]
    saved = [line | {"saved": {"faces": [*line["saved"]["faces"], *strange]}}]
    saved += [line | {"file_name": "b.png", "saved": {"faces": strange[:1]}}]
    record.write_text("".join(json.dumps(one) + "\n" for one in saved))
    assert run(photo, two_faces, overwrite=True).restored == 1
    assert crops(two_faces) == ["a_02.png", "b_01.png"] and (tmp_path / "mine.png").exists()
    assert len(record.read_text().splitlines()) == 3
