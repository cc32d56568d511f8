"""Many photographs: the same results whatever workers and batches, memory that does not grow, and resuming."""

import json
import shutil
import weakref

import numpy as np
import pytest

from degrade.core.errors import InputError
from degrade.core.image import read, write
from degrade.portraits.paint import paint
from ispl_model.restoration.files import prepare
from ispl_model.restoration.files import results as results_module
from ispl_model.restoration.files.restore_files import FACES, RECORD, RestorePlan, restore_files

COUNT = 7


class Darker:
    """Halves the brightness, and remembers how many faces it was given at a time."""

    size, scale, facts = 64, 1, {}

    def __init__(self, batch=1):
        self.batch, self.given = batch, []

    def restore_faces(self, images):
        self.given.append(len(images))
        return [image * np.float32(0.5) for image in images]

    def restore_whole(self, image):
        return image * np.float32(0.5)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Photographs of one face, of two, and one of none."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(COUNT):
        wall = np.full((200, 420, 3), 0.5, np.float32)
        for place in range(min(number, 2)):
            wall[20:180, 30 + 200 * place : 190 + 200 * place] = paint(number * 2 + place + 1, 160)
        write(folder / f"{number}.png", wall)
    return sorted(folder.iterdir())


def results(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.png")}


@pytest.fixture(scope="module")
def alone(photos, tmp_path_factory):
    """The results of one photograph after another."""
    out = tmp_path_factory.mktemp("alone")
    *_, summary = restore_files(Darker(), photos, out)
    assert (summary.photos, len(summary.errors)) == (COUNT - 1, 1)
    return out, summary


@pytest.mark.parametrize(("workers", "batch"), [(1, 5), (1, 100), pytest.param(2, 4, marks=pytest.mark.slow)])
def test_workers_and_batches_change_no_result(photos, alone, tmp_path, workers, batch):
    restorer = Darker(batch)
    *_, summary = restore_files(restorer, photos, tmp_path, RestorePlan(workers=workers))
    assert summary == alone[1]
    assert results(tmp_path) == results(alone[0])
    for name in (RECORD, FACES):
        lines = [(folder / name).read_text().splitlines() for folder in (tmp_path, alone[0])]
        assert lines[0] == lines[1]
    assert max(restorer.given) >= min(batch, summary.found)


def test_resuming_restores_what_is_missing_alone(photos, alone, tmp_path):
    shutil.copytree(alone[0], tmp_path / "out")
    for name in ("2.png", "4.png"):
        (tmp_path / "out" / name).unlink()
    restorer = Darker(100)
    *_, summary = restore_files(restorer, photos, tmp_path / "out", RestorePlan(resume=True))
    assert (summary.restored, summary.kept, restorer.given) == (2, COUNT - 3, [4])
    assert results(tmp_path / "out") == results(alone[0])


def test_few_photographs_are_in_memory_at_a_time(photos, tmp_path, monkeypatch):
    """Those that wait for a batch hold 16 million pixels at most, here two photographs'."""
    alive, most = [], []

    def watched(*arguments):
        picture = original(*arguments)
        alive.append(weakref.ref(picture.pixels))
        most.append(sum(each() is not None for each in alive))
        return picture

    original = prepare.read_picture
    monkeypatch.setattr(prepare, "read_picture", watched)
    monkeypatch.setattr(results_module, "_WAITING", 2 * 200 * 420)
    many = photos[1:] * 1
    for number in range(4):
        *_, summary = restore_files(Darker(1000), many, tmp_path / f"{number}")
        assert summary.photos == COUNT - 1
    assert max(most) <= 4


def test_a_photograph_that_changes_while_its_faces_are_restored_is_named(photos, tmp_path):
    path = tmp_path / "a.png"
    shutil.copy(photos[1], path)
    *_, _ = restore_files(Darker(), [path], tmp_path / "out")
    line = json.loads((tmp_path / "out" / RECORD).read_text())
    job = prepare.Job(path, "a.png", "a", tmp_path / "out", RestorePlan(), 64)
    prepared = prepare.Prepared(job, "photo", sha256=line["source_sha256"])
    assert prepare.with_picture(prepared).picture is not None
    write(path, read(path)[::-1].copy())
    with pytest.raises(InputError, match="changed while it was restored"):
        prepare.with_picture(prepared)
