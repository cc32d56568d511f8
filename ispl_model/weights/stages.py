"""The trainings that continue ispl-lite, from stage 10 on; README.md beside this file is its card.

    python -m ispl_model.weights.stages 10 --faces runs/faces-256 --work runs/ispl-lite

FACES is what `degrade reduce` makes of the One Million Impressions faces (256 px, train.txt names those to train on).
WORK/stage-N/model.safetensors is the result of stage N, stage 9 what was shipped before, stage 26 what is:

    mkdir -p runs/ispl-lite/stage-9
    git show bf057c1:ispl_model/weights/ispl-lite.safetensors > runs/ispl-lite/stage-9/model.safetensors

A training goes on after a stop. Some stages are means of weights: trainings with a small batch end around an optimum,
and the mean of several ends nearer to it (Wortsman et al., "Model soups", ICML 2022).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
import torch
from torch.nn.utils.parametrize import is_parametrized

from degrade.cli.console import FOLDER, Command, echo
from degrade.core.errors import InputError
from ispl_model.network.ispl import Ispl
from ispl_model.network.variants import IsplConfig
from ispl_model.runtime.checkpoint import load, save
from ispl_model.weights.faces import varied_split

WIDTH, BATCH, FACES_SEED = 15, 2, 13
DEGRADATIONS = str(Path(__file__).with_name("degradations.toml"))


@dataclass(frozen=True)
class Stage:
    """A training on whole faces from the weights of another stage.

    losses: by name, see ispl_model.losses.pixel; perceptual is on SqueezeNet. constant_share: of the steps at the full
    rate, which then falls to 0. averaged: TrainingConfig.ema. recipe: what it restores. colours: how the faces are
    varied, see ispl_model.weights.faces.
    """

    start: int
    steps: int
    seed: int
    losses: dict[str, float]
    constant_share: float
    rate: float = 2e-4
    averaged: float = 0.998
    recipe: str = "dual_blind"
    colours: str = "near"


@dataclass(frozen=True)
class Mean:
    """The mean of the weights of some stages. half: stored in half precision, as it is shipped."""

    of: tuple[int, ...]
    half: bool = False


_PIXELS = {"l1": 50.0, "l1_pyramid": 600.0, "consistency": 200.0, "luma_consistency": 400.0}
_LOSSES = _PIXELS | {"chroma_consistency": 1000.0, "perceptual": 6.0}
_KEEPING = _LOSSES | {"consistency": 300.0, "luma_consistency": 1200.0, "chroma_consistency": 2000.0}
_BETWEEN = _LOSSES | {"consistency": 300.0, "luma_consistency": 700.0, "chroma_consistency": 1500.0, "perceptual": 5.0}
STAGES: dict[int, Stage | Mean] = {
    10: Stage(9, 2500, 13, _PIXELS | {"chroma_consistency": 300.0, "perceptual": 3.0}, constant_share=1.0),
    11: Stage(10, 500, 77, _LOSSES | {"consistency": 300.0, "perceptual": 4.5}, constant_share=0.2, averaged=0.98),
    12: Mean((9, 11)),
    13: Stage(12, 1800, 18, _LOSSES, constant_share=0.3, rate=6e-5),
    14: Mean((9, 12, 13)),
    15: Stage(14, 2000, 19, _LOSSES, constant_share=0.3, rate=6e-5, recipe=DEGRADATIONS),
    16: Stage(14, 2000, 20, _LOSSES, constant_share=0.3, rate=6e-5, recipe=DEGRADATIONS),
    17: Mean((14, 15, 16), half=True),
    18: Stage(14, 2000, 21, _KEEPING | {"perceptual": 3.0}, 0.4, rate=1e-4, recipe=DEGRADATIONS, colours="wide"),
    19: Stage(17, 2000, 22, _KEEPING | {"perceptual": 4.5}, 0.4, rate=1e-4, recipe=DEGRADATIONS, colours="wide"),
    20: Mean((14, 14, 14, 17, 18)),
    21: Stage(20, 1600, 23, _BETWEEN, 0.5, rate=3e-5, averaged=0.999, recipe=DEGRADATIONS, colours="wide"),
    22: Stage(20, 1600, 24, _BETWEEN, 0.5, rate=3e-5, averaged=0.999, recipe=DEGRADATIONS, colours="wide"),
    23: Mean((20, 21, 22), half=True),
    24: Stage(14, 2000, 25, _LOSSES | {"detail_consistency": 1500.0}, 0.3, rate=6e-5, recipe=DEGRADATIONS),
    25: Stage(17, 2000, 26, _LOSSES | {"detail_consistency": 3000.0}, 0.3, rate=6e-5, recipe=DEGRADATIONS),
    26: Mean((9, 9, 14, 14, 14, 24, 25), half=True),
}


@click.command(cls=Command)
@click.argument("number", type=click.Choice([str(number) for number in STAGES]))
@click.option("--faces", type=FOLDER, help="Folder of 256 px faces, for a training.")
@click.option("--work", required=True, type=FOLDER, help="Where everything lies.")
def main(number: str, faces: Path | None, work: Path) -> None:
    """Make stage NUMBER of ispl-lite."""
    stage, out = STAGES[int(number)], _result(work, int(number))
    if isinstance(stage, Mean):
        mean_of([_result(work, one) for one in stage.of], out, stage.half)
        echo(f"{out}: the mean of stages {', '.join(map(str, stage.of))}")
        return
    if faces is None:
        raise InputError(f"stage {number}: expected --faces DIR, whose faces it trains on")
    echo(_trained(stage, faces, work, out))


def _result(work: Path, number: int) -> Path:
    return work / f"stage-{number}" / "model.safetensors"


def _trained(stage: Stage, faces: Path, work: Path, out: Path) -> str:
    from ispl_model.training.config import TrainOptions
    from ispl_model.training.ispl import ISPL_TRAINING, train_ispl

    training = replace(
        ISPL_TRAINING, losses=stage.losses, learning_rate=stage.rate, constant_share=stage.constant_share,
        ema=stage.averaged, levels=True,
    )  # fmt: skip
    options = TrainOptions(
        stage.steps, BATCH, stage.seed, "squeezenet", checkpoint_every=100, start=_result(work, stage.start),
    )  # fmt: skip
    split = varied_split(faces, work / "faces", FACES_SEED, stage.recipe, stage.colours)
    summary = train_ispl("isp_unet_pac", WIDTH, options, split, out, training)
    return f"{summary.path}: {summary.steps} steps, {summary.images_seen} faces, {summary.seconds:.0f} s"


def mean_of(checkpoints: Sequence[Path], out: Path, half: bool = False) -> None:
    """Write the mean of the weights of checkpoints of one network to `out`, with the header of the last."""
    states, headers = zip(*map(load, checkpoints), strict=True)
    mean = {name: torch.stack([state[name].float() for state in states]).mean(dim=0) for name in states[0]}
    network = Ispl(IsplConfig(**headers[-1]["network"]))
    network.load_state_dict(mean)
    with torch.no_grad():
        for _ in range(30):  # spectral norms are of the mean and no mean of norms: each look at a weight iterates once
            [module.weight for module in network.train().modules() if is_parametrized(module, "weight")]
    save(out, network.state_dict(), headers[-1], half=half)


if __name__ == "__main__":
    main()
