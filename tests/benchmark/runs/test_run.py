"""The runner: what it makes, what it reuses, and that nothing that fails disappears."""

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmark.methods.method import Method
from benchmark.metrics import registry as metrics
from benchmark.records.scores import ScoreFile, newest, read_file, read_scores
from benchmark.runs.reproduction import reproduce
from benchmark.runs.request import RunRequest
from benchmark.runs.run import run
from benchmark.runs.scoring import score_split
from benchmark.runs.scoring.plan import RunKey, plan
from benchmark.runs.scoring.set_scores import FeatureFolder
from benchmark.runs.scoring.workers import scoring_pool
from benchmark.runs.settings import DataFolders, Settings
from benchmark.runs.splits import domain_split, face_sources
from benchmark.specs.protocols import Profile, load_protocol
from benchmark.specs.tables import Row, TableSpec
from degrade.core.errors import InputError
from degrade.core.image import write

TINY = Profile("quick", 64, 2, 1, 2, 4, 1, 2, "none", (0,))
METRICS = ("psnr.rgb", "gmsd", "ffd.dlib")


def protocol(name="S2S", ids=METRICS):
    return replace(load_protocol(name), metrics=ids)


def request(root, method, name="S2S", tasks=("sr4",)):
    settings = Settings(TINY, work=root / "work", results=root / "results", device="cpu", command=("benchmark", "run"))
    return RunRequest(settings, protocol(name), method, tasks)


def lines(summary):
    return {path: path.read_bytes() for path in summary.places}


@pytest.mark.parametrize("method, trainings", [("identity", 0), ("bicubic", 0), ("ispl", 1), ("edsr", 1)])
def test_a_second_run_trains_nothing_and_scores_nothing(tmp_path, method, trainings):
    first = run(request(tmp_path, method))
    assert (first.trainings_made, first.trainings_reused) == (trainings, 0)
    assert (first.scores_made, first.scores_reused) == (5, 0)  # two images by two metrics, and one set
    before = lines(first)
    second = run(request(tmp_path, method))
    assert (second.trainings_made, second.trainings_reused, second.splits_made) == (0, trainings, 0)
    assert (second.scores_made, second.scores_reused) == (0, 5)
    assert lines(second) == before and second.scores == first.scores


def test_a_killed_run_goes_on_where_it_was_and_its_torn_line_is_gone(tmp_path):
    whole = run(request(tmp_path, "bicubic"))
    (path,) = whole.places
    content = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(content[:2]) + content[2][:40])
    resumed = run(request(tmp_path, "bicubic"))
    assert (resumed.scores_made, resumed.scores_reused, resumed.places) == (3, 2, [path])
    values = {score.key: score.value for score in whole.scores}
    assert {score.key: score.value for score in read_file(path)} == values
    assert len(json.loads(path.with_suffix(".json").read_text())["sessions"]) == 2


def test_the_synthetic_checkpoint_is_tested_on_the_real_domain_and_the_real_one_is_another(tmp_path):
    s2s, s2r, r2r = (run(request(tmp_path, "edsr", name)) for name in ("S2S", "S2R", "R2R"))
    assert [each.trainings_made for each in (s2s, s2r, r2r)] == [1, 0, 1]
    first, second, third = (each.scores[0] for each in (s2s, s2r, r2r))
    assert first.checkpoint == second.checkpoint != third.checkpoint
    assert first.split != second.split == third.split
    assert first.split.startswith("sr4-64-test-") and second.split.startswith("facerenov_simulated-64-test-")


@pytest.mark.slow
def test_anything_that_goes_into_a_training_makes_another_checkpoint(tmp_path):
    first = request(tmp_path, "edsr")
    others = [replace(TINY, **change) for change in ({"steps": 1}, {"width": 2}, {"batch": 2}, {"train": 1})]
    requests = [replace(first, settings=replace(first.settings, profile=profile)) for profile in others]
    made = [run(each) for each in (first, replace(first, seed=1), *requests)]
    assert all(summary.trainings_made == 1 for summary in made)
    folders = sorted((tmp_path / "work" / "checkpoints").iterdir())
    assert len(folders) == 6 and all((folder / "model.safetensors").is_file() for folder in folders)


