"""The training loop, the only one: every trainable method of the benchmark is trained here."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from tqdm import tqdm

from degrade.errors import InputError
from degrade.seeds import draw_seed, rng_for
from degrade.split import Split
from ispl_model.checkpoint import complete_header, file_label, warm_start
from ispl_model.data import TrainingPairs, batches
from ispl_model.device import find_device, own_randomness, seeded_build
from ispl_model.discriminator import MultiScaleDiscriminator
from ispl_model.generator import SMALLEST_MAP, Ispl, IsplConfig
from ispl_model.losses import Perceptual, perceptual_label
from ispl_model.objective import ADVERSARIAL, LOSSES, NotFinite, Objective, Trainer
from ispl_model.progress import Interrupted, Point, Progress, stop_signals


@dataclass(frozen=True)
class Training:
    """How one method is trained; reads like its paper's training section.

    scale: reference side / input side. losses: weight of each of "l1", "lsgan", "feature_matching",
    "perceptual". learning_rate, betas: of Adam, for the network and the discriminator alike.
    constant_share: share of the steps at that rate, before it falls linearly to 0.
    crop: side in reference pixels of a random window, None for whole images. ema: decay of an average of the
    network's weights, which the checkpoint then holds; see ispl_model.ema.
    """

    scale: int
    losses: Mapping[str, float]
    learning_rate: float
    betas: tuple[float, float]
    constant_share: float
    crop: int | None = None
    ema: float | None = None

    def __post_init__(self) -> None:
        if not self.losses or set(self.losses) - set(LOSSES):
            raise ValueError(f"Training: losses must be some of {LOSSES}, got {sorted(self.losses)}")
        if not (self.learning_rate > 0 and 0 <= self.constant_share <= 1):
            raise ValueError("Training: learning_rate must be > 0 and constant_share in [0, 1]")
        if self.ema is not None and not 0 < self.ema < 1:
            raise ValueError(f"Training: ema must be in (0, 1), got {self.ema}")

    def facts(self) -> dict[str, Any]:
        """Plain data for headers and hashes; later fields are left out at their default, as if they were not there."""
        facts = {key: getattr(self, key) for key in _FIRST_FACTS} | {"losses": dict(self.losses)}
        return facts | ({"ema": self.ema} if self.ema else {})


_FIRST_FACTS = ("scale", "learning_rate", "betas", "constant_share", "crop")


@dataclass(frozen=True)
class TrainRun:
    """How long and where; a profile's part of a training.

    steps: updates; batch: images in each. perceptual: "vgg19", "squeezenet", a file of weights, or
    "none", which leaves the perceptual loss out. workers: processes that load pairs. redraw: degrade
    the references anew in every epoch where the split's recipe is known, else use the stored images.
    checkpoint_every: steps between two saved states. start: checkpoint whose weights the network starts from.
    """

    steps: int
    batch: int
    seed: int = 0
    perceptual: str = "none"
    device: str = "cpu"
    workers: int = 0
    redraw: bool = True
    checkpoint_every: int = 500
    start: Path | None = None

    def __post_init__(self) -> None:
        if min(self.steps, self.batch, self.checkpoint_every) < 1 or self.workers < 0:
            raise ValueError("TrainRun: steps, batch and checkpoint_every must be >= 1 and workers >= 0")


@dataclass(frozen=True)
class TrainSummary:
    """seconds: of training, over all resumes; losses: the last step's, not weighted."""

    path: Path
    steps: int
    images_seen: int
    seconds: float
    losses: dict[str, float]


# Sections 3.5 and 4.1: LSGAN + 10 feature matching + 10 perceptual, no pixel loss; Adam 2e-4 (0.9, 0.999),
# 30 epochs at that rate and 20 of linear decay.
ISPL_TRAINING = Training(
    scale=1,
    losses={"lsgan": 1.0, "feature_matching": 10.0, "perceptual": 10.0},
    learning_rate=2e-4,
    betas=(0.9, 0.999),
    constant_share=0.6,
    crop=None,
)
ISPL_EPOCHS = 50


def train(
    network: nn.Module, header: Mapping[str, Any], training: Training, run: TrainRun, split: Split, out: Path
) -> TrainSummary:
    """Train `network` on a split and write the checkpoint `out`; losses.csv and train.json go beside it.

    Stopped by a signal, a crash or lost power, the same call goes on where the last saved state is and
    gives the same losses as an uninterrupted run (on the same device and number of threads). A
    finished training is not repeated. The weights at the start are the caller's: see seeded_build.

    network: (N, 3, size / scale, ...) to (N, 3, size, ...), both in [0, 1].
    header: "method" and "network" (its config; "width" sets the discriminator's when one is needed).
    Raises InputError when the folder of `out` holds another training, when perceptual weights are missing, and when
    a loss stops being finite (the last good state stays); Interrupted after a signal, with the state saved.
    """
    progress = Progress(Path(out), _full_header(header, training, run, split))
    if progress.result() is None:
        _run(network, progress, training, run, split)
    return TrainSummary(path=Path(out), **progress.result())


