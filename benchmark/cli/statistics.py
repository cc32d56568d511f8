"""Commands that read score lines only: compare methods, break a metric down, judge the paper's claims, export."""

import sys
from pathlib import Path

import click

from benchmark.cli.shared.question import (
    evaluated_labels,
    profile_of,
    profile_option,
    profile_results_option,
    question,
    question_options,
    refuse_evaluation,
    results_option,
)
from degrade.cli.console import FILE, FOLDER, OVERWRITE, PNG, Command, check_free, echo, echo_text
from degrade.core.errors import InputError

FORMAT = click.Choice(["csv", "parquet"])
_JUDGING = "Which to show; repeatable.  [default: every metric of images with a better end that all methods have]"
_OUT = click.option("--out", type=FILE, help="Also write the table to this file: .md, .csv or .tex.")


@click.command(cls=Command)
@click.argument("method_names", metavar="METHOD METHOD...", nargs=-1, required=True)
@question_options
@click.option("--metric", "metrics", multiple=True, help=_JUDGING)
@_OUT
def compare(
    method_names: tuple[str, ...], profile: str, protocol: str, task: str | None, split: str | None, results: Path,
    metrics: tuple[str, ...], out: Path | None,
) -> None:  # fmt: skip
    """Test differences between methods on the same images.

    For each pair and metric the mean difference with its interval, and p of Wilcoxon's test with Holm's correction,
    over all metrics of images with a better end that two methods share, whichever are shown.

    \b
    Example: benchmark compare ispl edsr --profile lite --task sr4
    """
    from benchmark.analysis import compare as comparing
    from benchmark.analysis.runs import check_comparable
    from benchmark.reports.markup import write_form
    from benchmark.reports.pages.comparison import page

    asked = question(results, profile, protocol, task, split)
    runs = asked.runs(dict.fromkeys(method_names))
    pairs = comparing.compare(runs, metrics)
    check_comparable(results, asked.profile, runs, [pair.metric for pair in pairs])
    table = page(pairs, f"{asked.where}, test split {next(iter(runs.values())).split}", asked.names(runs))
    echo_text(table[".md"])
    if out:
        write_form(out, table)
        echo(f"written: {out}")


@click.command(cls=Command)
@question_options
@click.option("--method", "method_names", multiple=True, required=True, help="Whose scores; repeatable.")
@click.option("--metric", required=True, help="A metric of single images; see `benchmark metrics`.")
@click.option(
    "--by", multiple=True, help="A parameter, such as GaussianNoise.sigma; repeatable.  [default: all that vary]"
)
@click.option("--bins", type=click.IntRange(2), default=4, show_default=True, help="Most bins for each parameter.")
@click.option(
    "--groups",
    "groups_file",
    type=FILE,
    help="By groups of images instead: a CSV file with the columns name and another.",
)
@click.option("--work", type=FOLDER, default="runs", show_default=True, help="Folder of the split that was scored.")
@click.option("--plot", "figure", type=PNG, help="Also draw it to this file: .png.")
@_OUT
def breakdown(
    profile: str, protocol: str, task: str | None, split: str | None, results: Path, method_names: tuple[str, ...],
    metric: str, by: tuple[str, ...], bins: int, groups_file: Path | None, work: Path, figure: Path | None,
    out: Path | None,
) -> None:  # fmt: skip
    """Break a metric down by degradation, or by groups of images.

    By the degradation parameters of the test images, or by groups of them (pose, age, anything). Bins of fewer than
    five images are left out and named. With --groups: also the largest difference between groups.

    \b
    Example: benchmark breakdown --task dual_blind --method ispl --metric lpips.squeeze --plot lpips.png
    """
    from benchmark.analysis import breakdown as breaking
    from benchmark.analysis import groups as grouping
    from benchmark.analysis.runs import check_comparable, scored_split
    from benchmark.reports.figures.colours import colours
    from benchmark.reports.markup import write_form
    from benchmark.reports.pages.breakdown import page, plot

    asked = question(results, profile, protocol, task, split)
    runs = asked.runs(dict.fromkeys(method_names))
    check_comparable(results, asked.profile, runs, [metric])
    scored = scored_split(results, asked.profile, next(iter(runs.values())), work)
    where = f"{asked.where}, test split {scored.path.name}"
    if groups_file:
        if by:
            raise InputError("--groups: breaks down by the file's column, so it goes without --by; leave one out")
        groups = grouping.read_groups(groups_file, scored.names, bins)
        found = breaking.breakdown(runs, metric, {groups.column: groups.bins})
        apart = grouping.largest_differences(found.points, runs, metric)
        table = page(found, metric, where, asked.names(runs), apart, grouping.sentences(groups, apart))
    else:
        found = breaking.breakdown(runs, metric, breaking.chosen_parameters(scored.records, by, bins))
        table = page(found, metric, where, asked.names(runs))
    points = found.points
    echo_text(table[".md"])
    if out:
        write_form(out, table)
        echo(f"written: {out}")
    if figure:
        hues = colours(
            dict.fromkeys([*asked.methods, *runs])
        )  # of all methods of an evaluation, as in its other figures
        title = f"{where}, N = {len(set().union(*(run.names for run in runs.values())))}"
        plot(points, metric, title, figure, asked.names(runs), hues)
        echo(f"written: {figure}")


