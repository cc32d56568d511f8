"""Commands that read score lines only: compare methods, break a metric down, judge the paper's claims, export."""

import sys
from pathlib import Path

import click

from benchmark.specs.protocols import profile_names, protocol_names
from degrade.cli.console import FILE, FOLDER, Command, Name, options
from degrade.recipes.tasks import TASKS

_OUT = click.option("--out", type=FILE, help="Also write the table here: .md, .csv or .tex.")
_PROFILE = click.option("--profile", type=Name("profile", profile_names), default="quick", show_default=True)
_RESULTS = click.option("--results", type=FOLDER, default="results", show_default=True, help="Score lines.")
_of_one_task = options(
    _PROFILE,
    click.option("--protocol", type=Name("protocol", protocol_names), default="S2S", show_default=True),
    click.option("--task", type=Name("task", lambda: TASKS), required=True),
    _RESULTS,
)


@click.command(cls=Command)
@click.argument("method_names", metavar="METHOD METHOD...", nargs=-1, required=True)
@_of_one_task
@click.option("--metric", "metrics", multiple=True, help="May be repeated; default: every metric of images.")
@_OUT
def compare(
    method_names: tuple[str, ...], profile: str, protocol: str, task: str, results: Path,
    metrics: tuple[str, ...], out: Path | None,
) -> None:  # fmt: skip
    """Compare methods on the same images: difference with its interval, Wilcoxon's test, Holm's correction.

    Corrected is over all metrics of images that two methods share, whichever are shown.

    Example: benchmark compare ispl edsr --profile lite --task sr4
    """
    from benchmark.analysis import compare as comparing
    from benchmark.analysis.runs import Runs, check_comparable
    from benchmark.records.scores import read_scores
    from benchmark.reports.markup import forms, to_markdown, write_form
    from benchmark.reports.pages.comparison import page, rows

    there = Runs(read_scores(results, profile))
    runs = {name: there.need(protocol, task, name) for name in dict.fromkeys(method_names)}
    pairs = comparing.compare(runs, metrics)
    check_comparable(results, profile, runs, [pair.metric for pair in pairs])
    split = next(iter(runs.values())).split
    table = page(pairs, f"Profile {profile}, {task} under {protocol}, test split {split}")
    click.echo(to_markdown(table), nl=False)
    if out:
        write_form(out, forms(table, rows(pairs), "compare"))
        click.echo(f"written: {out}")


@click.command(cls=Command)
@_of_one_task
@click.option("--method", "method_names", multiple=True, required=True, help="May be repeated.")
@click.option("--metric", required=True, help="A metric of images; see `benchmark metrics`.")
@click.option("--by", multiple=True, help="A parameter, such as GaussianNoise.sigma; default: all that vary.")
@click.option(
    "--bins", type=click.IntRange(2), default=4, show_default=True, help="At most so many bins for each parameter."
)
@click.option("--work", type=FOLDER, default="runs", show_default=True, help="Folder of the split that was scored.")
@click.option("--plot", "figure", type=FILE, help="Also draw it here: .png.")
@_OUT
def breakdown(
    profile: str, protocol: str, task: str, results: Path, method_names: tuple[str, ...],
    metric: str, by: tuple[str, ...], bins: int, work: Path, figure: Path | None, out: Path | None,
) -> None:  # fmt: skip
    """Show a metric by the degradation parameters of the test images.

    Example: benchmark breakdown --profile lite --task dual_blind --method ispl --metric lpips.squeeze --plot lpips.png
    """
    from benchmark.analysis import breakdown as breaking
    from benchmark.analysis.runs import Runs, check_comparable, scored_split
    from benchmark.records.scores import read_scores
    from benchmark.reports.markup import forms, to_markdown, write_form
    from benchmark.reports.pages.breakdown import page, plot, rows

    there = Runs(read_scores(results, profile))
    runs = {name: there.need(protocol, task, name) for name in dict.fromkeys(method_names)}
    check_comparable(results, profile, runs, [metric])
    split = scored_split(results, profile, next(iter(runs.values())), work)
    points = breaking.breakdown(runs, metric, split.records, by, bins)
    where = f"Profile {profile}, {task} under {protocol}, test split {split.path.name}"
    table = page(points, metric, where)
    click.echo(to_markdown(table), nl=False)
    if out:
        write_form(out, forms(table, rows(points, metric), "breakdown"))
        click.echo(f"written: {out}")
    if figure:
        plot(points, metric, where, figure)
        click.echo(f"written: {figure}")


@click.command(cls=Command)
@_PROFILE
@_RESULTS
@click.option("--out", type=FILE, help="Also write the judgements here: .md or .csv.")
def claims(profile: str, results: Path, out: Path | None) -> None:
    """Check the paper's claims: on its printed numbers, recomputed from its own figures, and on our scores.

    Ours hold, do not hold or are within chance, by the same images and the same rule as `benchmark compare`.
    """
    from benchmark.analysis.judgements import claims as judging
    from benchmark.reports.markup import to_csv, write_form
    from benchmark.reports.pages.claims import rows, to_text

    judgements = judging.judge(profile, results)
    text = to_text(judgements, profile)
    click.echo(text, nl=False)
    if out:
        write_form(out, {".md": text, ".csv": to_csv(rows(judgements))})
        click.echo(f"written: {out}")


@click.command(cls=Command)
@_PROFILE
@_RESULTS
@_OUT
def sanity(profile: str, results: Path, out: Path | None) -> None:
    """Check the expected orderings of methods; exit 1 where one fails beyond chance.

    A trained network beats the degraded input and bicubic_x4 on its own task, and on the real domain one that was
    trained there beats its twin that was not.
    """
    from benchmark.analysis.judgements import expectations as checking
    from benchmark.analysis.verdicts import FAILS
    from benchmark.reports.markup import forms, to_markdown, write_form
    from benchmark.reports.pages.expectations import closing, page, rows

    found = checking.orderings(profile, results)
    table = page(found, profile)
    click.echo(to_markdown(table), nl=False)
    if out:
        write_form(out, forms(table, rows(found), "sanity"))
        click.echo(f"written: {out}")
    click.echo(closing(found))
    sys.exit(1 if any(one.verdict == FAILS for one in found) else 0)


@click.command(cls=Command)
@_PROFILE
@_RESULTS
@click.option("--out", type=FILE, required=True, help="The file to write: .csv.")
def export(profile: str, results: Path, out: Path) -> None:
    """Write all score lines of a profile as CSV; of repeated scores the newest."""
    from benchmark.records.scores import read_scores
    from benchmark.reports.markup import to_csv, write_form
    from benchmark.reports.tables.render import score_rows

    rows = list(score_rows(read_scores(results, profile)))
    write_form(out, {".csv": to_csv(rows)})
    click.echo(f"written: {out} ({len(rows) - 1} scores)")
