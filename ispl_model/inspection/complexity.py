"""The size of a network and the cost of one image, without its weights: everything is built on the meta device."""

from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from degrade.core.errors import InputError
from ispl_model.network.ispl import Ispl
from ispl_model.network.variants import SMALLEST_MAP, IsplConfig

PARTS = ("encoder", "fusion", "generator")


@dataclass(frozen=True)
class NetworkSize:
    """channels: of the encoder's map, the guide and the generator, for each level from 16x16 on.

    parameters, multiply_adds: of PARTS in their order. Multiply-adds are those of convolutions and matrix products for
    one image forward, half of what torch's flop counter counts; element-wise work (norms, activations, resizing,
    weighing maps, the correlations of eq. 9) is not counted.
    """

    config: IsplConfig
    channels: tuple[tuple[int, int, int], ...]
    parameters: tuple[int, ...]
    multiply_adds: tuple[int, ...]


def network_size(variant: str, width: int, size: int) -> NetworkSize:
    """The size of an ISPL network of that variant, width (channels) and size (px of its images' side).

    Raises InputError for an unknown variant and a number out of range.
    """
    try:
        config = IsplConfig(variant, width, size)
    except ValueError as error:
        raise InputError(str(error)) from error
    with torch.device("meta"):
        network, image = Ispl(config).eval(), torch.empty(1, config.inputs, size, size)
    parts = [getattr(network, part) for part in PARTS]
    channels = zip(network.encoder.map_channels, network.fusion.guide_channels, config.channels, strict=True)
    parameters = tuple(sum(weight.numel() for weight in part.parameters()) for part in parts)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(image)
    counts = counter.get_flop_counts()
    operations = tuple(sum(counts.get(f"Ispl.{part}", {}).values()) // 2 for part in PARTS)
    return NetworkSize(config, tuple(channels), parameters, operations)


def size_lines(size: NetworkSize) -> list[str]:
    """The size as text: a line for each level, parameters, multiply-adds."""
    config = size.config
    lines = [f"{config.variant}, width {config.width}, {config.size} px: levels 0 to {config.top_level}", ""]
    lines += [_row("level", ("side", "encoder", "guide", "generator"))]
    for level, channels in enumerate(size.channels):
        lines.append(_row(str(level), (SMALLEST_MAP * 2**level, *channels)))
    lines += ["", _row("", (*PARTS, "total"))]
    lines.append(_row("parameters", (*size.parameters, sum(size.parameters))))
    giga = [f"{count / 1e9:,.2f} G" for count in (*size.multiply_adds, sum(size.multiply_adds))]
    lines.append(_row("multiply-adds", giga))
    return [*lines, "", "multiply-adds: one image forward, of convolutions and matrix products alone"]


def _row(name: str, cells: tuple[int | str, ...] | list[str]) -> str:
    return f"{name:<13}" + "".join(f"{cell:>14,}" if isinstance(cell, int) else f"{cell:>14}" for cell in cells)
