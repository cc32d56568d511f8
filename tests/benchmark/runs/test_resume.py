"""What survives: killed runs, added metrics and images, failures, any number of workers."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from benchmark.assets.feature_cache import Memory
from benchmark.methods.fixed import bicubic_x4, identity
from benchmark.methods.method import Method
from benchmark.metrics import face
from benchmark.metrics import registry as metrics
from benchmark.records.scores import read_file, read_scores
from benchmark.reports.tables.render import render
from benchmark.runs.request import RunRequest
from benchmark.runs.run import run
from benchmark.runs.settings import Settings
from benchmark.runs.splits import domain_split
from benchmark.specs.protocols import Profile, load_protocol
from degrade.core.errors import InputError
from degrade.faces import detection

FACES = 10
PROFILE = Profile("quick", 64, 2, 1, FACES, 4, 1, 2, "none", (0,))
METRICS = ("psnr.rgb", "ssim.gauss11.rgb", "ffd.dlib")  # none that loads torch
LINES = 2 * FACES + 1

# A run of bicubic_x4 in which every restored image takes a while and leaves its number in a log.
SLOW_RUN = f"""
import sys, time
from pathlib import Path
from benchmark.methods.fixed import bicubic_x4
from benchmark.methods.method import Method
from benchmark.runs.settings import Settings
from benchmark.specs.protocols import Profile, load_protocol
from benchmark.runs.request import RunRequest
from benchmark.runs.run import run

root, workers, pause = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
fast = bicubic_x4.load

def slow(device, checkpoint, size):
    method = fast(device, checkpoint, size)
    def restore(images):
        time.sleep(pause)
        with open(root / "restored.log", "a") as log:
            log.write(f"{{images[0].sum()}}\\n")
        return method.restore(images)
    return Method(method.name, restore, method.scale)

bicubic_x4.load = slow
if __name__ == "__main__":
    profile = Profile("quick", 64, 2, 1, {FACES}, 4, 1, 2, "none", (0,))
    settings = Settings(profile, work=root / "work", results=root / "results", device="cpu", workers=workers)
    run(RunRequest(settings, load_protocol("S2S"), "bicubic_x4", ("sr4",), metrics={METRICS}))
"""


def settings(root, faces=FACES, **changes):
    profile = replace(PROFILE, test=faces)
    return Settings(profile, work=root / "work", results=root / "results", device="cpu", **changes)


def request(root, method="bicubic_x4", ids=METRICS, **changes):
    return RunRequest(settings(root, **changes), load_protocol("S2S"), method, ("sr4",), metrics=ids)


def values(scores):
    return [(score.image, score.metric, score.value, score.error, score.n, score.replicates) for score in scores]


def tables(root):
    return [path.read_bytes() for path in render("quick", root / "results") if path.suffix == ".csv"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An uninterrupted run."""
    root = tmp_path_factory.mktemp("whole")
    return root, run(request(root))


@pytest.fixture
def restored(monkeypatch):
    """The images that bicubic_x4 and identity restore from now on."""
    seen = []

    def counting(load):
        def load_counting(*arguments):
            method = load(*arguments)

            def restore(images):
                seen.extend(images)
                return method.restore(images)

            return Method(method.name, restore, method.scale)

        return load_counting

    for module in (bicubic_x4, identity):
        monkeypatch.setattr(module, "load", counting(module.load))
    return seen


def slow_run(root, workers, pause):
    return subprocess.Popen(
        [sys.executable, str(root / "slow_run.py"), str(root), str(workers), str(pause)], stderr=subprocess.DEVNULL
    )


def lines_there(root):
    return sum(path.read_bytes().count(b"\n") for path in (root / "results").rglob("*.jsonl"))


