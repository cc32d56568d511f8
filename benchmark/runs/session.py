"""One session of a run, while its score file is locked: missing scores are copied from other runs or computed."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmark.methods.method import Method
from benchmark.metrics.facts import is_of_table, to_record
from benchmark.metrics.registry import find_metric, metric_hashes, weight_origins
from benchmark.records.environment import environment
from benchmark.records.order import current
from benchmark.records.restoring_cost import add_cost, kept_cost
from benchmark.records.run_file import RunFile
from benchmark.records.run_folder import run_folder
from benchmark.records.scores import Score, ScoreFile, newest
from benchmark.records.words import is_unavailable
from benchmark.runs.request import PreparedRun, RunRequest
from benchmark.runs.reuse import find_reusable, take_over, take_restored
from benchmark.runs.scoring.plan import Plan, plan
from benchmark.runs.scoring.score_split import RestoredImages, Scoring, ScoringContext
from benchmark.runs.scoring.set_scores import FeatureFolder
from benchmark.runs.scoring.workers import Pool
from benchmark.runs.splits import named_faces


class RunScorer:
    """Scores one candidate into one file, together with the run file beside it."""

    def __init__(self, request: RunRequest, prepared_run: PreparedRun, file: ScoreFile, pool: Pool) -> None:
        self.request, self.prepared_run, self.file, self.pool = request, prepared_run, file, pool
        self.seconds: Mapping[str, float] = {}  # of "restore" and "score"
        self.failed: Mapping[str, str] = {}  # image -> why
        self._facts = _facts(request, prepared_run)
        self._note = RunFile(file.path, self._facts)
        self._hashes: Mapping[str, str] = {}  # of the metrics' definitions
        self._session: Mapping[str, Any] = {}  # of now, as it stands in the run file
        self._todo = Plan()

    def find_missing(self) -> int:
        """Plan what is to be done; the number of lines that are there or could be taken over.

        Raises InputError when what is there was scored on another split, by other definitions or with other weights.
        """
        self._todo = self._plan()
        if not self._todo.is_empty:
            self._hashes = metric_hashes(self.request.chosen_metrics())
        there = (score for score in self._there() if not is_unavailable(score.error))
        versions = {metric: find_metric(metric).version for metric in self._todo.begun}
        continued = {score.metric for score in there if score.metric_version == versions.get(score.metric)}
        self._note.check({metric: self._hashes[metric] for metric in continued})
        if not self._todo.is_empty:
            if self.file.values:
                self._note.check_precision()
            self._begin()  # before the first line, so that none is without its run file, those taken over included
            self._take_over()
        return self._todo.reused

    def score(self, load_method: Callable[[], Method]) -> int:
        """Do what was planned; the number of lines made. The run file is written after them, and was before."""
        if not self._session:
            return 0
        before = len(self.file.values)
        scoring = Scoring(self.prepared_run.run_key, self.prepared_run.prepared, self._todo, self._context(), self.file)
        try:
            scoring.run(load_method)
        finally:
            restored = self._cost(asdict(scoring.cost))
        self.seconds, self.failed = scoring.seconds, scoring.failed
        self._note.end(self.file.values, self.seconds, restored)
        return len(self.file.values) - before

    def _cost(self, cost: dict[str, Any]) -> dict[str, Any]:
        """What restoring cost in this session; of images that an earlier one left, also what it cost then."""
        folder = self._made("restored")
        if cost["images"] and self.request.settings.keep:
            add_cost(folder, cost, self._session)
        kept = None if cost["images"] else kept_cost(folder)
        return cost | ({"kept": kept} if kept else {})

    def _begin(self) -> None:
        session = environment(self.request.settings.command, self.request.device)
        if other := weight_origins(self._todo.begun):
            session["weight_files"] = other
        self._session = session
        described = {metric: to_record(find_metric(metric)) for metric in self._todo.begun if not is_of_table(metric)}
        self._note.begin(session, {metric: self._hashes[metric] for metric in self._todo.begun}, described)

    def _plan(self) -> Plan:
        asked = self.request.chosen_metrics()
        prepared = self.prepared_run.prepared
        return plan(self.prepared_run.run_key, prepared, asked, self._there(), self.pool, self._features())

    def _there(self) -> list[Score]:
        """The lines that tables show: of a file of the user's that is again what it was, none of the time before."""
        return current(newest(self.file.values))

    def _take_over(self) -> None:
        """What another run has of the same images; `anew` takes nothing and forgets what lies in the folders."""
        if self.request.anew:
            for kind in ("features", "restored"):
                shutil.rmtree(self._made(kind), ignore_errors=True)
            return
        ours = self.prepared_run.run_key, self.prepared_run.prepared
        reusable = find_reusable(*ours, self.file.path, self.request.precision)
        if reusable is not None:
            work = self.request.settings.work
            take_over(reusable, self.prepared_run.run_key, self._features(), self.file, work)
            if self.request.settings.keep:
                theirs = run_folder(work, "restored", reusable.facts)
                take_restored(theirs, self._made("restored"), reusable.names)
            self._todo = self._plan()

    def _context(self) -> ScoringContext:
        settings = self.request.settings
        restored_images = RestoredImages(self._made("restored"), settings.keep)
        return ScoringContext(
            self.pool, self._features(), restored_images, self.prepared_run.references, settings.max_failures
        )

    def _features(self) -> FeatureFolder:
        return FeatureFolder(self._made("features"), self._hashes)

    def _made(self, kind: str) -> Path:
        return run_folder(self.request.settings.work, kind, self._facts)


def _facts(request: RunRequest, prepared_run: PreparedRun) -> dict[str, Any]:
    """The contents of <run>.json but for definitions of metrics and sessions."""
    prepared, weights = prepared_run.prepared, prepared_run.weights
    facts = {
        **asdict(prepared_run.run_key),
        "profile_values": asdict(request.settings.profile),
        "protocol_values": asdict(request.protocol),
        "split_sha256": prepared.split.digest,
        "split_seed": prepared.split.info.get("seed"),
        "weights": asdict(weights) | {"path": weights.path.parent.name} if weights else None,
        "metrics": {},
        **({"precision": request.precision} if request.precision else {}),
        "counts": {"faces_asked": prepared.asked, "images": len(prepared.names), "scored": None, "failed": None},
    }
    if request.given:
        facts["split_folder"] = str(prepared.split.path.absolute())
    else:
        facts["faces"] = named_faces(request.settings, request.protocol.test_domain)
    if prepared_run.references not in (None, prepared):
        facts["set_references"] = prepared_run.references.label
    return facts