def test_a_method_that_is_not_trained_has_no_seed_and_no_checkpoint_and_runs_all_its_tasks(tmp_path):
    summary = run(request(tmp_path, "identity", tasks=("jpeg", "sr4")))
    assert {(score.seed, score.checkpoint) for score in summary.scores} == {(None, None)}
    assert [score.task for score in summary.scores[:5]] == ["jpeg"] * 5
    assert request(tmp_path, "identity", tasks=()).chosen_tasks() == load_protocol("S2S").task
    assert request(tmp_path, "edsr", tasks=()).chosen_tasks() == ("sr4",)
    assert request(tmp_path, "ispl", "S2R", ()).chosen_tasks() == ("sr4",)


def test_the_reference_scores_the_best_there_is(tmp_path):
    scores = run(request(tmp_path, "reference")).scores
    assert {(s.metric, s.value, s.error) for s in scores if s.image} == {
        ("psnr.rgb", None, "+inf"),
        ("gmsd", 0.0, ""),
    }
    assert [(s.n, s.value) for s in scores if s.image is None] == [(2, pytest.approx(0, abs=1e-6))]


def test_the_run_file_says_how_to_get_the_scores_again(tmp_path):
    (path,) = run(request(tmp_path, "ispl")).places
    facts = json.loads(path.with_suffix(".json").read_text())
    assert facts["run"] == path.stem and facts["method"] == "ispl:isp_unet_pac"
    assert facts["counts"] == {"faces_asked": 2, "images": 2, "scored": 5, "failed": 0}
    assert set(facts["metrics"]) == set(METRICS) and len(facts["split_sha256"]) == 64
    assert facts["weights"]["sha256"] == read_file(path)[0].checkpoint
    session = facts["sessions"][0]
    assert session["command"] == ["benchmark", "run"] and session["packages"]["numpy"] == np.__version__
    assert session["uncommitted_changes"] in (True, False) if session["commit"] else True


def test_the_run_file_tells_of_a_discriminator_that_collapsed_also_when_its_checkpoint_is_reused(tmp_path):
    def warning(method_request):
        (path,) = run(method_request).places
        return json.loads(path.with_suffix(".json").read_text())["weights"]["warning"]

    assert warning(request(tmp_path, "esrgan")) is None
    (report,) = (tmp_path / "work" / "checkpoints").glob("*/train.json")
    facts = json.loads(report.read_text())
    facts["result"]["warning"] = "the discriminator collapsed"
    report.write_text(json.dumps(facts))
    assert warning(replace(request(tmp_path, "esrgan"), anew=True)) == "the discriminator collapsed"


def subject(prepared):
    return RunKey("run", "quick", "S2S", "sr4", prepared.label, "fake", None, None)


def scored(tmp_path, method, ids=METRICS, prepared=None):
    """Score a method of the test's own; gives the lines of the file."""
    prepared = prepared or domain_split(Settings(TINY, work=tmp_path), "synthetic", "sr4", "test")
    path = tmp_path / "scores.jsonl"
    features = FeatureFolder(tmp_path / "features", dict.fromkeys(ids, "0" * 64))
    with ScoreFile(path) as file, scoring_pool(1, None) as pool:
        context = score_split.ScoringContext(
            pool, features, score_split.RestoredImages(tmp_path / "restored"), prepared
        )
        todo = plan(subject(prepared), prepared, ids, read_file(path), pool)
        score_split.Scoring(subject(prepared), prepared, todo, context, file).run(lambda: method)
    return read_file(path)


def upright(images):
    return [np.repeat(np.repeat(image, 4, axis=0), 4, axis=1) for image in images]


@pytest.mark.parametrize(
    "fault, reason",
    [
        (lambda images: 1 / 0, "ZeroDivisionError"),
        (lambda images: [image[:2] for image in images], "expected"),
        (lambda images: [image * np.float32(np.nan) for image in upright(images)], r"expected values in \[0, 1\]"),
        (lambda images: [], "not enough values"),
    ],
)
def test_an_image_that_a_method_fails_on_gets_a_line_for_each_metric_and_the_next_one_is_scored(
    tmp_path, fault, reason
):
    calls = iter([fault, upright])
    method = Method("fake", lambda images: next(calls)(images), 4)
    ids = ("psnr.rgb", "gmsd")
    found = scored(tmp_path, method, ids)
    assert len(found) == 4
    failed, fine = found[:2], found[2:]
    assert all(score.value is None and "not restored" in score.error for score in failed)
    assert all(reason.replace("\\", "") in score.error for score in failed)
    assert all(score.value is not None for score in fine)