@pytest.mark.slow
@pytest.mark.parametrize("share, workers", [(0.1, 1), (0.5, 2), (0.9, 1)])
def test_a_run_killed_at_any_point_computes_nothing_twice_and_ends_in_the_same_tables(
    whole, tmp_path, restored, share, workers
):
    (tmp_path / "slow_run.py").write_text(SLOW_RUN)
    domain_split(settings(tmp_path), "synthetic", "sr4", "test")
    process = slow_run(tmp_path, workers, 0.15)
    while lines_there(tmp_path) < share * LINES:
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    there = lines_there(tmp_path)
    before = len((tmp_path / "restored.log").read_text().splitlines())
    summary = run(request(tmp_path))
    assert there < LINES and summary.scores_reused in (there, there - 1)  # a torn line is scored again
    assert before + len(restored) <= FACES + 2 * workers + 1, "more than what was under way is restored again"
    (path,) = summary.places
    keys = [score.key for score in read_file(path)]
    assert len(keys) == len(set(keys)) == LINES
    assert values(summary.scores) == values(whole[1].scores)
    assert tables(tmp_path) == tables(whole[0])


@pytest.mark.slow
def test_the_number_of_workers_changes_no_value_and_no_order(whole, tmp_path):
    summary = run(request(tmp_path, workers=2))
    assert values(read_file(summary.places[0])) == values(read_file(whole[1].places[0]))


def test_an_added_metric_is_all_that_is_computed(whole, tmp_path, monkeypatch):
    run(request(tmp_path, ids=("psnr.rgb", "ffd.dlib")))
    asked = []
    load = metrics.load
    monkeypatch.setattr(metrics, "load", lambda name: asked.append(name) or load(name))
    summary = run(request(tmp_path, ids=("psnr.rgb", "ssim.gauss11.rgb", "ffd.dlib")))
    assert (summary.scores_made, summary.scores_reused) == (FACES, FACES + 1) and set(asked) == {"ssim.gauss11.rgb"}
    assert values(summary.scores) == values(whole[1].scores)
    facts = json.loads(summary.places[0].with_suffix(".json").read_text())
    assert set(facts["metrics"]) == set(METRICS) and len(facts["sessions"]) == 2


def test_a_metric_on_the_same_descriptors_is_added_without_restoring_or_describing_a_face_again(
    tmp_path, restored, monkeypatch
):
    run(request(tmp_path, ids=("ffd.dlib",)))
    assert len(restored) == FACES
    describe, seen = detection.descriptor, []
    monkeypatch.setattr(detection, "descriptor", lambda image, box: seen.append(image.max()) or describe(image, box))
    added = run(request(tmp_path, ids=("ffd.dlib", "mmd.dlib")))
    assert len(restored) == FACES and (added.scores_made, added.scores_reused) == (1, 1)
    assert not any(seen), "only the black image that asks whether dlib is here"
    assert [(score.metric, score.n) for score in added.scores] == [("ffd.dlib", FACES), ("mmd.dlib", FACES)]


def test_metrics_on_the_same_descriptors_keep_them_once(tmp_path):
    both = run(request(tmp_path, ids=("mmd.dlib", "ffd.dlib")))
    (file,) = (tmp_path / "work" / "features").rglob("*.jsonl")
    assert file.name.startswith("ffd.dlib-") and len(file.read_text().splitlines()) == FACES
    alone = run(request(tmp_path / "alone", ids=("mmd.dlib",)))
    assert alone.scores[0].value == both.scores[0].value and len(alone.scores[0].replicates) == FACES


def test_added_images_are_all_that_is_restored_and_scored(whole, tmp_path, restored):
    run(request(tmp_path, faces=6))
    restored.clear()
    summary = run(request(tmp_path))
    assert len(restored) == FACES - 6
    assert (summary.scores_made, summary.scores_reused) == (2 * (FACES - 6) + 1, 2 * 6)
    assert values(summary.scores) == values(whole[1].scores)
    fewer = run(request(tmp_path, faces=3))
    assert len(restored) == FACES - 6 and fewer.scores_made == 1  # the set's


