"""The request of a run, its inputs, its summary."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmark.methods.adapters import folder
from benchmark.methods.method import Method
from benchmark.methods.registry import adapter_argument, find_method, full_name, module_of
from benchmark.methods.row import MethodRow
from benchmark.records.scores import Score
from benchmark.runs.scoring.plan import RunKey
from benchmark.runs.settings import Settings
from benchmark.runs.splits import PreparedSplit
from benchmark.specs.protocols import Protocol
from degrade.core.errors import InputError
from degrade.recipes.paper_tasks import TASKS as PAPER_TASKS


@dataclass(frozen=True)
class RunRequest:
    """What to run.

    tasks: empty for the protocol's tasks that the method runs by default. metrics: empty for the protocol's.
    seed: of training; without meaning for a method that is not trained.
    given: the test split, where it is the user's and not the protocol's.
    anew: restore and score all of it into a new file, whatever is there.
    """

    settings: Settings
    protocol: Protocol
    method: str
    tasks: tuple[str, ...] = ()
    seed: int = 0
    metrics: tuple[str, ...] = ()
    given: PreparedSplit | None = None
    anew: bool = False

    @cached_property
    def row(self) -> MethodRow:
        """The method's row; InputError when there is none, and when it cannot run here."""
        return find_method(self.method)

    @cached_property
    def name(self) -> str:
        """The method's full name."""
        return full_name(self.method)

    def argument(self, test_set: str) -> str | None:
        """What follows the colon in the name of a method from outside, on a test set; None for one of the table."""
        found = adapter_argument(self.method)
        return found.replace(folder.SPLIT, test_set) if found and folder.is_folder(self.name) else found

    @cached_property
    def module(self) -> Any:
        """What the method is made of; see benchmark.methods.registry.method_module."""
        return module_of(self.row)

    @cached_property
    def device(self) -> str:
        """Where the method computes: the CPU, unless it has a network."""
        if not self.row.has_network:
            return "cpu"
        from ispl_model.runtime.device import find_device

        return str(find_device(self.settings.device))

    @cached_property
    def precision(self) -> str:
        """bf16 or fp32, in which a network of ours multiplies on this machine; empty of all else."""
        if not self.row.mixed_precision:
            return ""
        from ispl_model.runtime.device import find_device, multiplies_in

        return multiplies_in(find_device(self.settings.device))

    def chosen_tasks(self) -> tuple[str, ...]:
        """Those named, or the protocol's less `tasks_left_out`; InputError where none is left, which names them."""
        left_out = self.tasks_left_out()
        chosen = self.tasks or tuple(task for task in self.protocol.task if task not in left_out)
        if not chosen:
            own = f"by itself runs {', '.join(self.row.tasks)}" if self.row.tasks else "holds images of one task"
            asked = f"{self.protocol.name} has {', '.join(left_out)}"
            raise InputError(f"method '{self.method}': {own}, and {asked}; name one of these with --task")
        from degrade.recipes.library import find_recipe  # here, as --help need not load what reads images

        recipes = Counter(find_recipe(task).name for task in chosen) if len(chosen) > 1 else Counter()
        if twice := [name for name, count in recipes.items() if count > 1]:
            raise InputError(f"tasks: two recipes are called '{twice[0]}', and scores stand under it; rename one")
        return chosen

    def tasks_left_out(self) -> tuple[str, ...]:
        """The protocol's tasks that are not run unless they are named.

        They are those of the paper's that the method is not for; recipes beside these any method takes. A folder holds
        images of one task, which has to be named where the protocol has several.
        """
        asked, own = self.protocol.task, self.row.tasks
        if self.tasks or (not own and len(asked) == 1):
            return ()
        return tuple(task for task in asked if not own or (task in PAPER_TASKS and task not in own))

    def chosen_metrics(self) -> tuple[str, ...]:
        """The metrics in the order in which they are computed and shown."""
        return self.metrics or self.protocol.metrics


@dataclass
class RunSummary:
    """What was made and what was there already."""

    trainings_made: int = 0
    trainings_reused: int = 0
    tunings_made: int = 0
    tunings_reused: int = 0
    splits_made: int = 0
    scores_made: int = 0
    scores_reused: int = 0
    seconds: dict[str, float] = field(default_factory=dict)  # of each stage: split, train, tune, restore, score
    places: list[Path] = field(default_factory=list)  # files with the score lines
    scores: list[Score] = field(default_factory=list)  # all of this request, made or reused
    errors: list[tuple[str, str]] = field(default_factory=list)  # (face, sentence) left out of a split

    def add(self, other: "RunSummary") -> None:
        """Take in what another run did."""
        counts = [f"{what}_{how}" for what in ("trainings", "tunings", "scores") for how in ("made", "reused")]
        for name in (*counts, "splits_made"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.add_seconds(other.seconds)
        self.places += other.places
        self.scores += other.scores
        self.errors += other.errors

    def add_seconds(self, seconds: Mapping[str, float]) -> None:
        """Add to the time of each stage."""
        for stage, spent in seconds.items():
            self.seconds[stage] = self.seconds.get(stage, 0.0) + spent

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Adds the time of its block to `seconds[name]`, also when the block fails."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.add_seconds({name: time.perf_counter() - start})


@dataclass(frozen=True)
class Weights:
    """A trained checkpoint, or a file of chosen parameters."""

    path: Path
    sha256: str
    train_split: str  # what it was trained on, or the validation split the parameters were chosen on
    steps: int | None  # of training
    images_seen: int | None = None  # by the training, repeats included
    hours: float | None = None  # of the training, over all its sessions
    warning: str | None = None  # on a training that went wrong on the way


@dataclass(frozen=True)
class PreparedRun:
    """What is scored: a method with its weights on a split; `method` is loaded already when it comes from outside."""

    run_key: RunKey
    prepared: PreparedSplit
    references: PreparedSplit | None  # the split that sets are compared with
    weights: Weights | None
    method: Method | None


def stages(summary: RunSummary) -> str:
    """Seconds of each stage in the order they come: split 1.2 s, train 10.3 s, ..."""
    known = [stage for stage in ("split", "train", "tune", "restore", "score") if stage in summary.seconds]
    return ", ".join(f"{stage} {summary.seconds[stage]:.1f} s" for stage in known) or "none"
