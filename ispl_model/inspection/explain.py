"""What each subspace of a network holds (paper, Sec. 3.6 and Fig. 5)."""

from collections.abc import Sequence

import torch

from degrade.core.contact_sheet import contact_sheet
from degrade.core.image import Image
from ispl_model.network.guides import materialise
from ispl_model.network.ispl import Ispl
from ispl_model.runtime.tensors import to_images, to_tensor

PLAIN = 0.5  # the constant that stands for a guide that is left out (Sec. 3.6)
_CELL = 256  # px
NOTE = (
    "Above, one level alone, every other guide 0.5: plain grey, or a plain tint, is where that level adds nothing; "
    "edges and colours are what it adds, the face's own only with the other levels. Below, all levels up to that one."
)


def explain(network: Ispl, image: Image, title: str = "") -> Image:
    """A labelled sheet (H, W, 3) of one face of the network's side, (size, size, 3), as Fig. 5(b): a column a level.

    Above, one level alone: every other guide is 0.5 everywhere, and so is what x_0 is made of, which belongs to
    level 0. Below, the levels up to that one; with the last of them the restoration is whole.
    The first column holds the image and its restoration. Raises NotFiniteOutput for a network that gives NaN.
    """
    degraded = to_tensor(image)[None].to(next(network.parameters()).device)
    with torch.inference_mode():
        maps = network.encode(degraded)
        start, guides = network.start(degraded, maps), [materialise(guide) for guide in network.guides(maps)]
        count = range(len(guides))
        alone = [decoded(network, start, guides, {level}) for level in count]
        together = [decoded(network, start, guides, set(range(level + 1))) for level in count]
    above = ["degraded", *(f"level {level} alone, {guides[level].shape[-1]} px" for level in count)]
    below = ["restored", *("up to level " + str(level) for level in count)]
    rows = [zip([image, *alone], above, strict=True), zip([together[-1], *together], below, strict=True)]
    return contact_sheet([[(_enlarged(one), label) for one, label in row] for row in rows], title, [NOTE])


def decoded(network: Ispl, start: torch.Tensor, guides: Sequence[torch.Tensor], kept: set[int]) -> Image:
    """The generator's image from the guides of the levels `kept`, the others being 0.5.

    start: x_0, (1, C, h, w); guides: one for each level, of its map's size. Raises NotFiniteOutput as to_images.
    """
    shown = [guide if level in kept else torch.full_like(guide, PLAIN) for level, guide in enumerate(guides)]
    first = start if 0 in kept else torch.full_like(start, PLAIN)
    (image,) = to_images(network.decode(first, shown))
    return image


def _enlarged(image: Image) -> Image:
    """By repeating pixels, so that a label fits above it."""
    times = max(1, _CELL // len(image))
    return image.repeat(times, axis=0).repeat(times, axis=1)
