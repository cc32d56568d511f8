"""How a method is trained, as one literal: the contract between a method and the loop of ispl_model.training.loop.

A network takes (N, C, h, w) and gives (N, 3, H, W), RGB in [0, 1]; a paper's other range ([-1, 1], 0..255) is the
network's own affair, inside its forward. While training it may give a mapping of named tensors instead, with
"restored" among them; in evaluation mode it gives the restored image alone. C is 3 unless `TrainingConfig.condition`
appends channels to the degraded image (a guide, label maps).

A loss is a plain function of (outputs, batch) that gives one number. Both are mappings of float32 tensors, and no
autocast is on:
    outputs  what the network gave; {"restored": ...} for a plain tensor
    batch    "reference" (N, 3, H, W), "degraded" (N, 3, h, w), "input" (N, C, h, w), all in [0, 1]
`TrainingConfig.losses` weighs losses by name, and a name is one of
    LOSSES              ispl_model.losses.pixel, such as "l1", "mse", "l1_pyramid", "consistency"
    GAN_LOSSES          ispl_model.losses.gan, such as "lsgan", "ragan", "wgan-gp"; one at most, it brings the
                        discriminator of `TrainingConfig.discriminator` (ispl_model.losses.discriminators)
    "feature_matching"  on the same discriminator (with "lsgan" when no other is named)
    "perceptual"        a classifier's features, `TrainingConfig.perceptual` says which
    "identity"          a face recogniser's descriptors, `TrainOptions.identity` is its file
    TrainingConfig.functions  the method's own functions
    TrainingConfig.networks   the method's own frozen networks; each is built from (split, options) and is called with
                        (restored, reference), as the perceptual loss is
What has no weight is not computed. ESRGAN, for example:

    TrainingConfig(scale=4, crop=128, losses={"l1": 1e-2, "perceptual": 1.0, "ragan": 5e-3},
             learning_rate=1e-4, betas=(0.9, 0.99), constant_share=1.0, drops={1/8: 0.5, 1/4: 0.5, 1/2: 0.5, 3/4: 0.5},
             pretraining=Pretraining(share=0.5, losses={"l1": 1.0}, learning_rate=2e-4),
             discriminator="vgg", conditional=False, perceptual=FeatureLayers({"conv5_4": 1.0}))
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

from torch import nn

from degrade.splits.split import Split
from ispl_model.losses.discriminators import DISCRIMINATORS
from ispl_model.losses.gan import GAN_LOSSES
from ispl_model.losses.perceptual import FeatureLayers
from ispl_model.losses.pixel import LOSSES, LossFunction
from ispl_model.training.data import Condition

OPTIMISERS = ("adam", "sgd", "rmsprop")
_FIRST_FACTS = ("scale", "losses", "learning_rate", "betas", "constant_share", "crop")


@dataclass(frozen=True)
class Pretraining:
    """A first stage: `share` of the steps with these losses alone; a discriminator starts after it.

    SRGAN's and ESRGAN's PSNR stage is one. drops: as TrainingConfig.drops, shares of the stage. cosines: how often the
    rate falls to 0 along half a cosine, each time from the full rate; 0 for never.
    """

    share: float
    losses: Mapping[str, float]
    learning_rate: float
    drops: Mapping[float, float] = field(default_factory=dict)
    cosines: int = 0

    def rate(self, step: int, steps: int) -> float:
        """The learning rate in step 0 ... steps - 1 of the stage.

        >>> falling = Pretraining(1 / 2, {"l1": 1.0}, 1.0, drops={3 / 4: 0.1}, cosines=2)
        >>> [round(falling.rate(step, 4), 3) for step in range(4)]
        [1.0, 0.5, 1.0, 0.05]
        """
        rate = self.learning_rate * _dropped(self.drops, step, steps)
        return rate * (1 + math.cos(math.pi * (step * self.cosines / steps % 1))) / 2 if self.cosines else rate


@dataclass(frozen=True)
class TrainingConfig:
    """How one method is trained; reads like its paper's training section. See above for what a loss is.

    scale: reference side / input side. crop: side in reference pixels of a random window, None for whole images.
    losses: weight of each loss by name.
    optimiser: "adam"; "sgd", whose momentum is betas[0]; "rmsprop", whose smoothing is betas[1].
    learning_rate: of the network; discriminator_rate: of the discriminator where that is another one (TTUR).
    part_rates: factor of the rate for the parameters whose names start so. clip: largest gradient norm of the
        parameters whose names start so ("" for all). weight_decay: of the network alone.
    constant_share: share of the steps at full rate, before it falls linearly to 0. drops: from a share of the steps on
        the rate is multiplied by a factor, as in {2 / 3: 0.5}. Both count the steps after the pretraining.
    critic_steps: updates of the discriminator in each step, on the same images. conditional: the discriminator sees
        the degraded image beside the one it judges.
    ema: decay of an average of the network's weights, which the checkpoint then holds; see ispl_model.training.trainer.
    perceptual: the maps of VGG-19 that are compared, None for those of the ISPL paper. shifts: at another offset in
        each step, for a method without a loss on pixels; see ispl_model.losses.perceptual.
    levels: half of the steps ask the network for a level drawn uniformly (ISPL, Sec. 4.5).
    condition: from the split to what TrainingPairs appends to a degraded image by its name.
    version: of the method; raised with every change of its network or its losses, so that what was trained before is
        neither reused nor loaded.
    """

    scale: int
    losses: Mapping[str, float]
    learning_rate: float
    betas: tuple[float, float]
    constant_share: float
    crop: int | None = None
    ema: float | None = None
    levels: bool = False
    optimiser: str = "adam"
    weight_decay: float = 0.0
    discriminator_rate: float | None = None
    part_rates: Mapping[str, float] = field(default_factory=dict)
    clip: Mapping[str, float] = field(default_factory=dict)
    drops: Mapping[float, float] = field(default_factory=dict)
    pretraining: Pretraining | None = None
    discriminator: str = "multi_scale"
    conditional: bool = True
    critic_steps: int = 1
    perceptual: FeatureLayers | None = None
    shifts: bool = False
    functions: Mapping[str, LossFunction] = field(default_factory=dict)
    networks: Mapping[str, Callable[[Split, "TrainOptions"], nn.Module]] = field(default_factory=dict)
    condition: Callable[[Split], Condition | None] | None = None
    version: int = 1

    def __post_init__(self) -> None:
        _check_losses(self)
        if not (self.learning_rate > 0 and 0 <= self.constant_share <= 1):
            raise ValueError("TrainingConfig: learning_rate must be > 0 and constant_share in [0, 1]")
        if self.ema is not None and not 0 < self.ema < 1:
            raise ValueError(f"TrainingConfig: ema must be in (0, 1), got {self.ema}")
        for name, known in (("optimiser", OPTIMISERS), ("discriminator", DISCRIMINATORS)):
            if getattr(self, name) not in known:
                raise ValueError(f"TrainingConfig: {name} must be one of {sorted(known)}, got {getattr(self, name)!r}")
        if self.gan == "wgan-gp" and self.discriminator == "multi_scale":
            raise ValueError(
                "TrainingConfig: the multi_scale discriminator has no second derivative, which wgan-gp needs"
            )

    @property
    def gan(self) -> str | None:
        """The GAN loss by name, None without a discriminator."""
        named = [name for name in self.losses if name in GAN_LOSSES]
        return named[0] if named else ("lsgan" if "feature_matching" in self.losses else None)

    def stage(self, step: int, steps: int) -> Mapping[str, float]:
        """The losses of step 0 ... steps - 1."""
        if self.pretraining is not None and step < self._first_steps(steps):
            return self.pretraining.losses
        return self.losses

    def switches(self, step: int, steps: int) -> bool:
        """Whether this step of 0 ... steps - 1 is the first after the pretraining.

        What begins there is a training of its own that takes over the weights alone: its optimisers are fresh and
        its rate counts from there. So are ESRGAN's and mmsr's SRGAN trained: open-mmlab/mmagic 037933b,
        codes/options/train/train_ESRGAN.yml has a pretrain_model_G and an empty resume_state.
        """
        return self.pretraining is not None and step == self._first_steps(steps)

    def rate(self, step: int, steps: int) -> float:
        """The network's learning rate in step 0 ... steps - 1. Step `steps` would have 0 where the rate falls at all.

        >>> half = TrainingConfig(1, {"l1": 1.0}, 1.0, (0.9, 0.999), constant_share=0.5)
        >>> [half.rate(step, 4) for step in range(4)]
        [1.0, 1.0, 1.0, 0.5]
        """
        first = self._first_steps(steps)
        if self.pretraining is not None and step < first:
            return self.pretraining.rate(step, first)
        step, steps = step - first, steps - first
        constant = self.constant_share * steps
        rate = self.learning_rate * (1.0 if step < constant else (steps - step) / (steps - constant))
        return rate * _dropped(self.drops, step, steps)

    def _first_steps(self, steps: int) -> int:
        return round(self.pretraining.share * steps) if self.pretraining else 0

    def facts(self) -> dict[str, Any]:
        """Plain data for headers and hashes; what came later is left out at its default, as if it were not there."""
        stored = (one for one in fields(self) if one.name in _FIRST_FACTS or getattr(self, one.name) != _default(one))
        return {one.name: _plain(getattr(self, one.name)) for one in stored}


@dataclass(frozen=True)
class TrainOptions:
    """How long and where; a profile's part of a training.

    steps: updates. batch: images in one pass; accumulate: passes whose gradients one update averages, so that it sees
    batch x accumulate images of each process. perceptual: "vgg19", "squeezenet", a file of weights, or
    "none", which leaves the perceptual loss out. workers: processes that load pairs. redraw: degrade
    the references anew in every epoch where the split's recipe is known, else use the stored images.
    checkpoint_every: steps between two saved states. start: checkpoint whose weights the network starts from.
    samples_every: steps between two sheets of restored samples, None for none.
    parsing: folder of label maps NAME.png, which the network gets as 19 more channels of 0 and 1.
    identity: the recogniser of the loss of that name, see ispl_model.losses.identity.
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
    accumulate: int = 1
    samples_every: int | None = None
    parsing: Path | None = None
    identity: Path | None = None

    def __post_init__(self) -> None:
        counts = (self.steps, self.batch, self.checkpoint_every, self.accumulate)
        if min(counts) < 1 or self.workers < 0 or self.samples_every == 0:
            raise ValueError(
                "TrainOptions: steps, batch, checkpoint_every, accumulate and samples_every must be >= 1, workers >= 0"
            )


