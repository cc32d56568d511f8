"""The training loop, the only one: every trainable method is trained here. Its contract is
ispl_model.training.config's.
"""

import platform
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from tqdm import tqdm

from degrade.core.errors import InputError
from degrade.core.files import sha256
from degrade.core.random import draw_seed, rng_for
from degrade.splits.split import Split
from ispl_model.losses.discriminators import DISCRIMINATORS
from ispl_model.losses.gan import GAN_LOSSES, Adversary
from ispl_model.losses.identity import Identity
from ispl_model.losses.objective import Objective
from ispl_model.losses.perceptual import Perceptual, perceptual_label
from ispl_model.losses.pixel import LOSSES
from ispl_model.losses.tfjs import model_files
from ispl_model.runtime.checkpoint import complete_header, file_label, warm_start
from ispl_model.runtime.device import device_name, own_randomness, seeded_build
from ispl_model.runtime.distributed import Processes
from ispl_model.training.config import Training, TrainRun
from ispl_model.training.data import Condition, Pair, Share, TrainingPairs, batches
from ispl_model.training.health import PATIENCE, Health
from ispl_model.training.reports import write_samples
from ispl_model.training.resume import Interrupted, Point, Progress, stop_signals
from ispl_model.training.trainer import NotFinite, Trainer


@dataclass(frozen=True)
class TrainSummary:
    """seconds: of training, over all resumes; losses: the last step's, not weighted.

    warning: a sentence on a discriminator that collapsed (ispl_model.training.health), else None.
    """

    path: Path
    steps: int
    images_seen: int
    seconds: float
    losses: dict[str, float]
    warning: str | None = None


def train(
    network: nn.Module, header: Mapping[str, Any], training: Training, run: TrainRun, split: Split, out: Path
) -> TrainSummary:
    """Train `network` on a split and write the checkpoint `out`; losses.csv and train.json go beside it.

    Stopped by a signal, a crash or lost power, the same call continues from the last saved state and
    gives the same losses as an uninterrupted run (on the same device and number of threads). A
    finished training is not repeated. The weights at the start are the caller's: see seeded_build.
    Started by `accelerate launch`, the processes share each step; one of them writes the files.

    network, training: as ispl_model.training.config says.
    header: "method" and "network" (its config; "width" sets the discriminator's when one is needed, else that is 64).
    Raises InputError when the folder of `out` holds another training, when perceptual weights are missing, and when
    a loss stops being finite or the discriminator's stays unhealthy for PATIENCE steps (the last good state stays);
    Interrupted after a signal, with the state saved.
    """
    processes = Processes(run.device)
    whole = _full_header(header, training, run, split, processes)
    progress = Progress(Path(out), whole, _surroundings(run, processes), processes.main)
    if progress.result() is None:
        _run(network, progress, training, run, split, processes)
        processes.wait()  # until the checkpoint is there
    result = progress.result()
    assert result is not None
    return TrainSummary(path=Path(out), **result)


def _full_header(
    header: Mapping[str, Any], training: Training, run: TrainRun, split: Split, processes: Processes
) -> dict[str, Any]:
    """What fixes the result, and so what a resumed run must agree in; where it runs is left out."""
    facts = training.facts() | {key: getattr(run, key) for key in ("steps", "seed", "redraw")}
    facts["batch"] = _share(run, processes).images
    facts["perceptual"] = (
        perceptual_label(run.perceptual, training.perceptual) if "perceptual" in training.losses else "none"
    )
    facts |= {"split": split.digest, "size": split.info["size"]}
    if run.start is not None:
        facts["start"] = file_label(run.start)
    if recogniser := _recogniser(training, run):
        facts["identity"] = [file_label(path) for path in model_files(recogniser)]
    if run.parsing is not None:
        facts["parsing"] = sha256("".join(file_label(run.parsing / f"{name}.png") for name in split.names).encode())
    recipe = f"{split.info['recipe']}@{split.info['recipe_version']}"
    return complete_header({**header, "training": facts, "recipe": recipe, "step": run.steps})


def _recogniser(training: Training, run: TrainRun) -> Path | None:
    """The file of the loss identity where that has a weight; InputError for one of these without the other."""
    weighed = "identity" in training.losses
    if weighed != (run.identity is not None):
        raise InputError("loss identity: expected its weight and its recogniser's file, got one without the other")
    if weighed and training.crop is not None:
        raise InputError(
            f"loss identity: it looks at whole faces, got windows of {training.crop} px; leave out the crop"
        )
    return run.identity


def _surroundings(run: TrainRun, processes: Processes) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "command": shlex.join(sys.argv),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
    facts |= {"device": device_name(processes.device), "threads": torch.get_num_threads(), "processes": processes.count}
    return facts | {key: getattr(run, key) for key in ("batch", "accumulate", "workers", "checkpoint_every")}


def _share(run: TrainRun, processes: Processes) -> Share:
    return Share(run.batch, run.accumulate, processes.index, processes.count)


def _run(
    network: nn.Module, progress: Progress, training: Training, run: TrainRun, split: Split, processes: Processes
) -> None:
    """Train from the saved state, or from the start, to the end."""
    pairs = TrainingPairs(split, training.scale, training.crop, run.seed, run.redraw, _condition(training, run, split))
    if run.start is not None:
        warm_start(network, progress.header["network"], run.start)
    trainer = _trainer(network, progress.header, training, run, split, processes)
    point, share = progress.resume(trainer), _share(run, processes)
    started = time.perf_counter() - point.seconds
    with stop_signals() as stopped, own_randomness(processes.device) as reseed, _bar(run, point.step, share) as bar:
        for passes in batches(pairs, share, range(point.step, run.steps), run.workers):
            reseed(_step_seed(run, point.step, processes))
            losses = _step(trainer, progress, run, point.step, passes)
            health = _health(training, point, losses)
            point = Point(point.step + 1, time.perf_counter() - started, losses, health)
            progress.record(point, training.rate(point.step - 1, run.steps))
            bar.set_postfix({name: f"{value:.3f}" for name, value in losses.items()}, refresh=False)
            bar.update(share.images)
            _keep(trainer, progress, run, point, pairs, processes.any(stopped()))
    warning = point.health.warning(GAN_LOSSES[training.gan]) if training.gan else None
    progress.finish(trainer, point, run.steps * share.images, warning)


