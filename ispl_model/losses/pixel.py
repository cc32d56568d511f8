"""Losses without a network, each a plain function of (outputs, batch); see ispl_model.training.config for what those
are.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce

import torch
from torch.nn import functional

from degrade.core.colour import TO_YCC

Tensors = Mapping[str, torch.Tensor]
LossFunction = Callable[[Tensors, Tensors], torch.Tensor]


def added(terms: Iterable[torch.Tensor]) -> torch.Tensor:
    """Their sum; of one at least."""
    return reduce(torch.add, terms)


def l1(restored: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    """mean |restored - reference|, in float32."""
    return functional.l1_loss(*_channels_last(restored, reference))


def mse(restored: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    """mean (restored - reference)^2, in float32."""
    return functional.mse_loss(*_channels_last(restored, reference))


def _channels_last(restored: torch.Tensor, reference: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Views in float32 over which a mean has the gradient's layout right.

    That gradient is contiguous, and the maps of a training have channels last. A backward pass that mixes both layouts
    takes seven times as long for an elementwise operation in bf16.
    """
    return restored.float().movedim(1, -1), reference.float().movedim(1, -1)


def _restored_l1(outputs: Tensors, batch: Tensors) -> torch.Tensor:
    return l1(outputs["restored"], batch["reference"])


def _restored_mse(outputs: Tensors, batch: Tensors) -> torch.Tensor:
    return mse(outputs["restored"], batch["reference"])


def l1_steps(outputs: Tensors, batch: Tensors) -> torch.Tensor:
    """Sum over the first axis of outputs["steps"], (T, N, 3, H, W), of the L1 to the reference, as in SRFBN."""
    return added(l1(step, batch["reference"]) for step in outputs["steps"])


def l1_pyramid(outputs: Tensors, batch: Tensors) -> torch.Tensor:
    """Mean over blocks of 2, 4 and 8 px of the L1 between the blocks' averages.

    In a plain L1 the sign of a coarse error drowns in that of the fine detail on top of it; here it counts in full.
    """
    images = (outputs["restored"].float(), batch["reference"].float())
    coarser = ([functional.avg_pool2d(image, side, ceil_mode=True) for image in images] for side in (2, 4, 8))
    return added(l1(*pair) for pair in coarser) / 3


def consistency(outputs: Tensors, batch: Tensors) -> torch.Tensor:
    """L1 between the averages of restored and degraded image over blocks of 8 px of the restored one.

    Noise and blur leave the coarse picture as it was: it is to be kept, not drawn anew as the training faces have it.
    """
    return l1(*_blocks(outputs, batch, 8))


def luma_consistency(outputs: Tensors, batch: Tensors) -> torch.Tensor:
    """`consistency` of the luma alone (BT.601), so that more of it does not keep the colours of the noise."""
    return l1(*(_ycc(image)[:, :1] for image in _blocks(outputs, batch, 8)))


def chroma_consistency(outputs: Tensors, batch: Tensors) -> torch.Tensor:
    """`consistency` of Cb and Cr (BT.601) over blocks of 32 px, in which the noise of the colours averages out."""
    return l1(*(_ycc(image)[:, 1:] for image in _blocks(outputs, batch, 32)))


def detail_consistency(outputs: Tensors, batch: Tensors) -> torch.Tensor:
    """`luma_consistency` over blocks of 4 px, of the images alone that are hardly degraded.

    An image counts in full where its blocks differ from the reference's by 3 of 255 levels or less on average, less
    the more they do, and from 6 on not at all: what a photograph shows well is kept, and noise and blur are not.
    """
    restored, degraded = (_ycc(image)[:, :1] for image in _blocks(outputs, batch, 4))
    rows, columns = degraded.shape[2:]
    reference = _ycc(functional.adaptive_avg_pool2d(batch["reference"].float(), (rows, columns)))[:, :1]
    strays = (degraded - reference).abs().mean(dim=(1, 2, 3), keepdim=True) * 255
    return ((restored - degraded).abs() * (2 - strays / 3).clamp(0, 1)).mean()


def _blocks(outputs: Tensors, batch: Tensors, side: int) -> Iterator[torch.Tensor]:
    """Restored and degraded image averaged over blocks of `side` px of the restored one."""
    restored = outputs["restored"].float()
    rows, columns = (-(-length // side) for length in restored.shape[2:])
    return (functional.adaptive_avg_pool2d(image, (rows, columns)) for image in (restored, batch["degraded"].float()))


def _ycc(image: torch.Tensor) -> torch.Tensor:
    """RGB to Y, Cb and Cr around 0, (N, 3, H, W)."""
    return torch.einsum("yc,nchw->nyhw", image.new_tensor(TO_YCC), image)


LOSSES: dict[str, LossFunction] = {
    "l1": _restored_l1,
    "mse": _restored_mse,
    "l1_steps": l1_steps,
    "l1_pyramid": l1_pyramid,
    "consistency": consistency,
    "luma_consistency": luma_consistency,
    "chroma_consistency": chroma_consistency,
    "detail_consistency": detail_consistency,
}