def _dropped(drops: Mapping[float, float], step: int, steps: int) -> float:
    """The product of the factors of all drops up to a step."""
    return math.prod(factor for share, factor in drops.items() if step >= share * steps)


def _check_losses(training: TrainingConfig) -> None:
    judges = ("feature_matching", "perceptual", "identity")
    known = {*LOSSES, *GAN_LOSSES, *judges, *training.functions, *training.networks}
    stages = [training.losses] + ([training.pretraining.losses] if training.pretraining else [])
    for losses in stages:
        if not losses or set(losses) - known:
            raise ValueError(f"TrainingConfig: losses must be some of {sorted(known)}, got {sorted(losses)}")
        if not all(map(math.isfinite, losses.values())):
            raise ValueError(f"TrainingConfig: weights of losses must be finite, got {dict(losses)}")
    if len(set(training.losses) & set(GAN_LOSSES)) > 1:
        raise ValueError(f"TrainingConfig: expected one GAN loss at most, got {sorted(training.losses)}")
    if training.pretraining and set(training.pretraining.losses) & {*GAN_LOSSES, "feature_matching"}:
        raise ValueError("TrainingConfig: a pretraining has no discriminator")


def _default(one: Field) -> Any:
    return one.default_factory() if one.default_factory is not MISSING else one.default


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if callable(value):
        return value.__name__
    if isinstance(value, Mapping) and any(callable(part) for part in value.values()):
        return sorted(value)
    return dict(value) if isinstance(value, Mapping) else value
