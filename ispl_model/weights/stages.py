"""The trainings that made ispl-lite's weights, from stage 10 on; README.md beside this file is their card.

    python -m ispl_model.weights.stages 10 --faces runs/faces-256 --work runs/ispl-lite

FACES is what `degrade reduce` makes of the One Million Impressions faces (256 px, train.txt names those to train on).
A stage starts from the weights of the one before it in WORK, stage 10 from those that are shipped while it is the
first here (stage 9's, SHA-256 65400f269abc...); run again after a stop it goes on. WORK/stage-N/model.safetensors is
its result.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import click
import cv2
import numpy as np
import torch
from torch.nn.utils.parametrize import is_parametrized

from degrade.cli.console import FOLDER, Command, echo
from degrade.core.colour import LUMA
from degrade.core.image import Image, read, write
from degrade.core.progress import progress_bar
from degrade.core.random import rng_for
from degrade.recipes.library import find_recipe
from degrade.splits.make_split import SplitPlan, write_split
from degrade.splits.sources import folder_sources, images_by_name, read_list
from degrade.splits.split import Split, load_split
from ispl_model.network.ispl import Ispl
from ispl_model.network.variants import IsplConfig
from ispl_model.restoration.restorer import shipped_checkpoint
from ispl_model.runtime.checkpoint import load, save

SIZE, WIDTH, BATCH, VARIANTS = 256, 15, 2, 2


@dataclass(frozen=True)
class Stage:
    """steps: of two whole faces each; seed: of everything drawn; losses: by name, see ispl_model.losses.pixel.

    perceptual: whose features the loss of that name compares; constant_share: of the steps at full rate. share: of the
    weights of the stage before in those that it starts from, the rest are what is shipped. recipe: what it restores.
    """

    steps: int
    seed: int
    losses: dict[str, float]
    perceptual: str
    constant_share: float
    share: float = 1.0
    recipe: str = "dual_blind"


DEGRADATIONS = str(Path(__file__).with_name("degradations.toml"))
_LOSSES = {
    "l1": 50.0,
    "l1_pyramid": 600.0,
    "consistency": 200.0,
    "luma_consistency": 400.0,
    "chroma_consistency": 300.0,
    "perceptual": 3.0,
}
STAGES = {
    10: Stage(2500, 13, _LOSSES, "squeezenet", constant_share=1.0),
    11: Stage(2000, 14, _LOSSES | {"perceptual": 6.0}, "squeezenet", constant_share=0.25),
    12: Stage(2500, 15, _LOSSES | {"perceptual": 4.5}, "squeezenet", constant_share=0.25, share=0.5),
    13: Stage(2500, 16, _LOSSES | {"perceptual": 4.5}, "squeezenet", constant_share=0.5, recipe=DEGRADATIONS),
}


@click.command(cls=Command)
@click.argument("number", type=click.Choice([str(number) for number in STAGES]))
@click.option("--faces", required=True, type=FOLDER, help="Folder of 256 px faces.")
@click.option("--work", required=True, type=FOLDER, help="Where everything lies.")
def main(number: str, faces: Path, work: Path) -> None:
    """Train stage NUMBER of ispl-lite."""
    from ispl_model.training.config import TrainOptions
    from ispl_model.training.ispl import ISPL_TRAINING, train_ispl

    stage, before = STAGES[int(number)], work / f"stage-{int(number) - 1}" / "model.safetensors"
    training = replace(ISPL_TRAINING, losses=stage.losses, constant_share=stage.constant_share, levels=True, ema=0.998)
    start = before if int(number) > min(STAGES) else shipped_checkpoint()
    if stage.share < 1:
        start = mixed(before, stage.share, work / f"stage-{number}" / "start.safetensors")
    options = TrainOptions(
        stage.steps, BATCH, stage.seed, stage.perceptual, checkpoint_every=100, samples_every=500,
        start=start,
    )  # fmt: skip
    split = _split(faces, work / f"faces-{number}", stage)
    summary = train_ispl(
        "isp_unet_pac", WIDTH, options, split, work / f"stage-{number}" / "model.safetensors", training
    )
    echo(f"{summary.path}: {summary.steps} steps, {summary.images_seen} faces, {summary.seconds:.0f} s")


def mixed(before: Path, share: float, out: Path) -> Path:
    """A checkpoint of the weighted mean of the weights in `before` and of those that are shipped, written to `out`.

    Both lie on one way of training. On the val faces half and half of stage 11 and of what is shipped keeps most of
    what stage 11 gains and little of what it loses: LPIPS-squeeze 0.2079 (stage 11 0.2058, shipped 0.2180), FED 0.4671
    (0.4735, 0.4646), NIQE 7.69 (7.02, 8.46).
    """
    (shipped, _), (state, header) = load(shipped_checkpoint()), load(before)
    network = Ispl(IsplConfig(**header["network"]))
    network.load_state_dict(
        {name: torch.lerp(shipped[name].float(), value.float(), share) for name, value in state.items()}
    )
    with torch.no_grad():
        for _ in range(30):  # spectral norms are of the mean and no mean of norms: each look at a weight iterates once
            [module.weight for module in network.train().modules() if is_parametrized(module, "weight")]
    save(out, network.state_dict(), header)
    return out


def _split(faces: Path, out: Path, stage: Stage) -> Split:
    """The train faces as they are and VARIANTS times varied, as a split of its recipe; made where it is missing."""
    names = read_list(faces / "train.txt")
    for name, face in progress_bar(images_by_name(faces, names).items(), "varied faces", unit="face"):
        reference = read(face)
        for variant in range(VARIANTS + 1):
            path = out / "faces" / f"{name}-{variant}.png"
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                write(path, varied(reference, rng_for(stage.seed, name, variant)) if variant else reference)
    plan = SplitPlan(find_recipe(stage.recipe), "train", SIZE, stage.seed)
    write_split(out / "split", folder_sources(out / "faces"), plan)
    return load_split(out / "split")


def varied(image: Image, rng: np.random.Generator) -> Image:
    """Another photograph of the face: turned, nearer or farther, in other light. All draws are uniform.

    Turned by up to 6 degrees, 0.88 to 1.12 times as large, shifted by up to 8 of 256 px; gamma e^-0.3 to e^0.3, each
    channel times 0.94 to 1.06, saturation times 0.5 to 1.2, contrast times 0.85 to 1.15.
    """
    side = image.shape[0]
    matrix = cv2.getRotationMatrix2D(((side - 1) / 2,) * 2, rng.uniform(-6, 6), rng.uniform(0.88, 1.12))
    matrix[:, 2] += rng.uniform(-8, 8, 2) * side / 256
    image = cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    image = np.clip(image, 0, 1) ** np.exp(rng.uniform(-0.3, 0.3)) * rng.uniform(0.94, 1.06, 3)
    grey = (image @ np.array(LUMA, np.float32))[..., None]
    image = grey + rng.uniform(0.5, 1.2) * (image - grey)
    mean = image.mean()
    return np.clip(mean + rng.uniform(0.85, 1.15) * (image - mean), 0, 1).astype(np.float32)


if __name__ == "__main__":
    main()
