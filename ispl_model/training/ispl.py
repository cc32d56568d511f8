"""How ISPL is trained: as the paper has it, and as its authors' code has it."""

from dataclasses import asdict, replace
from pathlib import Path

from degrade.core.errors import InputError
from degrade.splits.split import Split
from ispl_model.network.ispl import Ispl
from ispl_model.network.variants import SMALLEST_MAP, IsplConfig
from ispl_model.runtime.device import seeded_build
from ispl_model.training.config import TrainingConfig, TrainOptions
from ispl_model.training.loop import TrainSummary, train

# Sections 3.5 and 4.1: LSGAN + 10 feature matching + 10 perceptual, no pixel loss; Adam 2e-4 (0.9, 0.999),
# 30 epochs at that rate and 20 of linear decay.
ISPL_TRAINING = TrainingConfig(
    scale=1,
    losses={"lsgan": 1.0, "feature_matching": 10.0, "perceptual": 10.0},
    learning_rate=2e-4,
    betas=(0.9, 0.999),
    constant_share=0.6,
    crop=None,
)
# What the authors' code does instead: two time scales, no first moment.
ISPL_RELEASED_TRAINING = replace(ISPL_TRAINING, learning_rate=1e-4, discriminator_rate=4e-4, betas=(0.0, 0.9))
ISPL_TRAININGS = {"paper": ISPL_TRAINING, "released": ISPL_RELEASED_TRAINING}
ISPL_EPOCHS = 50


def train_ispl(
    variant: str, width: int, options: TrainOptions, split: Split, out: Path, training: TrainingConfig = ISPL_TRAINING
) -> TrainSummary:
    """Train the reference network, by default as the paper does; its size is the split's, its start is
    fixed by options.seed or is options.start.

    Raises InputError, beside those of `train`, for an unknown variant and a size the network is not made for.
    """
    try:
        levels = {"levels": True} if training.levels else {}
        config = IsplConfig(variant=variant, width=width, size=split.info["size"], **levels)
    except ValueError as error:
        raise InputError(f"{split.path}: no network for this split ({error})") from error
    if (options.parsing is None) == (variant == "ep_map"):
        raise InputError(f"variant {variant}: label maps (--parsing DIR) are for ep_map, which needs them")
    halvings = config.size // SMALLEST_MAP
    if training.crop is not None and training.crop % halvings:
        raise InputError(f"crop: expected a multiple of {halvings} at {config.size} px, got {training.crop}")
    if training.crop is not None and training.crop > config.size:
        raise InputError(f"crop: expected at most the {config.size} px of the split, got {training.crop}; leave it out")
    network = seeded_build(lambda: Ispl(config), options.seed)
    header = {"method": f"ispl:{variant}", "network": asdict(config)}
    return train(network, header, training, options, split, out)
