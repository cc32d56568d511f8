"""What the methods with a network of one file share: how it is configured, built, trained and loaded."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from benchmark.methods.method import Method
from degrade.core.errors import InputError
from degrade.core.image import Image
from degrade.core.resize import match_scale
from degrade.core.storage import strict_json
from degrade.operators.base import SIDE, check_range
from ispl_model.network.init import init_small_
from ispl_model.network.variants import MOST_WIDTH
from ispl_model.restoration.restorer import prepared, restore_images
from ispl_model.runtime.checkpoint import build_filled, require_version
from ispl_model.runtime.checkpoint import load as load_checkpoint
from ispl_model.runtime.device import find_device
from ispl_model.runtime.tensors import parameter_count
from ispl_model.training.config import TrainingConfig


@dataclass(frozen=True)
class WidthConfig:
    """Everything that fixes the shape of the weights of most networks; saved inside every checkpoint."""

    width: int = 64  # feature channels of the first level; the published network has 64

    def __post_init__(self) -> None:
        check_range(self, "width", 1, MOST_WIDTH)


@dataclass(frozen=True)
class SizedConfig(WidthConfig):
    """The same of a network whose depth depends on the images' side."""

    size: int = 256  # px

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range(self, "size", 16, SIDE)


@dataclass(frozen=True)
class NetworkMethod:
    """One network and how it is trained; has what a module of a trainable method has, and is used as one.

    network: builds it from the fields of its config as keyword arguments; width 64 is the published one.
    sized: whether the config also holds the images' side.
    """

    name: str
    network: Callable[..., nn.Module]
    TRAINING: TrainingConfig
    sized: bool = False

    def configure(self, width: int, size: int) -> WidthConfig:
        """The network's config for restored images of `size` px."""
        return SizedConfig(width, size) if self.sized else WidthConfig(width)

    def build(self, width: int, size: int) -> nn.Module:
        """An untrained network."""
        return self.network(**asdict(self.configure(width, size)))

    def load(self, device: str, checkpoint: Path | None, size: int) -> Method:
        """The network of a checkpoint; InputError when there is none or it is another network's or version's."""
        if checkpoint is None:
            raise InputError(f"{self.name}: expected a checkpoint, got none; `benchmark run` trains one")
        state, header = load_checkpoint(checkpoint)
        if header.get("method") != self.name:
            raise InputError(f"{checkpoint}: expected weights of {self.name}, got those of {header.get('method')}")
        require_version(checkpoint, header, self.TRAINING.version)
        config = self._config_of(checkpoint, header["network"])
        network = build_filled(lambda: self.network(**config), config["width"], state, str(checkpoint))
        where = find_device(device)
        prepared(network, where)

        def restore(images: Sequence[Image]) -> list[Image]:
            return restore_images(
                network, [match_scale(image, size, self.TRAINING.scale) for image in images], size, where
            )

        return Method(self.name, restore, self.TRAINING.scale, parameters=parameter_count(network))

    def _config_of(self, checkpoint: Path, found: Mapping[str, Any]) -> dict[str, int]:
        """The config in a header; InputError unless its keys and types are those of `configure`."""
        try:
            strict_json.check(found, dict[str, int])
            return asdict((SizedConfig if self.sized else WidthConfig)(**found))
        except (TypeError, ValueError) as error:
            raise InputError(f"{checkpoint}: its header does not describe {self.name} ({error})") from error


class BatchNorm(nn.BatchNorm2d):
    """Batch norm whose running statistics begin as those of the first batch and not as 0 and 1.

    Their momentum falls from 1 over 1/2, 1/3, ... to the usual 0.1: after a few dozen steps of a short training the
    usual one still holds the start, which is far from a network's small features.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, momentum=1.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert self.momentum is not None and self.num_batches_tracked is not None
        if self.training and self.momentum > 0.1:
            self.momentum = max(0.1, 1 / (1 + int(self.num_batches_tracked)))
        return super().forward(x)

    def keep_brightness_(self, given: float = 1.0, gives: float = 1.0) -> None:
        """Start by giving an image back, whose mean is taken for 1/2 and its deviation for 1/4.

        given, gives: what the image is multiplied by, before and after.
        """
        assert self.running_mean is not None and self.running_var is not None
        nn.init.constant_(self.weight, 0.25 * gives)
        nn.init.constant_(self.bias, 0.5 * gives)
        nn.init.constant_(self.running_mean, 0.5 * given)
        nn.init.constant_(self.running_var, (0.25 * given) ** 2)


def div2k_mean() -> torch.Tensor:
    """The mean colour of DIV2K in [0, 1], (1, 3, 1, 1), which EDSR's program and its descendants subtract."""
    return torch.tensor((0.4488, 0.4371, 0.4040)).view(1, 3, 1, 1)


def padded_to_multiple(image: torch.Tensor, multiple: int) -> torch.Tensor:
    """(N, C, H, W) mirrored at the lower and right border until both sides are multiples of `multiple`."""
    height, width = image.shape[-2:]
    return nn.functional.pad(image, (0, -width % multiple, 0, -height % multiple), mode="reflect")


class NormBlock(nn.Module):
    """x + norm(conv(activation(norm(conv(x))))), SRGAN's and Super-FAN's."""

    def __init__(self, width: int, activation: nn.Module) -> None:
        super().__init__()
        last = BatchNorm(width)
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1),
            BatchNorm(width),
            activation,
            nn.Conv2d(width, width, 3, padding=1),
            last,
        )
        nn.init.constant_(last.weight, 0.01)  # a branch that hardly speaks at first

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # (N, width, H, W) => same
        return x + self.body(x)


class PlainBlock(nn.Module):
    """x + conv(relu(conv(x))), without batch norm."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        init_small_(self.second)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # (N, width, H, W) => same
        return x + self.second(torch.relu(self.first(x)))
