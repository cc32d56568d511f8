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

from degrade.core.errors import InputError
from degrade.core.progress import Bar, progress_bar
from degrade.core.random import draw_seed, rng_for
from degrade.core.storage.files import sha256
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
from ispl_model.runtime.keep_freed_memory import keep_freed_memory
from ispl_model.training.config import TrainingConfig, TrainOptions
from ispl_model.training.data import BatchShard, Condition, TensorPair, TrainingPairs, batches
from ispl_model.training.health import PATIENCE, Health
from ispl_model.training.reports import write_samples
from ispl_model.training.resume import Interrupted, Progress, TrainState, stop_signals
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
    network: nn.Module,
    header: Mapping[str, Any],
    training: TrainingConfig,
    options: TrainOptions,
    split: Split,
    out: Path,
) -> TrainSummary:
    """Train `network` on a split and write the checkpoint `out`; losses.csv and train.json go beside it.

    Stopped by a signal, a crash or lost power, the same call continues from the last saved state and
    gives the same losses as an uninterrupted run (on the same device and number of threads). A
    finished training is not repeated. The weights at the start are the caller's: see seeded_build.
    Started by `accelerate launch`, the processes share each step; one of them writes the files. A second training
    into the same folder waits for the first.

    network, training: as ispl_model.training.config says.
    header: "method" and "network" (its config; "width" sets the discriminator's when one is needed, else that is 64).
    Raises InputError when the folder of `out` holds another training or files of others that would be replaced, when
    the split has no references, when perceptual weights are missing, when without them a stage has no loss, and when a
    loss stops being finite or the discriminator's stays unhealthy for PATIENCE steps (the last good state stays);
    Interrupted after a signal, with the state saved.
    """
    if not split.has_reference:
        raise InputError(f"{split.path}: has no references, from which a training learns; give a split with hq/")
    _check_a_loss_is_left(training, options)
    processes = Processes(options.device)
    whole = _full_header(header, training, options, split, processes)
    progress = Progress(Path(out), whole, _surroundings(options, processes), processes.main)
    if progress.result() is None:
        with progress.alone(processes.wait):
            if progress.result() is None:  # another process may have finished it meanwhile
                with keep_freed_memory():
                    _run(network, progress, training, options, split, processes)
            processes.wait()  # until the checkpoint is there
    result = progress.result()
    assert result is not None
    return TrainSummary(path=Path(out), **result)


def _check_a_loss_is_left(training: TrainingConfig, options: TrainOptions) -> None:
    stages = (training.losses, training.pretraining.losses if training.pretraining else {})
    if options.perceptual == "none" and any(set(losses) == {"perceptual"} for losses in stages):
        given = "expected one that is computed, got perceptual alone, and perceptual: none leaves it out"
        raise InputError(f"losses: {given}; name its weights, or give another loss a weight")


def _full_header(
    header: Mapping[str, Any], training: TrainingConfig, options: TrainOptions, split: Split, processes: Processes
) -> dict[str, Any]:
    """What fixes the result, and so what a resumed run must agree in; where it runs is left out."""
    facts = training.facts() | {key: getattr(options, key) for key in ("steps", "seed", "redraw")}
    facts["batch"] = _shard(options, processes).images
    facts["perceptual"] = (
        perceptual_label(options.perceptual, training.perceptual) if "perceptual" in training.losses else "none"
    )
    facts |= {"split": split.digest, "size": split.info["size"]}
    if options.start is not None:
        facts["start"] = file_label(options.start)
    if recogniser := _recogniser(training, options):
        facts["identity"] = [file_label(path) for path in model_files(recogniser)]
    if options.parsing is not None:
        facts["parsing"] = sha256("".join(file_label(options.parsing / f"{name}.png") for name in split.names).encode())
    recipe = f"{split.info['recipe']}@{split.info['recipe_version']}"
    return complete_header({**header, "training": facts, "recipe": recipe, "step": options.steps})


def _recogniser(training: TrainingConfig, options: TrainOptions) -> Path | None:
    """The file of the loss identity where that has a weight; InputError for one of these without the other."""
    has_identity = "identity" in training.losses
    if has_identity != (options.identity is not None):
        raise InputError("loss identity: expected its weight and its recogniser's file, got one without the other")
    if has_identity and training.crop is not None:
        raise InputError(
            f"loss identity: it looks at whole faces, got windows of {training.crop} px; leave out the crop"
        )
    return options.identity


def _surroundings(options: TrainOptions, processes: Processes) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "command": shlex.join(sys.argv),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
    facts |= {"device": device_name(processes.device), "threads": torch.get_num_threads(), "processes": processes.count}
    return facts | {key: getattr(options, key) for key in ("batch", "accumulate", "workers", "checkpoint_every")}


def _shard(options: TrainOptions, processes: Processes) -> BatchShard:
    return BatchShard(options.batch, options.accumulate, processes.index, processes.count)


def _run(
    network: nn.Module,
    progress: Progress,
    training: TrainingConfig,
    options: TrainOptions,
    split: Split,
    processes: Processes,
) -> None:
    """Train from the saved state, or from the start, to the end."""
    pairs = TrainingPairs(
        split, training.scale, training.crop, options.seed, options.redraw, _condition(training, options, split)
    )
    if options.start is not None:
        warm_start(network, progress.header["network"], options.start)
    trainer = _trainer(network, progress.header, training, options, split, processes)
    state, shard = progress.resume(trainer), _shard(options, processes)
    started = time.perf_counter() - state.seconds
    with stop_signals() as stopped, own_randomness(processes.device) as reseed, _bar(options, state.step, shard) as bar:
        for passes in batches(pairs, shard, range(state.step, options.steps), options.workers):
            reseed(_step_seed(options, state.step, processes))
            losses = _step(trainer, progress, options, state.step, passes)
            health = _health(training, state, losses)
            state = TrainState(state.step + 1, time.perf_counter() - started, losses, health)
            progress.record(state, training.rate(state.step - 1, options.steps))
            bar.set_postfix({name: f"{value:.3f}" for name, value in losses.items()}, refresh=False)
            bar.update(shard.images)
            _keep(trainer, progress, options, state, pairs, processes.any(stopped()))
    warning = state.health.warning(GAN_LOSSES[training.gan]) if training.gan else None
    progress.finish(trainer, state, options.steps * shard.images, warning)