def test_kept_images_are_what_was_scored_and_are_not_restored_again(tmp_path, restored):
    run(request(tmp_path, ids=("psnr.rgb",), keep=True))
    files = sorted((tmp_path / "work" / "restored").rglob("*.png"))
    assert len(files) == len(restored) == FACES
    again = run(request(tmp_path, ids=("psnr.rgb", "ssim.gauss11.rgb", "ffd.dlib")))
    assert len(restored) == FACES and again.scores_made == FACES + 1
    from_files = run(request(tmp_path, f"folder:{files[0].parent}"))
    assert values(from_files.scores) == values(again.scores)


def test_anew_restores_and_scores_all_into_a_new_file(tmp_path, restored):
    first = run(request(tmp_path, keep=True))
    second = run(replace(request(tmp_path, keep=True), anew=True))
    assert len(restored) == 2 * FACES and second.scores_made == LINES
    assert first.places != second.places and values(first.scores) == values(second.scores)
    assert len(read_scores(tmp_path / "results", "quick")) == LINES


@pytest.mark.parametrize(
    "key, value, sentence",
    [
        ("split_sha256", "0" * 64, "was made anew between them"),
        ("metrics", {"psnr.rgb": "0" * 64}, "psnr.rgb is not computed alike"),
    ],
)
def test_a_run_is_not_continued_on_another_split_or_definition(tmp_path, key, value, sentence):
    (path,) = run(request(tmp_path, ids=("psnr.rgb", "ssim.gauss11.rgb"))).places
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-3]))
    note = path.with_suffix(".json")
    note.write_text(json.dumps(json.loads(note.read_text()) | {key: value}))
    with pytest.raises(InputError, match=f"{path.stem}.*{sentence}.*--anew"):
        run(request(tmp_path, ids=("psnr.rgb", "ssim.gauss11.rgb")))
    assert path.read_bytes() == b"".join(lines[:-3])


def failing(monkeypatch, every):
    """identity, which now fails on each so-many-th image."""
    calls = iter(range(10**6))

    def load(*_arguments):
        def restore(images):
            if next(calls) % every == every - 1:
                raise MemoryError("no room left")
            return [np.repeat(np.repeat(image, 4, axis=0), 4, axis=1) for image in images]

        return Method("identity", restore, 1)

    monkeypatch.setattr(identity, "load", load)


def test_more_failures_than_may_be_stop_the_run_in_one_sentence(tmp_path, monkeypatch):
    failing(monkeypatch, every=3)
    with pytest.raises(InputError, match=r"2 images failed, more than --max-failures 1; last: portrait_\d+: .*no room"):
        run(request(tmp_path, "identity", max_failures=1))
    assert lines_there(tmp_path) == 12  # of the six images that were seen
    allowed = run(request(tmp_path, "identity", max_failures=3))
    assert sum(score.error.startswith("not restored: MemoryError") for score in allowed.scores) == 2 * 2
    assert [score.n for score in allowed.scores if score.image is None] == [FACES - 2]


@pytest.mark.slow
def test_references_are_looked_at_once_for_all_methods_also_by_another_process(tmp_path, monkeypatch):
    split = domain_split(settings(tmp_path, faces=4), "synthetic", "sr4", "test").split
    references = {split.reference(name).tobytes() for name in split.names}
    seen = []
    for look in ("detect", "descriptor", "landmarks68"):
        original = getattr(detection, look)

        def counting(image, *arguments, original=original, look=look):
            if image.tobytes() in references:
                seen.append((look, image.tobytes()))
            return original(image, *arguments)

        monkeypatch.setattr(detection, look, counting)
    ids = ("fed.dlib", "lle.dlib68", "found.dlib", "ffd.dlib")
    for method in ("identity", "bicubic", "bicubic_x4"):
        monkeypatch.setattr(face, "_remembered", Memory(limit=100, on_disk=True))  # as in a process of its own
        run(request(tmp_path, method, ids, faces=4))
    assert len(seen) == len(set(seen)) and {image for _, image in seen} == references