def train_ispl(
    variant: str, width: int, run: TrainRun, split: Split, out: Path, training: Training = ISPL_TRAINING
) -> TrainSummary:
    """Train the reference network, unless told otherwise as the paper does; its size is the split's, its start is
    fixed by run.seed or is run.start.

    Raises InputError, beside those of `train`, for an unknown variant and a size the network is not made for.
    """
    try:
        config = IsplConfig(variant=variant, width=width, size=split.info["size"])
    except ValueError as error:
        raise InputError(f"{split.path}: no network for this split ({error})") from error
    halvings = config.size // SMALLEST_MAP
    if training.crop is not None and training.crop % halvings:
        raise InputError(f"crop: expected a multiple of {halvings} at {config.size} px, got {training.crop}")
    network = seeded_build(lambda: Ispl(config), run.seed)
    header = {"method": f"ispl:{variant}", "network": asdict(config)}
    return train(network, header, training, run, split, out)


def learning_rate(training: Training, step: int, steps: int) -> float:
    """The rate of step 0 ... steps - 1: constant, then linearly towards 0, which step `steps` would have.

    >>> half = Training(1, {"l1": 1.0}, 1.0, (0.9, 0.999), constant_share=0.5)
    >>> [learning_rate(half, step, 4) for step in range(4)]
    [1.0, 1.0, 1.0, 0.5]
    """
    constant = training.constant_share * steps
    return training.learning_rate * (1.0 if step < constant else (steps - step) / (steps - constant))


def _full_header(header: Mapping[str, Any], training: Training, run: TrainRun, split: Split) -> dict[str, Any]:
    """What fixes the result, and so what a resumed run must agree in; where it runs is left out."""
    facts = training.facts() | {key: getattr(run, key) for key in ("steps", "batch", "seed", "redraw")}
    facts["perceptual"] = perceptual_label(run.perceptual) if "perceptual" in training.losses else "none"
    facts |= {"split": split.digest, "size": split.info["size"]}
    if run.start is not None:
        facts["start"] = file_label(run.start)
    recipe = f"{split.info['recipe']}@{split.info['recipe_version']}"
    return complete_header({**header, "training": facts, "recipe": recipe, "step": run.steps})


def _run(network: nn.Module, progress: Progress, training: Training, run: TrainRun, split: Split) -> None:
    """Train from the saved state, or from the start, to the end."""
    pairs = TrainingPairs(split, training.scale, training.crop, run.seed, run.redraw)
    device = find_device(run.device)
    if run.start is not None:
        warm_start(network, progress.header["network"], run.start)
    trainer = _trainer(network, progress.header, training, run, device)
    point = progress.resume(trainer)
    loader = batches(pairs, run.batch, range(point.step, run.steps), run.workers)
    started = time.perf_counter() - point.seconds
    with stop_signals() as stopped, own_randomness(device) as reseed, _bar(run, point.step) as bar:
        for pair in loader:
            reseed(draw_seed(rng_for(run.seed, "step", point.step)))
            rate = learning_rate(training, point.step, run.steps)
            degraded, reference = (part.to(device, memory_format=torch.channels_last) for part in pair)
            try:
                losses = trainer.step(degraded, reference, rate)
                trainer.average(point.step)
            except NotFinite as error:
                raise progress.not_finite(point.step + 1, error) from error
            point = Point(point.step + 1, time.perf_counter() - started, losses)
            progress.record(point, rate)
            bar.set_postfix({name: f"{value:.3f}" for name, value in losses.items()}, refresh=False)
            bar.update(run.batch)
            if stopped() or point.step % run.checkpoint_every == 0:
                progress.save(trainer, point)
            if stopped():
                raise Interrupted(
                    f"stopped after step {point.step} of {run.steps}; the same command goes on from there"
                )
    progress.finish(trainer, point, run.steps * run.batch)


def _trainer(
    network: nn.Module, header: Mapping[str, Any], training: Training, run: TrainRun, device: torch.device
) -> Trainer:
    discriminator = perceptual = None
    if ADVERSARIAL & set(training.losses):
        seed = draw_seed(rng_for(run.seed, "discriminator"))
        discriminator = seeded_build(lambda: MultiScaleDiscriminator(header["network"]["width"]), seed)
    if "perceptual" in training.losses and run.perceptual != "none":
        perceptual = Perceptual(run.perceptual)
    for module in (network, discriminator, perceptual):
        if module is not None:
            module.to(device=device, memory_format=torch.channels_last)
    objective = Objective(training.losses, discriminator, perceptual)
    return Trainer(network, objective, training.learning_rate, training.betas, training.ema)


def _bar(run: TrainRun, done: int) -> tqdm:
    """Counts images, so that its rate is images per second; silent where no one watches."""
    return tqdm(total=run.steps * run.batch, initial=done * run.batch, unit="image", desc="training", disable=None)
