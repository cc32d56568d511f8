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
from benchmark.runs.settings import Settings
from benchmark.runs.splits import domain_split
from benchmark.specs.protocols import Profile, load_protocol
from benchmark.specs.tables import Row, TableSpec
from degrade.core.errors import InputError

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


def test_recipes_beside_the_papers_run_for_every_method_and_nothing_is_dropped_in_silence(tmp_path):
    def asked(method, *tasks):
        of_user = replace(load_protocol("S2S"), name="OWN", task=tasks)
        return replace(request(tmp_path, method, tasks=()), protocol=of_user)

    own = tmp_path / "newspaper.toml"
    own.write_text('name = "newspaper"\nsource = "a test"\n[[steps]]\noperator = "Jpeg"\nquality = 50\n')
    for method in ("identity", "edsr", "nlm", "python:module:function"):
        assert asked(method, "gfpgan", str(own)).chosen_tasks() == ("gfpgan", str(own)), method
    (tmp_path / "copy.toml").write_text(own.read_text())
    with pytest.raises(InputError, match="two recipes are called 'newspaper', and scores stand under it; rename one"):
        asked("identity", str(own), str(tmp_path / "copy.toml")).chosen_tasks()
    assert asked("identity", "gfpgan", "sr4").chosen_tasks() == ("gfpgan", "sr4")
    assert asked("nlm", "gfpgan", "sr4").tasks_left_out() == ("sr4",)
    assert asked("folder:outs", "gfpgan").chosen_tasks() == ("gfpgan",)
    with pytest.raises(InputError, match="'nlm': by itself runs denoise, and OWN has sr4, jpeg; name one of these"):
        asked("nlm", "sr4", "jpeg").chosen_tasks()
    with pytest.raises(InputError, match="holds images of one task, and OWN has gfpgan, sr4; name one of these"):
        asked("folder:outs", "gfpgan", "sr4").chosen_tasks()


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
    (report,) = (tmp_path / "work" / "checkpoints").glob("*/train.json")
    trained = json.loads(report.read_text())["result"]
    assert facts["weights"]["images_seen"] == trained["images_seen"] == TINY.steps * TINY.batch
    assert facts["weights"]["hours"] == pytest.approx(trained["seconds"] / 3600, abs=1e-4) and trained["seconds"] > 0
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
        todo = plan(subject(prepared), prepared, ids, newest(read_file(path)), pool, features)
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


def test_a_failure_is_a_score_and_is_tried_again_by_the_next_run(tmp_path):
    calls = iter([upright, lambda images: 1 / 0])
    first = scored(tmp_path, Method("fake", lambda images: next(calls)(images), 4))
    assert len(first) == 5 and [score.error[:12] for score in first[2:4]] == ["not restored"] * 2
    seen = []
    again = scored(tmp_path, Method("fake", lambda images: seen.append(images) or upright(images), 4))
    assert len(seen) == 1 and again[:5] == first
    assert [(score.image, score.metric) for score in again[5:]] == [
        (first[2].image, "psnr.rgb"),
        *((image, metric) for image, metric in ((first[2].image, "gmsd"), (None, "ffd.dlib"))),
    ]
    assert all(score.value is not None for score in again[5:7]) and (first[4].n, again[7].n) == (1, 2)
    assert scored(tmp_path, Method("fake", lambda images: 1 / 0, 4)) == again


def test_a_set_that_images_failed_in_is_scored_again_also_when_it_alone_was_asked_for(tmp_path):
    assert scored(tmp_path, Method("fake", lambda images: 1 / 0, 4), ("ffd.dlib",))[0].n is None
    found = scored(tmp_path, Method("fake", upright, 4), ("ffd.dlib",))
    assert [score.n for score in found] == [None, 2] and len(newest(found)) == 1


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


ROW = Row("sr4", ("bicubic", "edsr", "ispl", "ispl:ep_map_parsed"))
TABLE = TableSpec("table9", 1, ("S2S",), (ROW,), ("psnr.rgb",))


def test_reproducing_runs_each_row_once_and_counts_methods_that_are_not_there(tmp_path):
    jobs, absent = reproduce.jobs_of(Settings(replace(TINY, seeds=(0, 1)), work=tmp_path), [TABLE, TABLE])
    assert [str(job) for job in jobs] == [
        "S2S sr4 bicubic",
        "S2S sr4 edsr seed 0",
        "S2S sr4 edsr seed 1",
        "S2S sr4 ispl:isp_unet_pac seed 0",
        "S2S sr4 ispl:isp_unet_pac seed 1",
    ]
    assert len(absent) == 1 and absent[0].startswith("S2S sr4 ispl:ep_map_parsed: not run, ")


def test_reproducing_from_nothing_trains_and_scores_and_a_second_time_does_neither(tmp_path):
    settings = Settings(TINY, work=tmp_path / "work", results=tmp_path / "results", device="cpu")
    table = replace(TABLE, rows=(Row("sr4", ("bicubic", "edsr", "ispl:ep_map_parsed")),))
    reported = []
    first = reproduce.reproduce(settings, [table], lambda job, made: reported.append(reproduce.line(job, made)))
    assert first.done.trainings_made > 0 and first.done.scores_made > 0 and len(reported) == first.jobs == 2
    second = reproduce.reproduce(settings, [table], lambda job, made: None)
    assert second.done.trainings_made == 0 and second.done.scores_made == 0
    assert len(read_scores(tmp_path / "results", "quick")) == first.done.scores_made
    listing = reproduce.listing(settings, [table])
    assert listing[-1].startswith("S2S sr4 ispl:ep_map_parsed: not run, ")
    assert all(" 0 score lines" not in entry for entry in listing[:-1])
