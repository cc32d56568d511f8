"""`benchmark throughput` and `tradeoff`: how fast a network is trained here, and the levels of one network."""

from pathlib import Path

import click

from benchmark.specs.protocols import load_profile, profile_names
from degrade.cli.console import (
    COUNT,
    DEVICE,
    FILE,
    FOLDER,
    Command,
    Finite,
    Name,
    check_free,
    echo,
    echo_text,
)


@click.command(cls=Command)
@click.option(
    "--profile",
    type=Name("profile", profile_names),
    default="paper",
    show_default=True,
    help="Whose width, side and batch to take.",
)
@click.option("--method", default="ispl", show_default=True, help="A method of `benchmark methods` that is trained.")
@click.option("--device", type=DEVICE, default="auto", show_default=True, help="Where to train.")
@click.option(
    "--perceptual", default="none", show_default=True, help="Perceptual loss: none, vgg19 or a file of weights."
)
def throughput(profile: str, method: str, device: str, perceptual: str) -> None:
    """Measure the speed of training on this machine.

    A network of the profile's width, side and batch is trained for some steps. The block that is printed belongs into
    protocols/throughput.toml, from which `benchmark reproduce --dry-run` scales its hours.

    \b
    Example: benchmark throughput --profile lite --method ispl
    """
    from benchmark.runs.reproduction.throughput import block, measure

    chosen = load_profile(profile)
    echo_text(block(measure(method, chosen.width, chosen.size, chosen.batch, device, perceptual)))


@click.command(cls=Command)
@click.argument("checkpoint", type=FILE)
@click.argument("split", type=FOLDER)
@click.option("--out", type=FOLDER, default="runs/tradeoff", show_default=True, help="Folder for table and figures.")
@click.option(
    "--overwrite", is_flag=True, help="Replace table and figures; scores in tradeoff.jsonl are kept and used."
)
@click.option("--step", type=Finite(0, min_open=True), default=0.5, show_default=True, help="Spacing of the levels.")
@click.option("--limit", type=COUNT, help="Only the first so many images.")
@click.option("--device", type=DEVICE, default="auto", show_default=True, help="Where to restore.")
def tradeoff(
    checkpoint: Path, split: Path, out: Path, overwrite: bool, step: float, limit: int | None, device: str
) -> None:  # fmt: skip
    """Score a network at each of its levels.

    As the paper's Fig. 8. CHECKPOINT was trained with `ispl train --levels`; SPLIT holds the test images. Draws PSNR
    against LPIPS, with the share of outputs in which dlib finds the face, and the restorations of inputs reduced 2,
    4, 8 and 16 times. After a stop the same command continues from there. A table that is there is replaced only with
    --overwrite; nothing that is in OUT/tradeoff.jsonl is computed again for it.

    \b
    Example: benchmark tradeoff model.safetensors testset --out tradeoff
    """
    from benchmark.reports.figures import tradeoff as levels
    from degrade.splits.split import load_split

    check_free(overwrite, out / "tradeoff.csv")
    done = levels.tradeoff(checkpoint, load_split(split), out, step, limit, device)
    for line in levels.closing(done):
        echo(line)
    for path in done.files:
        echo(f"written: {path}")