def test_an_image_that_failed_is_missing_from_the_set_and_n_says_so(tmp_path):
    calls = iter([lambda images: 1 / 0, upright])
    found = scored(tmp_path, Method("fake", lambda images: next(calls)(images), 4), ("ffd.dlib",))
    assert [(score.image, score.n, score.value) for score in found] == [(None, 1, None)]
    assert found[0].error


def test_a_failure_is_a_score_and_is_not_tried_again(tmp_path):
    method = Method("fake", lambda images: 1 / 0, 4)
    first = scored(tmp_path, method)
    assert len(first) == 5 and all(score.value is None for score in first)
    assert scored(tmp_path, Method("fake", upright, 4)) == first


def test_a_metric_without_weights_is_one_line_and_is_scored_once_it_can_be(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "nothing"))
    metrics.load.cache_clear()
    method = Method("fake", upright, 4)
    prepared = domain_split(Settings(TINY, work=tmp_path), "synthetic", "sr4", "test")
    for _ in range(2):
        found = scored(tmp_path, method, ("lpips.alex", "psnr.rgb"), prepared)
        (missing,) = (score for score in found if score.metric == "lpips.alex")
        assert len(found) == 3 and missing.image is None and missing.error.startswith("unavailable: lpips.alex needs")
    monkeypatch.setattr(metrics, "load", lambda _: lambda restored, reference: 0.25)
    found = newest(scored(tmp_path, method, ("lpips.alex", "psnr.rgb"), prepared))
    assert [(s.value, s.image is None) for s in found if s.metric == "lpips.alex"] == [(0.25, False)] * 2


def test_a_changed_split_is_made_anew_where_it_was(tmp_path):
    settings = Settings(TINY, work=tmp_path)
    first = domain_split(settings, "synthetic", "jpeg", "test")
    assert first.made and not domain_split(settings, "synthetic", "jpeg", "test").made
    (first.split.path / "lq" / f"{first.names[0]}.png").unlink()
    again = domain_split(settings, "synthetic", "jpeg", "test")
    assert again.made and (again.label, again.split.digest) == (first.label, first.split.digest)


def faces_folder(folder, count=12):
    rng = np.random.default_rng(0)
    for index in range(count):
        write(folder / f"face_{index}.png", rng.random((64, 64, 3)).astype(np.float32))
    for role, start in (("train", 0), ("test", 8)):
        (folder / f"{role}.txt").write_text("\n".join(f"face_{index}" for index in range(start, start + 4)))
    return folder


def test_lite_takes_faces_from_the_option_or_the_environment_and_paper_only_from_the_option(tmp_path, monkeypatch):
    folder = faces_folder(tmp_path / "faces")
    lite = replace(TINY, name="lite", train=0, test=3)
    assert len(face_sources(lite, DataFolders(ffhq=folder), "train")) == 4
    monkeypatch.setenv("FACES_HQ", str(folder))
    assert [source.name for source in face_sources(lite, DataFolders(), "test")] == ["face_10", "face_11", "face_8"]
    with pytest.raises(InputError, match="give --ffhq DIR$"):
        face_sources(replace(TINY, name="paper"), DataFolders(), "train")
    monkeypatch.delenv("FACES_HQ")
    with pytest.raises(InputError, match="give --ffhq DIR or set FACES_HQ"):
        face_sources(lite, DataFolders(), "train")


def test_faces_listed_for_the_test_are_kept_out_of_training(tmp_path):
    folder = faces_folder(tmp_path / "faces")
    (tmp_path / "mine.txt").write_text("face_0\nface_9\n")
    faces = DataFolders(ffhq=folder, names=tmp_path / "mine.txt")
    lite = replace(TINY, name="lite", train=0, test=0)
    assert [source.name for source in face_sources(lite, faces, "test")] == ["face_0", "face_9"]
    assert [source.name for source in face_sources(lite, faces, "train")] == ["face_1", "face_2", "face_3"]


