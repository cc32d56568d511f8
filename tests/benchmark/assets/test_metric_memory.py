"""Answers remembered in the process and on disk."""

import multiprocessing

import numpy as np
import pytest

from benchmark.assets import feature_cache
from benchmark.assets.feature_cache import Memory, content, keep_in


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(feature_cache, "_places", {})
    keep_in(tmp_path)
    return tmp_path / "features"


def grey(value: float) -> np.ndarray:
    return np.full((4, 4, 3), value, np.float32)


def test_the_oldest_answers_are_forgotten_first():
    remembered, asked = Memory(limit=2), []
    images = [np.full((2, 2, 3), value, np.float32) for value in (0.1, 0.2, 0.3)]
    for index in (0, 1, 0, 2, 0, 1):  # 1 is the oldest when 2 comes
        remembered.recall("mean", images[index], lambda image, index=index: asked.append(index))
    assert asked == [0, 1, 2, 1]


def test_on_disk_an_answer_is_known_by_question_and_content(cache):
    asked = []

    def mean(image):
        asked.append(float(image[0, 0, 0]))
        return image.mean(axis=(0, 1))

    for question, value in (("mean a", 0.25), ("mean b", 0.25), ("mean a", 0.5), ("mean a", 0.25)):
        answer = Memory(limit=9, on_disk=True).recall(question, grey(value), mean)
        np.testing.assert_array_equal(answer, [value] * 3)
    assert asked == [0.25, 0.25, 0.5]
    assert len(list(cache.rglob("*.npy"))) == 3 and {path.name for path in cache.iterdir()} == {"mean"}


def test_a_damaged_file_is_computed_again(cache):
    Memory(limit=9, on_disk=True).recall("mean", grey(0.5), np.mean)
    (path,) = cache.rglob("*.npy")
    whole = path.read_bytes()
    for damage in (b"", whole[:40], b"nothing of numpy's"):
        path.write_bytes(damage)
        assert Memory(limit=9, on_disk=True).recall("mean", grey(0.5), np.mean) == 0.5
        assert path.read_bytes() == whole


def test_nothing_is_written_without_a_folder_or_for_memory_alone(cache, tmp_path):
    Memory(limit=9).recall("mean", grey(0.5), np.mean)
    keep_in(None)
    Memory(limit=9, on_disk=True).recall("mean", grey(0.5), np.mean)
    assert not list(tmp_path.rglob("*"))


def test_an_image_whose_features_are_kept_elsewhere_leaves_none_on_disk(cache):
    restored, reference = grey(0.25), grey(0.5)
    feature_cache.keep_off_disk(restored)
    remembered = Memory(limit=9, on_disk=True)
    assert [remembered.recall("mean", image, np.mean) for image in (restored, reference)] == [0.25, 0.5]
    assert len(list(cache.rglob("*.npy"))) == 1


def test_a_read_only_image_is_hashed_once_and_a_writable_one_each_time(monkeypatch):
    hashed = []
    original = feature_cache.sha256_array
    monkeypatch.setattr(feature_cache, "sha256_array", lambda image: hashed.append(1) or original(image))
    image = grey(0.125)
    first = content(image)
    image[0, 0, 0] = 1
    assert content(image) != first and len(hashed) == 2
    image.flags.writeable = False
    assert content(image) == content(image) != first and len(hashed) == 3


def write_all(folder) -> None:
    keep_in(folder)
    remembered = Memory(limit=1, on_disk=True)
    for step in range(50):
        answer = remembered.recall("ramp", grey(step / 50), lambda image: np.full(2000, image[0, 0, 0]))
        assert (answer == np.float32(step / 50)).all()


def test_several_processes_may_write_the_same_answers(cache, tmp_path):
    processes = [multiprocessing.get_context("fork").Process(target=write_all, args=(tmp_path,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert len(list(cache.rglob("*"))) > 50 and not list(cache.rglob(".partial*"))
