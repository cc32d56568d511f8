"""One session of a run, while its score file is held: what is missing is found, taken over or scored."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmark.extend import find_earlier, take_over
from benchmark.methods.method import Method
from benchmark.methods.registry import find_method
from benchmark.metrics.registry import metric_hashes
from benchmark.records.environment import environment
from benchmark.records.run_file import RunFile
from benchmark.records.scores import Score, ScoreFile, newest, read_file
from benchmark.runs.request import Candidate, RunRequest
from benchmark.runs.scoring.image_scores import UNAVAILABLE
from benchmark.runs.scoring.score_split import Bench, Keeping, Plan, Scoring, plan
from benchmark.runs.scoring.set_scores import FeatureFolder
from benchmark.runs.scoring.workers import Pool
from benchmark.runs.splits import made_folder


class Session:
    """Scores one candidate into one file, together with the run file beside it."""

    def __init__(self, request: RunRequest, candidate: Candidate, file: ScoreFile, pool: Pool) -> None:
        self.request, self.candidate, self.file, self.pool = request, candidate, file, pool
        self.seconds: Mapping[str, float] = {}  # of "restore" and "score"
        self._note = RunFile(file.path)
        self._facts = _facts(request, candidate)
        self._hashes: Mapping[str, str] = {}  # of the metrics' definitions
        self._todo = Plan()

    def find_missing(self) -> int:
        """Plan what is to be done; the number of lines that are there or could be taken over.

        Raises InputError when what is there was scored on another split, by other definitions or with other weights.
        """
        self._note.check(self._facts, {})
        self._todo = self._plan()
        if not self._todo.is_empty:
            self._hashes = metric_hashes(self.request.chosen_metrics())
            scored = {score.metric for score in self._lines() if not score.error.startswith(UNAVAILABLE)}
            self._note.check(self._facts, {metric: self._hashes[metric] for metric in self._todo.begun & scored})
            self._take_over()
        return self._todo.reused

    def score(self, load_method: Callable[[], Method]) -> int:
        """Do what was planned; the number of lines made. The run file is written before and after them."""
        if self._todo.is_empty:
            return 0
        before = len(read_file(self.file.path))
        session = environment(self.request.settings.command, device_of(self.request))
        self._note.begin(self._facts, session, {metric: self._hashes[metric] for metric in self._todo.begun})
        scoring = Scoring(self.candidate.subject, self.candidate.prepared, self._todo, self._bench(), self.file)
        scoring.run(load_method)
        self.seconds = scoring.seconds
        lines = read_file(self.file.path)
        self._note.end(lines, self.seconds)
        return len(lines) - before

    def _lines(self) -> list[Score]:
        return newest(read_file(self.file.path))

    def _plan(self) -> Plan:
        asked = self.request.chosen_metrics()
        return plan(self.candidate.subject, self.candidate.prepared, asked, self._lines(), self.pool)

    def _take_over(self) -> None:
        """What another run has of the same images; `anew` takes nothing and forgets what lies in the folders."""
        if self.request.anew:
            for kind in ("features", "restored"):
                shutil.rmtree(self._made(kind), ignore_errors=True)
            return
        earlier = find_earlier(self.candidate.subject, self.candidate.prepared, self.file.path)
        if earlier is not None:
            take_over(earlier, self.candidate.subject, self._features(), self.file, self.request.settings.work)
            self._todo = self._plan()

    def _bench(self) -> Bench:
        settings = self.request.settings
        keeping = Keeping(self._made("restored"), settings.keep)
        return Bench(self.pool, self._features(), keeping, self.candidate.references, settings.max_failures)

    def _features(self) -> FeatureFolder:
        return FeatureFolder(self._made("features"), self._hashes)

    def _made(self, kind: str) -> Path:
        return made_folder(self.request.settings.work, kind, self._facts)


def device_of(request: RunRequest) -> str:
    """Where the method computes: the CPU, unless it has a network."""
    if not find_method(request.method).has_network:
        return "cpu"
    from ispl_model.runtime.device import find_device

    return str(find_device(request.settings.device))


def _facts(request: RunRequest, candidate: Candidate) -> dict[str, Any]:
    """The contents of <run>.json but for definitions of metrics and sessions."""
    prepared, weights = candidate.prepared, candidate.weights
    facts = {
        **asdict(candidate.subject),
        "profile_values": asdict(request.settings.profile),
        "protocol_values": asdict(request.protocol),
        "split_sha256": prepared.split.digest,
        "split_seed": prepared.split.info.get("seed"),
        "weights": asdict(weights) | {"path": weights.path.parent.name} if weights else None,
        "metrics": {},
        "counts": {"faces_asked": prepared.asked, "images": len(prepared.names), "scored": None, "failed": None},
    }
    if candidate.references not in (None, prepared):
        facts["set_references"] = candidate.references.label
    return facts