def _step(trainer: Trainer, progress: Progress, run: TrainRun, step: int, passes: Sequence[Pair]) -> dict[str, float]:
    """One update of everything; InputError when a loss is not finite."""
    training = trainer.training
    asked = {"level": level} if (level := drawn_level(trainer.network, training, run.seed, step)) is not None else {}
    if training.switches(step, run.steps):
        trainer.forget()
    try:
        rate, weights = training.rate(step, run.steps), training.stage(step, run.steps)
        losses = trainer.step([_batch(pair, trainer.processes.device) for pair in passes], rate, weights, **asked)
    except NotFinite as error:
        raise progress.stopped(step + 1, f"{error} is not finite") from error
    trainer.average(step)
    return losses


def drawn_level(network: nn.Module, training: Training, seed: int, step: int) -> float | None:
    """t of Section 4.5, uniform in [0, top level], for half of the steps of a training with levels; else None."""
    if not training.levels:
        return None
    rng = rng_for(seed, "level", step)
    if rng.random() < 0.5:
        return None
    config: Any = network.config  # an IsplConfig: only ISPL has levels
    return float(rng.uniform(0, config.top_level))


def _batch(pair: Pair, device: torch.device) -> dict[str, torch.Tensor]:
    given, reference = (part.to(device, memory_format=torch.channels_last) for part in pair)
    return {"input": given, "degraded": given[:, :3], "reference": reference}


def _health(training: Training, before: Point, losses: Mapping[str, float]) -> Health:
    if training.gan is None or "discriminator" not in losses:
        return before.health
    return before.health.after(before.step + 1, GAN_LOSSES[training.gan], losses["discriminator"])


def _keep(
    trainer: Trainer, progress: Progress, run: TrainRun, point: Point, pairs: TrainingPairs, stopping: bool
) -> None:
    """Save what is due after a step, and end a training that was stopped or whose discriminator is unhealthy."""
    if point.health.astray >= PATIENCE:
        loss = f"the discriminator's loss ({point.losses['discriminator']:.3g})"
        raise progress.stopped(point.step, f"{loss} has been out of its healthy range for {PATIENCE} steps")
    well = not point.health.astray  # else the last good state stays
    if stopping or (point.step % run.checkpoint_every == 0 and well):
        progress.save(trainer, point)
    if run.samples_every and progress.writes and (point.step % run.samples_every == 0 or point.step == run.steps):
        write_samples(progress.out.parent / "samples", point.step, trainer, pairs)
    if stopping:
        raise Interrupted(f"stopped after step {point.step} of {run.steps}; the same command continues from there")


def _trainer(
    network: nn.Module, header: Mapping[str, Any], training: Training, run: TrainRun, split: Split, processes: Processes
) -> Trainer:
    used = {**training.losses, **(training.pretraining.losses if training.pretraining else {})}
    functions = {name: loss for name, loss in {**LOSSES, **training.functions}.items() if name in used}
    networks = {name: build(split, run) for name, build in training.networks.items() if name in used}
    if "perceptual" in used and run.perceptual != "none":
        networks["perceptual"] = Perceptual(run.perceptual, training.perceptual, training.shifts)
    if run.identity is not None:
        networks["identity"] = Identity(run.identity)
    adversary = _adversary(header, training, run)
    for module in (network, *networks.values(), *([adversary.discriminator] if adversary else [])):
        module.to(processes.device).to(memory_format=torch.channels_last)
    for module in networks.values():
        module.eval().requires_grad_(False)
    return Trainer(network, Objective(functions, networks, adversary), training, processes)


def _adversary(header: Mapping[str, Any], training: Training, run: TrainRun) -> Adversary | None:
    if training.gan is None:
        return None
    width, whole = header["network"].get("width", 64), header["training"]["size"]
    size, channels = min(training.crop or whole, whole), 6 if training.conditional else 3
    build = DISCRIMINATORS[training.discriminator]
    seed = draw_seed(rng_for(run.seed, "discriminator"))
    return Adversary(training.gan, seeded_build(lambda: build(channels, width, size), seed), training.conditional)


def _condition(training: Training, run: TrainRun, split: Split) -> Condition | None:
    """The label maps of `run.parsing` as channels of 0 and 1, else what the method appends."""
    folder = run.parsing
    if folder is None:
        return training.condition(split) if training.condition else None
    from ispl_model.training.parsing import label_map, parsing_condition

    return parsing_condition(lambda name: label_map(folder, name, split.info["size"]))


def _step_seed(run: TrainRun, step: int, processes: Processes) -> int:
    """Of dropout and the like; another one in each process."""
    return draw_seed(rng_for(run.seed, "step", step, *([processes.index] if processes.index else [])))


def _bar(run: TrainRun, done: int, share: Share) -> tqdm:
    """Counts images, so that its rate is images per second; silent where no one watches and in processes but one."""
    total, disable = run.steps * share.images, True if share.index else None
    return tqdm(total=total, initial=done * share.images, unit="image", desc="training", disable=disable)