@click.command(cls=Command)
@profile_option
@profile_results_option
@click.option("--out", type=FILE, help="Also write the judgements to this file: .md or .csv.")
def claims(profile: str, results: Path, out: Path | None) -> None:
    """Check the paper's claims on its own numbers and our scores.

    On its printed numbers, recomputed from its own figures, and on our scores. Ours hold, do not hold or are within
    chance, by the same images and the same rule as `benchmark compare`.

    \b
    Example: benchmark claims --profile lite
    """
    from benchmark.analysis.judgements import claims as judging
    from benchmark.records.order import score_files
    from benchmark.records.scores import scores_folder
    from benchmark.reports.markup import write_form
    from benchmark.reports.pages.claims import rows, to_text
    from benchmark.specs.protocols import load_profile
    from degrade.core.storage.csv_text import to_csv

    refuse_evaluation(results, "claims")
    judgements, name = judging.judge(profile, results), load_profile(profile).name
    text = to_text(judgements, name)
    echo_text(text)
    place = scores_folder(results, name)
    if not score_files(place):
        echo(f"{place}: holds no scores, so that ours are not measured; name another folder with --results")
    if out:
        write_form(out, {".md": text, ".csv": to_csv(rows(judgements))})
        echo(f"written: {out}")


@click.command(cls=Command)
@profile_option
@profile_results_option
@_OUT
def sanity(profile: str, results: Path, out: Path | None) -> None:
    """Check that methods rank as they must.

    The exit status is 1 where an expected ordering fails beyond chance. A trained network beats the degraded input
    and bicubic_x4 on its own task, and on the real domain one that was trained there beats its twin that was not.

    \b
    Example: benchmark sanity --profile lite
    """
    from benchmark.analysis.judgements import expectations as checking
    from benchmark.analysis.verdicts import FAILS
    from benchmark.reports.markup import write_form
    from benchmark.reports.pages.expectations import closing, page
    from benchmark.specs.protocols import load_profile

    refuse_evaluation(results, "sanity")
    found = checking.orderings(profile, results)
    table = page(found, load_profile(profile).name)
    echo_text(table[".md"])
    if out:
        write_form(out, table)
        echo(f"written: {out}")
    echo_text(closing(found))
    sys.exit(1 if any(one.verdict == FAILS for one in found) else 0)


@click.command(cls=Command)
@profile_option
@results_option
@click.option(
    "--all",
    "every",
    is_flag=True,
    help="Also scores of a method's older outputs; the column checkpoint tells them apart.",
)
@click.option("--out", type=FILE, required=True, help="The file to write: .csv or .parquet.")
@OVERWRITE
@click.option("--format", "form", type=FORMAT, help="Format, where the file's name does not say it.")
def export(profile: str, results: Path, every: bool, out: Path, overwrite: bool, form: str | None) -> None:
    """Write score lines as one CSV or Parquet file.

    Of a profile, or of an evaluation, whose scores have the column label; of repeated scores, and of repeated outputs
    of a method, the newest. A Frechet distance is the plain one, which tables show reduced in bias.

    \b
    Example: benchmark export --profile lite --out scores.csv
    """
    from benchmark.records.scores import need_scores
    from benchmark.reports.export import export_scores

    check_free(overwrite, out)
    scores = need_scores(results, profile_of(results, profile), every)
    export_scores(scores, out, form, evaluated_labels(results))
    echo(f"written: {out} ({len(scores)} scores)")
