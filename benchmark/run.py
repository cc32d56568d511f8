"""One method under one protocol: makes what is missing, reuses what is there, appends score lines."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmark import methods, scoring
from benchmark.environment import environment, metric_hashes
from benchmark.methods.method import Method
from benchmark.places import Prepared, Settings, domain_split, recipe_of
from benchmark.protocol import Protocol
from benchmark.record import Score, ScoreFile, digest_of, newest, read_file, scores_folder
from benchmark.training import trained
from degrade.errors import InputError
from degrade.files import sha256_file, write_json


@dataclass(frozen=True)
class RunRequest:
    """What to run. tasks: empty for the protocol's tasks that the method runs by default."""

    settings: Settings
    protocol: Protocol
    method: str
    tasks: tuple[str, ...] = ()
    seed: int = 0  # of training; without meaning for a method that is not trained

    def chosen_tasks(self) -> tuple[str, ...]:
        """The tasks in the protocol's order."""
        default = methods.find_method(self.method).tasks
        return self.tasks or tuple(task for task in self.protocol.task if task in default)


@dataclass
class RunSummary:
    """What was made and what was there already."""

    trainings_made: int = 0
    trainings_reused: int = 0
    splits_made: int = 0
    scores_made: int = 0
    scores_reused: int = 0
    seconds: dict[str, float] = field(default_factory=dict)  # of each stage: split, train, restore, score
    places: list[Path] = field(default_factory=list)  # files with the score lines
    scores: list[Score] = field(default_factory=list)  # all of this request, made or reused
    errors: list[tuple[str, str]] = field(default_factory=list)  # (face, sentence) left out of a split

    def add(self, other: "RunSummary") -> None:
        """Take in what another run did."""
        for name in ("trainings_made", "trainings_reused", "splits_made", "scores_made", "scores_reused"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for stage, seconds in other.seconds.items():
            self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
        self.places += other.places
        self.scores += other.scores
        self.errors += other.errors

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Adds the time of its block to `seconds[name]`, also when the block fails."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


@dataclass(frozen=True)
class Weights:
    """A trained checkpoint."""

    path: Path
    sha256: str
    train_split: str
    steps: int


def run(request: RunRequest) -> RunSummary:
    """Restore and score the test split of every chosen task.

    Raises InputError for what concerns a whole task: an unknown method, no faces, a full disk. An
    image or metric that fails gives a score line with the reason.
    """
    methods.find_method(request.method)
    summary = RunSummary()
    for task in request.chosen_tasks():
        summary.add(_run_task(request, task))
    return summary


def _run_task(request: RunRequest, task: str) -> RunSummary:
    settings, summary = request.settings, RunSummary()
    with summary.stage("split"):
        prepared = domain_split(settings, request.protocol.test_domain, task, "test")
    _note_split(summary, prepared)
    trainable = methods.find_method(request.method).trainable
    weights = _weights(request, task, summary) if trainable else None
    subject = _subject(request, task, prepared, weights)
    path = scores_folder(settings.results, settings.profile.name) / f"{subject.run}.jsonl"
    there = newest(read_file(path)) if path.exists() else []
    with summary.stage("score"):
        todo = scoring.plan(subject, prepared, request.protocol.metrics, there)
    summary.scores_reused += todo.reused
    if todo.tasks or todo.unavailable:
        _score(request, subject, prepared, _Job(todo, weights, path), summary)
        there = newest(read_file(path))
    summary.places.append(path)
    order = {metric: place for place, metric in enumerate(request.protocol.metrics)}
    asked = [score for score in there if score.metric in order]
    summary.scores += sorted(asked, key=lambda score: order[score.metric])
    return summary


def load_method(request: RunRequest, task: str) -> Method:
    """The method of a request, ready to restore; it is trained for the task where it has to be and is not yet."""
    trainable = methods.find_method(request.method).trainable
    return _load(request, _weights(request, task, RunSummary()) if trainable else None)


def _note_split(summary: RunSummary, prepared: Prepared) -> None:
    summary.splits_made += prepared.made
    summary.errors += prepared.errors


def _subject(request: RunRequest, task: str, prepared: Prepared, weights: Weights | None) -> scoring.Subject:
    profile = request.settings.profile.name
    seed, sha256 = (request.seed, weights.sha256) if weights else (None, None)
    key = (profile, request.protocol.name, task, prepared.label, methods.canonical(request.method), seed, sha256)
    digits = digest_of(key)[:8]
    earlier = sorted(scores_folder(request.settings.results, profile).glob(f"*-{digits}.jsonl"))
    name = earlier[-1].stem if earlier else f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{digits}"
    return scoring.Subject(name, *key)


@dataclass(frozen=True)
class _Job:
    """What one scoring needs besides its subject and split."""

    todo: scoring.Plan
    weights: Weights | None
    path: Path


def _score(request: RunRequest, subject: scoring.Subject, prepared: Prepared, job: _Job, summary: RunSummary) -> None:
    """Append the missing lines; <run>.json says how before the first line and with counts after the last."""
    facts = _facts(request, subject, prepared, job)
    note = job.path.with_suffix(".json")
    facts["sessions"] = [*_earlier_sessions(note), environment(request.settings.command, _device(request))]
    write_json(note, facts)
    before = len(read_file(job.path)) if job.path.exists() else 0
    with ScoreFile(job.path) as file:
        seconds = scoring.score(subject, prepared, job.todo, lambda: _load(request, job.weights), file)
    for stage, spent in seconds.items():
        summary.seconds[stage] = summary.seconds.get(stage, 0.0) + spent
    lines = read_file(job.path)
    summary.scores_made += len(lines) - before
    failed = [score for score in newest(lines) if score.value is None and score.error != "+inf"]
    facts["counts"] |= {"scored": len(newest(lines)) - len(failed), "failed": len(failed)}
    facts["sessions"][-1]["seconds"] = {stage: round(spent, 2) for stage, spent in seconds.items()}
    write_json(note, facts)


def _facts(request: RunRequest, subject: scoring.Subject, prepared: Prepared, job: _Job) -> dict[str, Any]:
    weights = asdict(job.weights) | {"path": job.weights.path.parent.name} if job.weights else None
    return {
        **asdict(subject),
        "profile_values": asdict(request.settings.profile),
        "protocol_values": asdict(request.protocol),
        "split_sha256": prepared.split.digest,
        "split_seed": prepared.split.info.get("seed"),
        "weights": weights,
        "metrics": metric_hashes(request.protocol.metrics),
        "counts": {"faces_asked": prepared.asked, "images": len(prepared.names), "scored": None, "failed": None},
    }


def _earlier_sessions(note: Path) -> list[dict[str, Any]]:
    """The sessions that wrote this run's lines before; a resumed run keeps their commits and machines on record."""
    if not note.exists():
        return []
    try:
        return json.loads(note.read_text(encoding="utf-8"))["sessions"]
    except (ValueError, KeyError) as error:
        raise InputError(
            f"{note}: does not describe a run ({error}); remove it and its .jsonl to score again"
        ) from error


def _load(request: RunRequest, weights: Weights | None) -> Method:
    module = methods.method_module(request.method)
    return module.load(_device(request), weights.path if weights else None, request.settings.profile.size)


def _device(request: RunRequest) -> str:
    """Where the method computes: the CPU, unless it has a network."""
    if not methods.find_method(request.method).trainable:
        return "cpu"
    from ispl_model.device import find_device

    return str(find_device(request.settings.device))


def _weights(request: RunRequest, task: str, summary: RunSummary) -> Weights:
    """The checkpoint that this network, training and train split give; trained when it is not there."""
    settings, protocol = request.settings, request.protocol
    with summary.stage("split"):
        prepared = domain_split(settings, protocol.train_domain, task, "train")
    _note_split(summary, prepared)
    with summary.stage("train"):
        recipe = recipe_of(settings.profile, protocol.train_domain, task)
        path, made = trained(settings, request.method, request.seed, recipe, prepared.split)
    summary.trainings_made += made
    summary.trainings_reused += not made
    return Weights(path, sha256_file(path), prepared.label, settings.profile.steps)
