"""`benchmark vote` and `benchmark votes`: people choose between methods, and what they chose says."""

from pathlib import Path

import click

from benchmark.cli.shared.options import say
from benchmark.records.votes import KEY_FILE
from degrade.cli.console import COUNT, FILE, FOLDER, SEED, Command, echo, echo_text
from degrade.core.errors import InputError


@click.command(cls=Command)
@click.argument("evaluated", metavar="DIR", type=FOLDER)
@click.option("--work", type=FOLDER, default="runs", show_default=True, help="Folder with splits and restored images.")
@click.option("--out", type=FOLDER, help="The folder for the voters.  [default: vote/ in DIR]")
@click.option(
    "--key", type=FILE, help=f"File that says whose each picture is; not for the voters.  [default: {KEY_FILE} in DIR]"
)
@click.option(
    "--pairs", type=COUNT, default=200, show_default=True, help="Most pairs that are asked; a tenth of them twice."
)
@click.option("--seed", default=0, show_default=True, type=SEED, help="Seed of the pairs and of the files' names.")
def vote(evaluated: Path, work: Path, out: Path | None, key: Path | None, pairs: int, seed: int) -> None:
    """Make a page on which people vote on pairs of methods.

    It opens in any browser, without a server. DIR is the --out of `benchmark evaluate`. A ballot shows the degraded
    face and what two methods made of it, without names, in an order of each voter's own. What a voter saves is for
    `benchmark votes FILE... --results DIR`.

    \b
    Example: benchmark vote compared --pairs 300
    """
    from benchmark.reports.html.sources import of_evaluation
    from benchmark.reports.html.vote import write_vote

    content = of_evaluation(evaluated, work)
    key = key or evaluated / KEY_FILE
    made = write_vote(content, out or evaluated / "vote", key, pairs, seed)
    say([f"left out: {found.title}: {found.hidden}" for found in content.sets if found.hidden])
    echo(f"written: {made.page} ({made.pictures} pictures, {made.size / 1e6:.1f} MB in all)")
    echo(f"send all of {made.page.parent} to the voters and keep {key} from them")


@click.command(cls=Command)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=FILE)
@click.option("--results", type=FOLDER, help="The DIR of `benchmark vote`, for its key and its scores.")
@click.option("--key", type=FILE, help=f"File that says whose each picture was.  [default: {KEY_FILE} in RESULTS]")
@click.option("--out", type=FILE, help="Also write the table here: .md, .csv or .tex.")
def votes(files: tuple[Path, ...], results: Path | None, key: Path | None, out: Path | None) -> None:
    """Analyse votes: strengths of methods, agreement of voters.

    FILE is what a voter saved on the page of `benchmark vote`. Strengths are Bradley-Terry's, with 95 % intervals
    over the choice of images. With --results also how often each metric of images prefers what the voters prefer, and
    which of what was voted on has no scores there.

    \b
    Example: benchmark votes votes-ann.csv votes-bob.csv --results compared --out votes.md
    """
    if results is None and key is None:
        raise InputError("votes: expected --results DIR or --key FILE, which say what was voted on, got neither")
    from benchmark.records.votes import read_key, read_votes
    from benchmark.reports.evaluation.results import Results
    from benchmark.reports.markup import write_form
    from benchmark.reports.pages.votes import count, metric_values, page

    given = read_votes(files, read_key(key or Path(results or "", KEY_FILE)))
    evaluated = Results(results) if results else None
    metrics = metric_values(evaluated) if evaluated else None
    where = ", ".join(sorted({one.pair.test_set for one in given}))
    table = page(count(given, metrics), f"Test sets: {where}", evaluated.names if evaluated else {})
    echo_text(table[".md"])
    if out:
        write_form(out, table)
        echo(f"written: {out}")
