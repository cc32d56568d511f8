"""The score lines of a profile by run: which checkpoints and splits are behind a table row."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from benchmark.analysis.cells import MEASURED, NO_REPLICATES, Cell, outdated, summarise
from benchmark.analysis.generalisation.domain_gap import too_few
from benchmark.analysis.statistics import jackknife_interval, mean, mean_interval, seeds_interval, without_each_group
from benchmark.methods.registry import find_method, full_name
from benchmark.metrics.facts import facts_of, notice, remember
from benchmark.records.compatibility import Facts, comparable
from benchmark.records.run_file import RunFiles, run_facts
from benchmark.records.scores import Score, corrected
from degrade.core.errors import InputError
from degrade.splits.split import Split, open_split


@dataclass(frozen=True)
class Run:
    """The score lines behind one table row: one split, for each training seed one checkpoint.

    outdated: metrics that the newest run of the profile computed in another way, or on other images -> which it is.
    faces: where the test faces are from, in words. precision: in which it was restored, where that is known.
    profiles: the values of the profiles it was run by (RunFiles.profiles).
    """

    scores: tuple[Score, ...]
    notes: tuple[str, ...] = ()
    outdated: Mapping[str, str] = field(default_factory=dict)
    faces: tuple[str, ...] = ()
    precision: tuple[str, ...] = ()
    profiles: tuple[tuple[str, ...], ...] = ()

    @property
    def split(self) -> str | None:
        """Name of the test split; None where nothing was run."""
        return self.scores[0].split if self.scores else None

    @property
    def checkpoints(self) -> dict[int | None, str | None]:
        """Training seed -> SHA-256 of the checkpoint."""
        return {score.seed: score.checkpoint for score in self.scores}

    @cached_property
    def images(self) -> int:
        """Images of the split that some metric was asked for."""
        sizes = [score.n for score in self.scores if score.image is None and score.n]
        return max([len(self.names), *sizes])

    def cell(self, metric: str) -> Cell:
        """The value of one metric with its interval; a set that some images are missing from says so."""
        if metric not in self._cells:
            cell = self._cell(self._by_metric.get(metric, []))
            self._cells[metric] = outdated(cell, self.outdated[metric]) if metric in self.outdated else cell
        return self._cells[metric]

    def replicates(self, metric: str) -> tuple[float, ...]:
        """The value of a metric without each group of images in turn; empty where that is not known.

        Of images: means over the lines left. Of sets: as scored, their mean over training seeds; of a Frechet distance
        moved to its corrected value, which is where the jackknife has them.
        """
        scores = self._by_metric.get(metric, [])
        if not _of_sets(scores):
            return without_each_group(self._values(scores))
        found = _set_replicates(scores, self.images)
        if not found or not facts_of(metric).frechet_over:
            return found
        move = self.cell(metric).number - mean(found)
        return tuple(value + move for value in found)

    def no_interval(self, metric: str) -> str:
        """Why a measured number of a set has no interval; empty where it has one, and of images."""
        scores = self._by_metric.get(metric, [])
        if not _of_sets(scores):
            return ""
        if not _set_replicates(scores, self.images):
            return NO_REPLICATES
        return too_few(facts_of(metric), summarise(scores).scored)

    @property
    def metrics(self) -> list[str]:
        """The metrics that were asked for, in the order of their first lines."""
        return list(self._by_metric)

    def by_image(self, metric: str) -> dict[str, float]:
        """Image -> value, the mean over training seeds; images without a finite value are left out."""
        values = dict(zip(self.names, self._values(self._by_metric.get(metric, [])), strict=True))
        return {name: mean(found) for name, found in values.items() if found}

    @cached_property
    def _by_metric(self) -> dict[str, list[Score]]:
        found: dict[str, list[Score]] = defaultdict(list)
        for score in self.scores:
            found[score.metric].append(score)
        return dict(found)

    @cached_property
    def names(self) -> list[str]:
        """The images that have lines, in name order, which fixes the groups of a jackknife."""
        return sorted({score.image for score in self.scores if score.image is not None})

    @cached_property
    def _cells(self) -> dict[str, Cell]:
        """Those asked for by now: an interval over thousands of images takes a tenth of a second."""
        return {}

    def _cell(self, scores: list[Score]) -> Cell:
        cell = summarise(scores)
        if cell.state != MEASURED or math.isinf(cell.number):
            return cell
        trained = list(_by_seed(scores).values())
        cell = replace(cell, seeds=len(trained), over_seeds=seeds_interval(list(map(self._number, trained))))
        if not _of_sets(scores):
            return replace(cell, interval=mean_interval(self._values(scores)))
        return self._set_cell(cell, scores)

    def _set_cell(self, cell: Cell, scores: list[Score]) -> Cell:
        metric, replicates = facts_of(scores[0].metric), _set_replicates(scores, self.images)
        value, plain = self._number(scores), cell.number if metric.frechet_over else None
        missing = f"{cell.scored} of {self.images} images are in the set" if cell.scored != self.images else ""
        notes = tuple(filter(None, (missing, self.no_interval(metric.id))))
        interval = None if self.no_interval(metric.id) else jackknife_interval(value, replicates)
        cell = replace(cell, value=value, plain=plain, interval=interval, deviation=_deviation(scores))
        return replace(cell, notes=(*cell.notes, *notes), alike=plain is None or bool(replicates))

    def _number(self, scores: Sequence[Score]) -> float:
        """Their mean, that of a Frechet distance moved to its corrected value where it can be; some are finite."""
        found = mean([score.value for score in scores if score.value is not None])
        replicates = _set_replicates(scores, self.images) if facts_of(scores[0].metric).frechet_over else ()
        return corrected(found, replicates) if replicates else found

    def _values(self, scores: Sequence[Score]) -> list[list[float]]:
        """For each image of the split its finite values, one for each training seed; a set score is of no image."""
        values: dict[str, list[float]] = {name: [] for name in self.names}
        for score in scores:
            if score.image is not None and score.value is not None:
                values[score.image].append(score.value)
        return list(values.values())


_AGAIN = "than in the newest run: not comparable, score it again"
_OTHER_WAY = f"{{}} was computed in another way, or by other versions of packages, {_AGAIN}"
_OTHER_IMAGES = f"the split {{}} held other images, or was made by an older version, {_AGAIN}"


class Runs:
    """All runs of a profile by protocol, task and method, from its scores in the order of writing.

    Of several test splits of a protocol and task only the largest counts, of equally large ones the newest:
    a quick look with --limit does not push a full run out of its table.

    files: of all runs of the profile. A cell of another definition, or of other images, than the newest says so.
    """

    def __init__(self, scores: Iterable[Score], files: RunFiles = RunFiles()) -> None:  # noqa: B008 - frozen
        self._files = files
        remember(files.metrics)
        self._scores: dict[tuple[str, str, str], list[Score]] = defaultdict(list)
        splits: dict[tuple[str, str], dict[str, list[Score]]] = defaultdict(lambda: defaultdict(list))
        for score in scores:
            self._scores[score.protocol, score.task, score.method].append(score)
            block = splits[score.protocol, score.task]
            found = block.pop(score.split, [])
            found.append(score)
            block[score.split] = found  # at the end, which is the order of writing
        self._split = {block: _largest(found) for block, found in splits.items()}
        self._found: dict[tuple[str, str, str], Run] = {}

    def find(self, protocol: str, task: str, method: str) -> Run:
        """The run of a method (full or short name); without scores when there is none on the split that counts."""
        key = (protocol, task, method)
        if key not in self._found:
            self._found[key] = self._find(*key)
        return self._found[key]

    def need(self, protocol: str, task: str, method: str) -> Run:
        """As find; InputError for an unknown method, and where there are no scores with the command that makes them."""
        run = self.find(protocol, task, method)
        if not run.scores:
            find_method(method)
            reason = "; ".join(run.notes) or f"{method} has no scores under {protocol} {task}"
            command = f"benchmark run --protocol {protocol} --task {task} --method {method}"
            raise InputError(f"{reason}; run: {command} with the same --profile")
        return run

    def under(self, protocols: Iterable[str], task: str, method: str) -> dict[str, Run]:
        """The runs of a method by protocol."""
        return {protocol: self.find(protocol, task, method) for protocol in protocols}

    def _find(self, protocol: str, task: str, method: str) -> Run:
        own = self._scores.get((protocol, task, full_name(method)))
        if not own:
            return Run(())
        split = self._split[protocol, task]
        kept = [score for score in own if score.split == split]
        notes = () if kept else (f"{method} has scores on another test split only ({own[-1].split}), left out",)
        for metric, score in {score.metric: score for score in kept}.items():
            notice(metric, score.unit, "image" if score.n is None else "set")
        said = self._files.of_runs(dict.fromkeys(score.run for score in kept))
        return Run(tuple(kept), notes, self._outdated(kept), *said)

    def _outdated(self, scores: Sequence[Score]) -> dict[str, str]:
        files, metrics = {score.run for score in scores}, {score.metric for score in scores}
        if scores and self._has_other_images(scores[0].split, files):
            return dict.fromkeys(metrics, _OTHER_IMAGES.format(scores[0].split))
        return {metric: _OTHER_WAY.format(metric) for metric in metrics if self._is_outdated(metric, files)}

    def _has_other_images(self, split: str, files: Iterable[str]) -> bool:
        known = {name: content for name, (of, content) in self._files.splits.items() if of == split}
        newest = next(reversed(known.values()), None)
        return any(known.get(name, newest) != newest for name in files)

    def _is_outdated(self, metric: str, files: Iterable[str]) -> bool:
        known = {name: digests[metric] for name, digests in self._files.definitions.items() if metric in digests}
        newest = next(reversed(known.values()), None)
        return any(known.get(name, newest) != newest for name in files)


def _by_seed(scores: Sequence[Score]) -> dict[int, list[Score]]:
    """Finite scores by training seed, of those that have one."""
    found: dict[int, list[Score]] = defaultdict(list)
    for score in scores:
        if score.seed is not None and score.value is not None:
            found[score.seed].append(score)
    return found


def _of_sets(scores: Sequence[Score]) -> bool:
    return any(score.image is None for score in scores)


def _set_replicates(scores: Sequence[Score], images: int) -> tuple[float, ...]:
    """Replicates averaged over training seeds; empty when one of them has none.

    Few images are as few groups; older lines have a replicate, which is the value, of the empty ones too.
    """
    finite = [(score.replicates or ())[:images] for score in scores if score.value is not None]
    if len({len(replicates) for replicates in finite}) != 1:
        return ()
    return tuple(mean(values) for values in zip(*finite, strict=True))


def _deviation(scores: Sequence[Score]) -> float | None:
    deviations = [score.deviation for score in scores if score.deviation is not None]
    return mean(deviations) if deviations else None


def _largest(splits: dict[str, list[Score]]) -> str:
    """The split of most images, of equally large ones the last."""
    return max(reversed(list(splits)), key=lambda name: _images(splits[name]))


def _images(scores: Sequence[Score]) -> int:
    """Images of a split that some score is of; where there are scores of sets alone, as many as the largest holds."""
    of_sets = (score.n or 0 for score in scores if score.image is None)
    return max(len({score.image for score in scores if score.image is not None}), *of_sets, 0)


def check_comparable(results: Path, profile: str, runs: Mapping[str, Run], metrics: Sequence[str]) -> None:
    """Raises InputError that names the difference when runs differ in test split or in the definition of a metric."""
    names = sorted({score.run for run in runs.values() for score in run.scores})
    first, *others = (run_facts(results, profile, name) for name in names)
    for other in others:
        comparable(_narrowed(first, metrics), _narrowed(other, metrics))


def _narrowed(facts: Facts, metrics: Sequence[str]) -> Facts:
    """The description of a run with the definitions of some metrics only."""
    return {**facts, "metrics": {metric: digest for metric, digest in facts["metrics"].items() if metric in metrics}}


def scored_split(results: Path, profile: str, run: Run, work: Path) -> Split:
    """The test split of a run, below work/splits unless it is the user's own; its images need not be there.

    Raises InputError when it is missing, damaged or of other content than what was scored.
    """
    assert run.split is not None, "a run without scores has no split; see Runs.need"
    facts = {name: run_facts(results, profile, name) for name in sorted({score.run for score in run.scores})}
    own_folder = Path(next(iter(facts.values())).get("split_folder") or run.split)
    path = own_folder if own_folder.is_absolute() and own_folder.is_dir() else Path(work, "splits", own_folder.name)
    if not path.is_dir():
        raise InputError(f"{path}: expected the split that was scored; name the folder that holds it with --work")
    split = open_split(path)
    for name, own in facts.items():
        if own["split_sha256"] != split.digest:
            raise InputError(f"{path}: is not what {name} scored, although of the same name; score it again")
    return split
