"""One method under one protocol: makes what is missing, reuses what is there, appends score lines."""

from dataclasses import replace

from benchmark.methods.adapters.folder import check_files
from benchmark.methods.method import Method
from benchmark.methods.row import TRAINED, TUNED
from benchmark.metrics.registry import find_metric
from benchmark.records.order import current
from benchmark.records.run_file import open_run_file
from benchmark.records.scores import ScoreFile, newest, scores_folder
from benchmark.records.words import is_failure
from benchmark.runs.checkpoints import trained, training_result, tuned
from benchmark.runs.request import PreparedRun, RunRequest, RunSummary, Weights
from benchmark.runs.scoring.plan import RunKey
from benchmark.runs.scoring.workers import scoring_pool
from benchmark.runs.session import RunScorer
from benchmark.runs.splits import PreparedSplit, domain_split, recipe_of, test_splits
from benchmark.specs.protocols import scored_task
from degrade.core.storage.files import digest_of, sha256_file


def run(request: RunRequest) -> RunSummary:
    """Restore and score the test split of every chosen task.

    Raises InputError for what concerns a whole task: an unknown method, no faces, a full disk, a metric that
    the split cannot have. An image or metric that fails gives a score line with the reason.
    """
    tasks = request.chosen_tasks()
    for metric_id in request.chosen_metrics():
        find_metric(metric_id)
    summary = RunSummary()
    for task in tasks:
        _run_task(request, task, summary)
    return summary


def load_method(request: RunRequest, task: str) -> Method:
    """The method of a request, ready to restore; it is trained or tuned for the task if need be."""
    return _load(request, task, _weights(request, task, RunSummary()))


def _run_task(request: RunRequest, task: str, summary: RunSummary) -> None:
    settings = request.settings
    prepared_run = _prepare(request, task, summary)
    folder = scores_folder(settings.results, settings.profile.name)
    path = open_run_file(folder, digest_of(prepared_run.run_key.key)[:8], request.anew)
    prepared_run = replace(prepared_run, run_key=replace(prepared_run.run_key, run=path.stem))
    records = prepared_run.prepared.split.path / "metadata.jsonl"
    with ScoreFile(path) as file, scoring_pool(settings.workers, settings.work / "cache", [records]) as pool:
        scorer = RunScorer(request, prepared_run, file, pool)
        with summary.stage("score"):
            summary.scores_reused += scorer.find_missing()
        summary.scores_made += scorer.score(lambda: prepared_run.method or _load(request, task, prepared_run.weights))
        summary.add_seconds(scorer.seconds)
        there = current(newest(file.values))
    summary.places.append(path)
    order = {metric: place for place, metric in enumerate(request.chosen_metrics())}
    places = {name: place for place, name in enumerate(prepared_run.prepared.names)}
    asked = [score for score in there if score.metric in order]
    summary.scores += sorted(asked, key=lambda score: (order[score.metric], places.get(score.image or "", -1)))
    told = {score.image for score in asked if is_failure(score.error)}
    summary.errors += [(name, why) for name, why in scorer.failed.items() if name not in told]


def _prepare(request: RunRequest, task: str, summary: RunSummary) -> PreparedRun:
    """The test split, the weights and the method; everything that may be refused is refused here."""
    settings, name = request.settings, request.name
    with summary.stage("split"):
        prepared, references = _test_splits(request, task)
    _note_split(summary, prepared)
    weights, method = _weights(request, task, summary), None
    seed = request.seed if request.row.trainable else None
    checkpoint = weights.sha256 if weights else None
    if hasattr(request.module, "digest"):  # what it restores with is not made here
        method, checkpoint = _load(request, task, None), request.module.digest(request.argument(scored_task(task)))
        if method.files is not None:
            check_files(method, prepared.names, settings.profile.size, prepared.others)
    key = (settings.profile.name, request.protocol.name, scored_task(task), prepared.label, name, seed, checkpoint)
    return PreparedRun(RunKey("", *key, request.row.version), prepared, references, weights, method)


def _test_splits(request: RunRequest, task: str) -> tuple[PreparedSplit, PreparedSplit | None]:
    """As test_splits, or the request's own; one without references has nothing that sets are compared with."""
    if request.given is None:
        return test_splits(request.settings, request.protocol, task, request.chosen_metrics())
    return request.given, request.given if request.given.split.has_reference else None


def _note_split(summary: RunSummary, prepared: PreparedSplit) -> None:
    summary.splits_made += prepared.made
    summary.errors += prepared.errors


def _load(request: RunRequest, task: str, weights: Weights | None) -> Method:
    source = weights.path if weights else request.argument(scored_task(task))
    return request.module.load(request.device, source, request.settings.profile.size)


def _weights(request: RunRequest, task: str, summary: RunSummary) -> Weights | None:
    """What a trained method learnt from the train split, or a tuned one was given on the validation split.

    Made when it is not there; None for other methods.
    """
    makers = {TRAINED: _trained, TUNED: _tuned}
    make = makers.get(request.row.kind)
    return make(request, task, summary) if make else None


def _trained(request: RunRequest, task: str, summary: RunSummary) -> Weights:
    settings = request.settings
    prepared, recipe = _own_split(request, task, "train", summary)
    with summary.stage("train"):
        path, made = trained(settings, request.method, request.seed, recipe, prepared.split)
    summary.trainings_made += made
    summary.trainings_reused += not made
    result = training_result(path)
    seconds = result.get("seconds")
    hours = None if seconds is None else round(seconds / 3600, 4)
    facts = prepared.label, settings.profile.steps, result.get("images_seen"), hours, result.get("warning")
    return Weights(path, sha256_file(path), *facts)


def _tuned(request: RunRequest, task: str, summary: RunSummary) -> Weights:
    prepared, recipe = _own_split(request, task, "val", summary)
    with summary.stage("tune"):
        path, made = tuned(request.settings, request.method, recipe, prepared)
    summary.tunings_made += made
    summary.tunings_reused += not made
    return Weights(path, sha256_file(path), prepared.label, None)


def _own_split(request: RunRequest, task: str, role: str, summary: RunSummary) -> tuple[PreparedSplit, str]:
    """The split of the domain that the protocol trains on, and its recipe's name."""
    settings, domain = request.settings, request.protocol.train_domain
    with summary.stage("split"):
        prepared = domain_split(settings, domain, task, role)
    _note_split(summary, prepared)
    return prepared, scored_task(recipe_of(settings, domain, task))