def _step(
    trainer: Trainer, progress: Progress, options: TrainOptions, step: int, passes: Sequence[TensorPair]
) -> dict[str, float]:
    """One update of everything; InputError when a loss is not finite."""
    training = trainer.training
    asked = (
        {"level": level} if (level := drawn_level(trainer.network, training, options.seed, step)) is not None else {}
    )
    if training.switches(step, options.steps):
        trainer.forget()
    try:
        rate, weights = training.rate(step, options.steps), training.stage(step, options.steps)
        losses = trainer.step([_batch(pair, trainer.processes.device) for pair in passes], rate, weights, **asked)
    except NotFinite as error:
        raise progress.stopped(step + 1, f"{error} is not finite") from error
    trainer.average(step)
    return losses


def drawn_level(network: nn.Module, training: TrainingConfig, seed: int, step: int) -> float | None:
    """t of Section 4.5, uniform in [0, top level], for half of the steps of a training with levels; else None."""
    if not training.levels:
        return None
    rng = rng_for(seed, "level", step)
    if rng.random() < 0.5:
        return None
    config: Any = network.config  # an IsplConfig: only ISPL has levels
    return float(rng.uniform(0, config.top_level))


def _batch(pair: TensorPair, device: torch.device) -> dict[str, torch.Tensor]:
    given, reference = (part.to(device, memory_format=torch.channels_last) for part in pair)
    return {"input": given, "degraded": given[:, :3], "reference": reference}


def _health(training: TrainingConfig, before: TrainState, losses: Mapping[str, float]) -> Health:
    if training.gan is None or "discriminator" not in losses:
        return before.health
    return before.health.after(before.step + 1, GAN_LOSSES[training.gan], losses["discriminator"])


def _keep(
    trainer: Trainer, progress: Progress, options: TrainOptions, state: TrainState, pairs: TrainingPairs, stopping: bool
) -> None:
    """Save what is due after a step, and end a training that was stopped or whose discriminator is unhealthy."""
    if state.health.unhealthy_steps >= PATIENCE:
        loss = f"the discriminator's loss ({state.losses['discriminator']:.3g})"
        raise progress.stopped(state.step, f"{loss} has been out of its healthy range for {PATIENCE} steps")
    well = not state.health.unhealthy_steps  # else the last good state stays
    if stopping or (state.step % options.checkpoint_every == 0 and well):
        progress.save(trainer, state)
    if (
        options.samples_every
        and progress.writes
        and (state.step % options.samples_every == 0 or state.step == options.steps)
    ):
        write_samples(progress.samples, state.step, trainer, pairs)
    if stopping:
        raise Interrupted(f"stopped after step {state.step} of {options.steps}; the same command continues from there")


def _trainer(
    network: nn.Module,
    header: Mapping[str, Any],
    training: TrainingConfig,
    options: TrainOptions,
    split: Split,
    processes: Processes,
) -> Trainer:
    used = {**training.losses, **(training.pretraining.losses if training.pretraining else {})}
    functions = {name: loss for name, loss in {**LOSSES, **training.functions}.items() if name in used}
    networks = {name: build(split, options) for name, build in training.networks.items() if name in used}
    if "perceptual" in used and options.perceptual != "none":
        networks["perceptual"] = Perceptual(options.perceptual, training.perceptual, training.shifts)
    if options.identity is not None:
        networks["identity"] = Identity(options.identity)
    adversary = _adversary(header, training, options)
    for module in (network, *networks.values(), *([adversary.discriminator] if adversary else [])):
        module.to(processes.device).to(memory_format=torch.channels_last)
    for module in networks.values():
        module.eval().requires_grad_(False)
    return Trainer(network, Objective(functions, networks, adversary), training, processes)


def _adversary(header: Mapping[str, Any], training: TrainingConfig, options: TrainOptions) -> Adversary | None:
    if training.gan is None:
        return None
    width, whole = header["network"].get("width", 64), header["training"]["size"]
    size, channels = min(training.crop or whole, whole), 6 if training.conditional else 3
    build = DISCRIMINATORS[training.discriminator]
    seed = draw_seed(rng_for(options.seed, "discriminator"))
    return Adversary(training.gan, seeded_build(lambda: build(channels, width, size), seed), training.conditional)


def _condition(training: TrainingConfig, options: TrainOptions, split: Split) -> Condition | None:
    """The label maps of `options.parsing` as channels of 0 and 1, else what the method appends."""
    folder = options.parsing
    if folder is None:
        return training.condition(split) if training.condition else None
    from ispl_model.training.parsing import label_map, parsing_condition

    return parsing_condition(lambda name: label_map(folder, name, split.info["size"]))


def _step_seed(options: TrainOptions, step: int, processes: Processes) -> int:
    """Of dropout and the like; another one in each process."""
    return draw_seed(rng_for(options.seed, "step", step, *([processes.index] if processes.index else [])))


def _bar(options: TrainOptions, done: int, shard: BatchShard) -> Bar:
    """Counts images, so that its rate is images per second; of several processes one draws it."""
    total, disable = options.steps * shard.images, bool(shard.index)
    return progress_bar(total=total, initial=done * shard.images, unit="image", title="training", disable=disable)
