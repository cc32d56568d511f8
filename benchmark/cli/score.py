"""`benchmark score`: two plain folders, no protocol."""

import sys
from pathlib import Path

import click

from benchmark.cli.shared.options import metric_ids
from benchmark.specs.protocols import load_protocol
from degrade.cli.console import COUNT, FILE, FOLDER, OVERWRITE, Command, check_free, echo


@click.command(cls=Command)
@click.argument("restored", type=FOLDER)
@click.argument("reference", type=FOLDER, required=False)
@click.option("--metrics", help="Ids of `benchmark metrics`, with commas between.  [default: all that apply]")
@click.option("--out", required=True, type=FILE, help="The file to write: .csv or .jsonl.")
@OVERWRITE
@click.option(
    "--workers",
    type=COUNT,
    default=1,
    show_default=True,
    help="Processes that score; each holds the metrics in memory.",
)
def score(
    restored: Path, reference: Path | None, metrics: str | None, out: Path, overwrite: bool, workers: int
) -> None:  # fmt: skip
    """Score a folder of images, with or without references.

    REFERENCE holds references of the same names; without it only metrics that need none are computed.

    \b
    Example: benchmark score outputs faces --metrics psnr.rgb,niqe.y --out scores.csv
    """
    from benchmark.cli.shared.summary import have_failed, reasons
    from benchmark.metrics.registry import find_metric
    from benchmark.runs.scoring.score_folders import check_suffix, folder_lines, write_lines

    check_suffix(out)
    check_free(overwrite, out)
    every = load_protocol("S2S").metrics
    named = metric_ids(metrics)
    chosen = named or [name for name in every if reference or not find_metric(name).needs_reference]
    lines = folder_lines(restored, reference, chosen, workers)
    write_lines(out, lines)
    for line in lines:
        if line.image is None:
            is_infinite = line.error == "+inf"
            value = "inf" if is_infinite else "none" if line.value is None else f"{line.value:.6g}"
            plain = "" if line.plain is None else f"reduced in bias, plain {line.plain:.6g}"
            said = plain if is_infinite else line.error or plain
            echo(f"{line.metric:<18} {value:<10} n={line.n or 0}  {said}".rstrip())
    without = [(line.image, line.metric, line.error) for line in lines if line.image and line.value is None]
    echo(*reasons(one for one in without if one[2] != "+inf"))
    echo(f"written: {out}")
    sys.exit(have_failed((("", line.metric, line.value, line.error) for line in lines), named))
