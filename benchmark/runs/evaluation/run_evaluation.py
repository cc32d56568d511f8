"""An evaluation: every method on every test set, scored into one folder."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmark.methods.adapters.folder import SPLIT, is_folder
from benchmark.methods.registry import check_titles, find_method, labelled
from benchmark.methods.row import TRAINED, TUNED
from benchmark.metrics.registry import find_metric
from benchmark.records.order import score_files
from benchmark.records.outcome import Outcome, has_outcome, read_outcome, write_outcome
from benchmark.records.words import EVALUATION
from benchmark.runs.evaluation.test_sets import folders_read, prepared_sets
from benchmark.runs.request import RunRequest, RunSummary
from benchmark.runs.run import run
from benchmark.runs.settings import Settings
from benchmark.runs.splits import PreparedSplit
from benchmark.specs.evaluation import FILE_NAME, Evaluation, asks, is_evaluation, write_evaluation
from benchmark.specs.protocols import Profile, Protocol, load_protocol
from degrade.core.errors import InputError
from degrade.core.storage.paths import escaped, user_path
from degrade.splits.sources import check_apart
from degrade.splits.split import Split

REPLACED = (FILE_NAME, "table.md", "table.csv", "table.tex", "images.csv", "figures")  # whenever it is asked again
PROTOCOL = EVALUATION.upper()  # stands in a score line where the protocol of a run would


@dataclass
class EvaluationSummary:
    """What an evaluation did.

    splits: the test sets by name. refused: (test set, label of a method, sentence), of pairs that gave no scores.
    without: (test set, metric) for metrics asked for by id, which need references that the test set does not have.
    """

    splits: dict[str, Split]
    done: RunSummary = field(default_factory=RunSummary)
    refused: list[tuple[str, str, str]] = field(default_factory=list)
    without: list[tuple[str, str]] = field(default_factory=list)


def settings_of(out: Path, work: Path, device: str, workers: int, command: Sequence[str] = ()) -> Settings:
    """The settings of an evaluation, whose restored images are kept for its pages."""
    return Settings(
        _profile(0), work=work, results=out, device=device, workers=workers, command=tuple(command), keep=True
    )


def run_evaluation(evaluation: Evaluation, settings: Settings, anew: bool = False) -> EvaluationSummary:
    """Restore and score; what is in the folder already is kept, unless `anew`.

    A method that cannot run on a test set is refused with its reason and the others go on. Raises InputError for
    what concerns all: two labels alike, an unknown metric, a test set that cannot be made, results among its images.
    """
    for folder in folders_read(evaluation):
        check_apart(folder, settings.results)
        check_apart(folder, settings.work)
    _check_folder(settings.results, evaluation)
    before = read_outcome(settings.results).refused  # until each method was tried again
    methods = labelled(evaluation.shown_methods)
    check_titles(methods)
    for metric in evaluation.metrics:
        find_metric(metric)
    done = RunSummary()
    with done.stage("split"):
        sets = prepared_sets(evaluation, settings)
    for task, prepared in sets.items():
        if not metrics_of(evaluation, prepared.split.has_reference):
            none = "has no references, and none of the metrics can do without"
            raise InputError(f"{task}: {none}; add niqe.y to --metrics")
    counting = {task: prepared.label for task, prepared in sets.items()}
    outcome = Outcome(counting, before, _folders(evaluation, counting))
    write_outcome(settings.results, outcome)  # also now, for a run that is stopped; first, as it marks the folder
    write_evaluation(settings.results, evaluation)
    summary = EvaluationSummary({task: prepared.split for task, prepared in sets.items()}, done)
    for task, prepared in sets.items():
        computed = metrics_of(evaluation, prepared.split.has_reference)
        summary.without += [(task, metric) for metric in evaluation.metrics if metric not in computed]
        done.splits_made += prepared.made
        done.errors += prepared.errors
        noted = replace(prepared, made=False)
        for label, name in methods.items():
            request = _request(evaluation, settings, (task, noted), name)
            try:
                _check_ready(name)
                _check_own_images(name, task, sets)
                done.add(run(replace(request, anew=anew)))
            except InputError as error:
                summary.refused.append((task, label, str(error)))
    done.errors = list(dict.fromkeys(done.errors))  # each method has those of its test set again
    write_outcome(settings.results, replace(outcome, refused=summary.refused))
    return summary


def _folders(evaluation: Evaluation, names: Iterable[str]) -> dict[str, str]:
    """Of each test set the folder that its images come from, in full."""
    named = [*evaluation.splits, *[evaluation.faces] * len(evaluation.recipes)]
    return {name: escaped(str(user_path(folder).absolute())) for name, folder in zip(names, named, strict=True)}


def metrics_of(evaluation: Evaluation, has_reference: bool) -> tuple[str, ...]:
    """Those asked for, or those of Table 2, as far as a test set with or without references has them."""
    asked = evaluation.metrics or load_protocol("S2S").metrics
    return tuple(metric for metric in asked if has_reference or not find_metric(metric).needs_reference)


def _request(evaluation: Evaluation, settings: Settings, test_set: tuple[str, PreparedSplit], name: str) -> RunRequest:
    task, given = test_set
    metrics = metrics_of(evaluation, given.split.has_reference)
    of_size = replace(settings, profile=_profile(given.split.info["size"]))
    protocol = Protocol(PROTOCOL, 1, "none", task, (task,), metrics)
    return RunRequest(of_size, protocol, name, (task,), metrics=metrics, given=given)


def _profile(size: int) -> Profile:
    """What stands in place of a profile: nothing is trained."""
    nothing = dict.fromkeys(("train", "val", "test", "width", "batch", "steps"), 0)
    return Profile(EVALUATION, size=size, perceptual="none", seeds=(0,), **nothing)


def _check_folder(folder: Path, evaluation: Evaluation) -> None:
    """Raise InputError for a folder that holds scores of profiles, whose commands would take it for an evaluation, and
    for one whose files an evaluation would replace although they are of none.
    """
    profile = next((place.parent.name for place in folder.glob("*/scores") if score_files(place)), None)
    if profile and not is_evaluation(folder):
        raise InputError(f"{folder}: holds the scores of profile {profile}; name another folder with --out")
    if has_outcome(folder) or score_files(folder / "scores"):  # older evaluations have the latter alone
        return
    for path in filter(os.path.lexists, (folder / name for name in REPLACED)):
        if not (path.name == FILE_NAME and asks(path, evaluation)):
            raise InputError(f"{path}: is there and is not an evaluation's; name another folder with --out")


def _check_ready(name: str) -> None:
    """Raise InputError for a method that would have to be trained or tuned first."""
    if find_method(name).kind in (TRAINED, TUNED):
        checkpoint = ", or name a checkpoint of it, ispl:FILE.safetensors" if name.startswith("ispl:") else ""
        remedy = f"score it with `benchmark run`{checkpoint}"
        raise InputError(f"{name}: must be trained or tuned first, which an evaluation does not do; {remedy}")


def _check_own_images(name: str, task: str, sets: Mapping[str, PreparedSplit]) -> None:
    """Raise InputError for one folder of restored images where it would count for several test sets."""
    if not is_folder(name) or SPLIT in name:
        return
    alike = [other for other, prepared in sets.items() if not {*prepared.names}.isdisjoint(sets[task].names)]
    if len(alike) > 1:
        remedy = f"write {SPLIT} for the name of the test set, as in folder:DIR/{SPLIT}"
        raise InputError(f"{name}: one folder for {', '.join(alike)}, whose images have the same names; {remedy}")