def test_faces_that_a_profile_does_not_use_are_refused(tmp_path):
    with pytest.raises(InputError, match="uses the embedded portraits"):
        Settings(TINY, DataFolders(ffhq=tmp_path))
    with pytest.raises(InputError, match="leave out --facerenov"):
        Settings(replace(TINY, name="lite"), DataFolders(facerenov=tmp_path))


def test_paper_tests_the_real_domain_on_the_users_own_split(tmp_path, monkeypatch):
    monkeypatch.delenv("FACES_REAL", raising=False)
    made = domain_split(Settings(TINY, work=tmp_path / "work"), "real", "sr4", "test")
    (tmp_path / "real").mkdir()
    made.split.path.rename(tmp_path / "real" / "test")
    paper = replace(TINY, name="paper", test=0)
    settings = Settings(paper, DataFolders(facerenov=tmp_path / "real"), work=tmp_path / "work")
    found = domain_split(settings, "real", "sr4", "test")
    assert found.label == f"facerenov-64-test-{made.split.digest[:8]}" and found.names == made.names
    fewer = domain_split(replace(settings, profile=replace(paper, test=1)), "real", "sr4", "test")
    assert fewer.names == made.names[:1] and fewer.label.endswith("-first1")
    with pytest.raises(InputError, match="expected images of 128 px"):
        domain_split(replace(settings, profile=replace(paper, size=128)), "real", "sr4", "test")
    with pytest.raises(InputError, match="needs --facerenov DIR"):
        domain_split(Settings(paper), "real", "sr4", "test")


def test_a_bad_face_is_listed_and_the_others_are_scored(tmp_path):
    folder = faces_folder(tmp_path / "faces")
    (folder / "face_9.png").write_bytes(b"not an image")
    lite = replace(TINY, name="lite", test=0)
    settings = Settings(lite, DataFolders(ffhq=folder), tmp_path / "work", tmp_path / "results", "cpu")
    summary = run(RunRequest(settings, protocol(ids=("psnr.rgb",)), "bicubic", ("sr4",)))
    assert [name for name, _ in summary.errors] == ["face_9"] and summary.scores_made == 3
    facts = json.loads(summary.places[0].with_suffix(".json").read_text())
    assert (facts["counts"]["faces_asked"], facts["counts"]["images"]) == (4, 3)


TABLE = TableSpec("table9", 1, ("S2S",), (Row("sr4", ("bicubic", "edsr", "ispl", "ispl:ep_map")),), ("psnr.rgb",))


def test_reproducing_runs_each_row_once_and_counts_methods_that_are_not_there(tmp_path):
    jobs, absent = reproduce.jobs_of(Settings(replace(TINY, seeds=(0, 1)), work=tmp_path), [TABLE, TABLE])
    assert [str(job) for job in jobs] == [
        "S2S sr4 bicubic",
        "S2S sr4 edsr seed 0",
        "S2S sr4 edsr seed 1",
        "S2S sr4 ispl:isp_unet_pac seed 0",
        "S2S sr4 ispl:isp_unet_pac seed 1",
    ]
    assert len(absent) == 1 and absent[0].startswith("S2S sr4 ispl:ep_map: not run, ")


def test_reproducing_from_nothing_trains_and_scores_and_a_second_time_does_neither(tmp_path):
    settings = Settings(TINY, work=tmp_path / "work", results=tmp_path / "results", device="cpu")
    table = replace(TABLE, rows=(Row("sr4", ("bicubic", "edsr", "ispl:ep_map")),))
    reported = []
    first = reproduce.reproduce(settings, [table], lambda job, made: reported.append(reproduce.line(job, made)))
    assert first.done.trainings_made > 0 and first.done.scores_made > 0 and len(reported) == first.jobs == 2
    second = reproduce.reproduce(settings, [table], lambda job, made: None)
    assert second.done.trainings_made == 0 and second.done.scores_made == 0
    assert len(read_scores(tmp_path / "results", "quick")) == first.done.scores_made
    listing = reproduce.listing(settings, [table])
    assert listing[-1].startswith("S2S sr4 ispl:ep_map: not run, ")
    assert all(" 0 score lines" not in entry for entry in listing[:-1])
