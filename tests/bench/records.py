"""A million score lines: processor time and peak memory of the commands that read them, whole processes.

The lines are as the runs of profile lite write them, of more images than these have: RUNS runs, so many metrics each
and as many images as make a million. The same with a tenth of the images says whether time grows with the lines and
no faster: then ten times as many take at most ten times as long.
"""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from benchmark.records.order import in_order
from benchmark.records.scores import PACKED, Score, read_file, scores_folder
from tests.bench.timing import Cost, Reached, process_cost, reached

PROFILE = "lite"
MADE = Path(__file__).parents[2] / "results"  # score lines that are there
RUNS, METRICS = 50, 8
LINES = 1_000_000
MOST_SECONDS, MOST_GIB = 20, 2
LINEAR = 10 * 1.2  # times as long for ten times the lines, and what times on a machine in use differ by
COMMANDS = {
    "tables": ("tables",),
    "compare": ("compare",),  # two methods that are there
    "export to CSV": ("export", "--out", "scores.csv"),
    "export to Parquet": ("export", "--out", "scores.parquet"),
}


def lines() -> Iterator[str | Reached]:
    """The report, line by line."""
    with tempfile.TemporaryDirectory() as folder:
        costs = {count: _costs(Path(folder, str(count)), count) for count in (LINES // 10, LINES)}
    for command, whole in costs[LINES].items():
        name, tenth = f"{LINES:,} score lines, {command}", costs[LINES // 10][command]
        yield reached(f"{name}: seconds", whole.seconds, MOST_SECONDS, at_most=True)
        yield reached(f"{name}: peak memory, GiB", whole.megabytes * 1e6 / 2**30, MOST_GIB, at_most=True)
        yield reached(f"{name}: times as long as a tenth", whole.seconds / tenth.seconds, LINEAR, at_most=True)


def _costs(place: Path, count: int) -> dict[str, Cost]:
    """Of each command on so many lines."""
    write_scores(place, count)
    return costs_of_commands(place)


def costs_of_commands(place: Path) -> dict[str, Cost]:
    """Of each of COMMANDS on what `write_scores` wrote."""
    return {name: _cost(place, *arguments) for name, arguments in COMMANDS.items()}


def _cost(place: Path, command: str, *arguments: str) -> Cost:
    asked = [str(place / each) if each.startswith("scores.") else each for each in arguments]
    asked += _comparable() if command == "compare" else []
    told = ("--profile", PROFILE, "--results", str(place))
    return process_cost([sys.executable, "-m", "benchmark", command, *asked, *told])


def _comparable() -> list[str]:
    """Two methods and the task that they stand under, among the runs that are written."""
    methods: dict[str, list[str]] = {}
    for _, (score, *_) in _templates():
        methods.setdefault(score.task if score.protocol == "S2S" else "", []).append(score.method)
    methods.pop("", None)
    task, found = max(methods.items(), key=lambda item: len(item[1]))
    return [*found[:2], "--task", task]


def write_scores(results: Path, count: int) -> None:
    """So many score lines of a profile in a new folder, with the run files beside them."""
    folder, images = scores_folder(results, PROFILE), count // (RUNS * METRICS)
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for path, templates in _templates():
        shutil.copyfile(path.with_suffix(".json"), folder / f"{path.stem}.json")
        with open(folder / path.name, "w") as file:
            for template in templates:
                for image, value in enumerate(rng.normal(template.value, 0.1, images).tolist()):
                    print(replace(template, image=f"face_{image:06}", value=value).line(), file=file)


def _templates() -> Iterator[tuple[Path, list[Score]]]:
    """Of RUNS runs the path of the score lines and a line for each of METRICS metrics of images."""
    found = scores_folder(MADE, PROFILE).glob(f"*.jsonl{PACKED}")
    paths, known = in_order(path.with_suffix("") for path in found), set[object]()
    for path in paths:
        own = {score.metric: score for score in read_file(path) if score.image is not None and score.value is not None}
        templates = list(own.values())[:METRICS]
        if len(templates) == METRICS and templates[0].run_key not in known and len(known) < RUNS:
            known.add(templates[0].run_key)
            yield path, templates
