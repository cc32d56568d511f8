"""What an evaluation asked and what its score lines say, read once from its folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmark.analysis.costs import RestoringCost, restoring_cost
from benchmark.analysis.runs import Run, Runs
from benchmark.methods.registry import full_name, labelled, title_of
from benchmark.records.outcome import evaluated_scores, read_outcome
from benchmark.records.run_file import read_run_files, run_facts
from benchmark.records.words import EVALUATION
from benchmark.reports.shown import why_set_hidden
from benchmark.specs.evaluation import FILE_NAME, is_evaluation, read_evaluation
from benchmark.specs.protocols import load_protocol
from degrade.core.errors import InputError, unknown
from degrade.core.storage.paths import user_path
from degrade.splits.split import Split


@dataclass(frozen=True)
class TestSetResults:
    """One test set: the run of each method by label, and the metrics that it was scored with."""

    __test__ = False  # pytest would take it for a test

    name: str
    runs: Mapping[str, Run]
    metrics: tuple[str, ...]
    size: int  # px
    split: str  # name of the folder of its split; empty where nothing was scored
    folder: str = ""  # of its split, in full
    asked: int = 0  # images, those included that could not be used
    used: int = 0
    without: tuple[str, ...] = ()  # metrics that were asked for and have no line


def set_names(folder: Path) -> tuple[str, ...]:
    """The test sets of an evaluation, as its last run called them; a recipe's file need not be there any more."""
    return tuple(read_outcome(folder).splits) or read_evaluation(folder / FILE_NAME).set_names


class Results:
    """The folder of an evaluation. Raises InputError when it is none."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        if not is_evaluation(self.folder):
            raise InputError(
                f"{folder}: expected the --out of a `benchmark evaluate`, got a folder without {FILE_NAME}"
            )
        self.evaluation = read_evaluation(self.folder / FILE_NAME)
        self.methods = labelled(self.evaluation.shown_methods)  # label -> full name
        self.names = {label: title_of(label, self.methods) for label in self.methods}  # label -> as printed
        self._outcome = read_outcome(self.folder)
        self._refused = {(name, label): why for name, label, why in self._outcome.refused}
        gone = {(name, self.methods.get(label, label)) for name, label in self._refused}
        # What was refused may have scores of before, which are not of what the method is now.
        there = (score for score in evaluated_scores(self.folder) if (score.task, score.method) not in gone)
        self.runs = Runs(there, read_run_files(self.folder, EVALUATION))

    @cached_property
    def test_sets(self) -> tuple[TestSetResults, ...]:
        """In the order in which they were asked for."""
        return tuple(map(self._test_set, set_names(self.folder)))

    def cost(self, run: Run) -> RestoringCost:
        """What restoring cost in a run."""
        names = sorted({score.run for score in run.scores})
        return restoring_cost(run_facts(self.folder, EVALUATION, name) for name in names)

    def need(self, test_set: str, label: str) -> Run:
        """The run of a method by its label or name; InputError for an unknown one, and for one without scores."""
        if label not in self.methods and full_name(label) not in self.methods.values():
            raise unknown("method of the evaluation", label, self.methods)
        run = self.runs.find(EVALUATION.upper(), test_set, self.methods.get(label, label))
        if not run.scores:
            raise InputError(f"{label}: has no scores of {test_set}: {self.why_not_run(test_set, label)}")
        return run

    def why_not_run(self, test_set: str, label: str) -> str:
        """Why a method has no scores of a test set."""
        return self._refused.get((test_set, label), "the last run ended before it")

    def why_hidden(self, place: int, split: Split | None) -> str:
        """Why the images of a test set, the one of number `place`, may not be shown; empty where they may."""
        found, asked = self.test_sets[place], self.evaluation
        named = asked.splits[place] if place < len(asked.splits) else asked.faces  # all that older records have
        folders = (self._outcome.folders.get(found.name), found.folder, named)
        return why_set_hidden(map(user_path, filter(None, folders)), split)

    def _test_set(self, name: str) -> TestSetResults:
        runs = {label: self.runs.find(EVALUATION.upper(), name, method) for label, method in self.methods.items()}
        scored = [run for run in runs.values() if run.scores]
        facts = run_facts(self.folder, EVALUATION, scored[0].scores[0].run) if scored else {}
        tried = {metric for run in scored for metric in run.metrics}
        asked = self.evaluation.metrics or load_protocol("S2S").metrics
        metrics = tuple(metric for metric in asked if metric in tried)
        if not scored:
            return TestSetResults(name, runs, metrics, 0, "")
        without = tuple(metric for metric in asked if metric not in tried)
        counts, size = facts["counts"], facts["profile_values"]["size"]
        return TestSetResults(
            name, runs, metrics, size, facts["split"], facts.get("split_folder", ""),
            counts["faces_asked"], counts["images"], without,
        )  # fmt: skip
