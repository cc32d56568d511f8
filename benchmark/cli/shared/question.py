"""Which score lines a command is about: those of a profile, or of an evaluation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.records.words import EVALUATION
from benchmark.specs.evaluation import FILE_NAME, is_evaluation, read_evaluation
from benchmark.specs.protocols import profile_names, protocol_names
from degrade.cli.console import FOLDER, Name, options
from degrade.core.errors import InputError, unknown
from degrade.core.storage.listing import folder_name, normalised_name

if TYPE_CHECKING:
    from benchmark.analysis.runs import Run

profile_option = click.option(
    "--profile", type=Name("profile", profile_names, or_file=True), default="quick", show_default=True,
    help="Whose scores: quick, lite, paper or FILE.toml.",
)  # fmt: skip
profile_results_option = click.option(
    "--results", type=FOLDER, default="results", show_default=True, help="Folder with the profile's score lines."
)
results_option = click.option(
    "--results",
    type=FOLDER,
    default="results",
    show_default=True,
    help="Folder with score lines, or the --out of an evaluation.",
)
question_options = options(
    profile_option,
    click.option(
        "--protocol",
        type=Name("protocol", protocol_names, or_file=True),
        default="S2S",
        show_default=True,
        help="Which domain methods were trained and tested on: S2S, S2R, R2R, ...",
    ),  # fmt: skip
    click.option("--task", help="One of the paper's six, or a recipe; leave it out for an evaluation."),
    click.option("--split", help="Which test set of an evaluation, where it has several."),
    results_option,
)


@dataclass(frozen=True)
class Question:
    """The score lines of one task and protocol, or of one test set. methods: label -> full name, in an evaluation."""

    results: Path
    profile: str
    protocol: str
    task: str
    methods: Mapping[str, str] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """For the header of what is shown."""
        if self.profile == EVALUATION:
            return f"Evaluation {folder_name(self.results)}, {self.task}"
        return f"Profile {self.profile}, {self.task} under {self.protocol}"

    def names(self, methods: Iterable[str]) -> dict[str, str]:
        """How each method is printed."""
        from benchmark.methods.registry import title_of

        return {method: title_of(method, self.methods) for method in methods}

    def runs(self, methods: Iterable[str]) -> dict[str, "Run"]:
        """The run of each method by how the user calls it; InputError for one without scores."""
        if self.profile == EVALUATION:
            return self._evaluated(methods)
        from benchmark.analysis.runs import Runs
        from benchmark.records.run_file import read_run_files
        from benchmark.records.scores import need_scores

        there = Runs(need_scores(self.results, self.profile), read_run_files(self.results, self.profile))
        return {name: there.need(self.protocol, self.task, name) for name in methods}

    def _evaluated(self, labels: Iterable[str]) -> dict[str, "Run"]:
        from benchmark.reports.evaluation.results import Results

        results = Results(self.results)
        return {label: results.need(self.task, label) for label in labels}


def profile_of(results: Path, profile: str) -> str:
    """What stands in the score lines: the profile, or `evaluation` where RESULTS is the folder of one."""
    if is_evaluation(results):
        return EVALUATION
    from benchmark.specs.protocols import load_profile

    return load_profile(profile).name


def evaluated_labels(results: Path) -> dict[str, str] | None:
    """Full name -> label of each method of an evaluation; None where RESULTS is the folder of none."""
    from benchmark.methods.registry import labelled

    if not is_evaluation(results):
        return None
    return {name: label for label, name in labelled(read_evaluation(results / FILE_NAME).shown_methods).items()}


def refuse_evaluation(results: Path, command: str) -> None:
    """InputError where RESULTS is the folder of an evaluation, for a command about the protocols of a profile."""
    if is_evaluation(results):
        about = f"{command} judges the paper's methods and protocols, by the scores of a profile"
        raise InputError(f"{results}: is the folder of an evaluation; {about}; `benchmark compare` reads both")


def question(results: Path, profile: str, protocol: str, task: str | None, split: str | None) -> Question:
    """What the options ask for. InputError without a task, and where an evaluation has no such test set, or several."""
    name = profile_of(results, profile)
    if name != EVALUATION:
        if task is None:
            raise InputError(f"expected a task of profile {name}, got none; name it with --task")
        from benchmark.specs.protocols import load_protocol, scored_task

        return Question(results, name, load_protocol(protocol).name, scored_task(task))
    from benchmark.methods.registry import labelled
    from benchmark.reports.evaluation.results import set_names

    asked = read_evaluation(results / FILE_NAME)
    return Question(
        results, name, EVALUATION.upper(), chosen_test_set(set_names(results), split), labelled(asked.shown_methods)
    )


def chosen_test_set(names: Sequence[str], split: str | None) -> str:
    """The test set named by --split; InputError where there is none such, and where several ask for one."""
    if split is None and len(names) == 1:
        return names[0]
    if split is None:
        raise InputError(f"the evaluation has several test sets; choose one of {', '.join(names)} with --split")
    if (name := normalised_name(split)) not in names:
        raise unknown("test set", name, names)
    return name
