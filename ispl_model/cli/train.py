"""`ispl train`: the paper's losses and schedule on one split."""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from degrade.cli.console import COUNT, DEVICE, FILE, FOLDER, PLACE, SEED, Command, Finite, Stopped, echo
from degrade.core.errors import InputError, unknown
from degrade.core.numbers import counted
from degrade.core.storage.paths import real_path

if TYPE_CHECKING:  # torch takes seconds to import, so commands import what needs it when they run
    from ispl_model.training.loop import TrainSummary

OPTIMISER = click.Choice(["paper", "released"])
DECAY = Finite(0, 1, min_open=True, max_open=True)


class Weighted(click.ParamType):
    """NAME=WEIGHT as (name, weight)."""

    name = "loss"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, float]:
        name, _, weight = value.partition("=")
        try:
            float(weight)
        except ValueError:
            self.fail(f"expected NAME=WEIGHT, such as l1=2, got '{value}'", param, ctx)
        return name, Finite(min=0)(weight, param, ctx)


WEIGHTED = Weighted()


@click.command(cls=Command)
@click.argument("split", type=PLACE)
@click.option("--out", required=True, type=FILE, help="Checkpoint to write, in a folder of its own.")
@click.option(
    "--variant",
    default="isp_unet_pac",
    show_default=True,
    help="Network: a column of the paper's Table 1, such as isp_matrix.",
)
@click.option("--width", default=64, show_default=True, type=COUNT, help="Channels at full resolution.")
@click.option("--steps", type=COUNT, help="Updates of the weights.  [default: 50 epochs, as in the paper]")
@click.option("--batch", default=2, show_default=True, type=COUNT, help="Images in one pass of each process.")
@click.option(
    "--accumulate", default=1, show_default=True, type=COUNT, help="Passes whose gradients one update averages."
)
@click.option("--seed", default=0, show_default=True, type=SEED, help="Seed of all random draws.")
@click.option(
    "--optimiser",
    default="paper",
    show_default=True,
    type=OPTIMISER,
    help="Adam: paper has rate 2e-4, betas 0.9 and 0.999; released (the authors' code) 1e-4 and 4e-4, 0 and 0.9.",
)
@click.option(
    "--perceptual",
    default="vgg19",
    show_default=True,
    help="Perceptual loss: vgg19, squeezenet, none, or a file of their weights.",
)
@click.option(
    "--loss",
    "losses",
    multiple=True,
    type=WEIGHTED,
    metavar="NAME=WEIGHT",
    help="Change a loss's weight, 0 leaves it out: lsgan (1 in the paper), feature_matching (10), perceptual (10), "
    "identity, or one of ispl_model/losses/pixel.py, such as l1, l1_pyramid, consistency.",
)
@click.option("--identity", type=FILE, help="Face recogniser for the loss identity; see ispl_model/losses/identity.py.")
@click.option("--crop", type=COUNT, help="Side of a random window to train on, in pixels.  [default: the whole face]")
@click.option("--from", "start", type=FILE, help="Checkpoint of the same network to start from.")
@click.option("--ema", type=DECAY, help="Keep an average of the weights with this decay, such as 0.999.")
@click.option(
    "--levels",
    is_flag=True,
    help="Train so that `ispl restore --level` can choose between sharp and faithful (paper, Sec. 4.5).",
)
@click.option("--parsing", type=FOLDER, help="Folder of label maps NAME.png, for the variant ep_map.")
@click.option("--device", default="auto", show_default=True, type=DEVICE, help="Where to train.")
@click.option(
    "--workers",
    default=0,
    show_default=True,
    type=click.IntRange(min=0),
    help="Processes that load pairs; 0: the training itself does.",
)
@click.option(
    "--redraw/--stored",
    default=True,
    show_default=True,
    help="Degrade the faces anew in each epoch, or read those stored in lq/.",
)
@click.option(
    "--checkpoint-every",
    default=500,
    show_default=True,
    type=COUNT,
    help="Steps between saved states, from which a stopped training goes on.",
)
@click.option(
    "--samples-every",
    default=500,
    show_default=True,
    type=click.IntRange(min=0),
    help="Steps between sheets of restored samples, 0 for none.",
)
def train(
    split, out, variant, width, steps, batch, accumulate, seed, optimiser, perceptual, losses, identity, crop, start,
    ema, levels, parsing, device, workers, redraw, checkpoint_every, samples_every,
):  # fmt: skip
    """Train the paper's network on a split.

    SPLIT is a folder made by degrade-ffhq or `degrade run`. The same command goes on where it stopped.
    `accelerate launch -m ispl_model train ...` shares the work among several GPUs.

    \b
    Example: ispl train runs/dual_blind-512/train --out models/ispl/model.safetensors
    """
    from degrade.splits.split import load_split
    from ispl_model.runtime.distributed import first_process, process_count
    from ispl_model.training.config import TrainOptions
    from ispl_model.training.ispl import ISPL_EPOCHS, ISPL_TRAININGS, train_ispl

    pairs, paper = load_split(split), ISPL_TRAININGS[optimiser]
    if real_path(out).is_relative_to(real_path(split)):
        raise InputError(f"{out}: lies in the split that is read, {split}; write to a folder beside it")
    steps = steps or math.ceil(ISPL_EPOCHS * len(pairs.names) / (batch * accumulate * process_count()))
    training = replace(paper, losses=_weights(paper.losses, dict(losses)), crop=crop, ema=ema, levels=levels)
    options = TrainOptions(
        steps, batch, seed, perceptual, device, workers, redraw, checkpoint_every, start, accumulate,
        samples_every or None, parsing, identity,
    )  # fmt: skip
    try:
        summary = train_ispl(variant, width, options, pairs, out, training)
    except KeyboardInterrupt as stop:
        raise Stopped(str(stop) or "stopped before the first step") from stop
    if first_process():
        echo(*_train_lines(summary), _curves_sentence(out.parent / "losses.csv"))


def _weights(paper: Mapping[str, float], given: Mapping[str, float]) -> dict[str, float]:
    """The paper's weights with those given instead, without losses of weight 0."""
    from ispl_model.losses.pixel import LOSSES

    known = (*paper, *(name for name in LOSSES if name != "l1_steps"), "identity")  # ISPL gives one image, no steps
    for name in given.keys() - set(known):
        raise unknown("loss", name, known)
    weights = {name: weight for name, weight in {**given, **paper, **given}.items() if weight}
    if not weights:
        raise InputError("losses: expected at least one with a weight above 0, got none")
    return weights


def _curves_sentence(losses: Path) -> str:
    from ispl_model.training.reports import plot_losses

    try:
        return str(plot_losses(losses))
    except InputError as error:
        return str(error)


def _train_lines(summary: "TrainSummary") -> list[str]:
    losses = ", ".join(f"{name} {value:.4f}" for name, value in summary.losses.items())
    rate = summary.images_seen / summary.seconds if summary.seconds else math.inf
    trained = (
        f"trained {counted(summary.steps, 'step')}, {counted(summary.images_seen, 'image')} in {summary.seconds:.1f} s "
        f"({rate:.2f} images/s); last losses: {losses}"
    )
    return [trained, *([f"Warning: {summary.warning}"] if summary.warning else []), str(summary.path)]
