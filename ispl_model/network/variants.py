"""The columns of Table 1 as configurations of one architecture: what embeds, what fuses, where the generator starts.

Eq. 7 is the same for all of them: encoder E, fusion F, generator G (ispl_model.network.ispl.Ispl).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from degrade.core.errors import unknown
from ispl_model.network.fusion import (
    ConcatFusion,
    FirstMapFusion,
    Fusion,
    MatrixFusion,
    MultiCodeFusion,
    StyleFusion,
    UnetFusion,
)

SIZES = (64, 128, 256, 512)
MOST_WIDTH = 1024  # channels of a network's first level: sixteen times the published one
SMALLEST_MAP = 16  # side of y_0 in pixels (paper, Sec. 4.1)

# Left and right are the pictured person's.
CLASSES = (
    "background", "skin", "nose", "eye_glasses", "left_eye", "right_eye", "left_brow", "right_brow", "left_ear",
    "right_ear", "mouth", "upper_lip", "lower_lip", "hair", "hat", "earring", "necklace", "neck", "cloth",
)  # fmt: skip


RGB, PARSING = range(3), range(3, 3 + len(CLASSES))  # channels of what the network is given


@dataclass(frozen=True)
class Variant:
    """A column of Table 1, another fusion of Sec. 3.3, or the authors' code.

    embedding: E, eq. 6: "picture" (an explicit prior: no E, every y_i is the picture itself at that level's side),
        "conv", "pac" (eqs. 8, 9) or "lip" (local importance pooling, the authors' code).
    fusion: F, eq. 7. picture: the channels that an explicit prior and a spade start look at.
    spade: x_0 is a 3x3 convolution of the 16x16 picture and enlargement is nearest, as in SPADE and the authors' code;
        else x_0 = y_0 and enlargement is bilinear, as in the paper.
    starts_as_image: the first channels of the finest guide start as the image, so the untrained network can pass it on.
        Not so in the authors' code, where they are standardised: the denoising that took 60 steps from the guide passed
        on (24.2 dB) took 30 from a mid grey (width 8).
    bright: whether the image at 16x16 is added to y_0, through a convolution (see Encoder). So where the generator gets
        y_0 alone, as guide and as x_0: else it would restore an image and its half-bright copy to the same image.
        ISP-Y0 after 400 steps of L1 on mosaic16 (width 8, 128 px, one seed, 60 faces): 20.7 dB without, 22.6 with it;
        22.7 without norms, with which adaptive convolutions start almost dead; 20.4 where x_0 alone is made of the
        image, as in the authors' code: the norms of eq. 10 take its brightness away.
    revision: raised when weights of the same names come to mean another network; those of an older one are refused.
    """

    embedding: str
    fusion: Callable[[Sequence[int]], Fusion]
    spade: bool = False
    starts_as_image: bool = True
    picture: range = RGB
    bright: bool = False
    revision: int = 0


VARIANTS = {
    "ep_map": Variant("picture", UnetFusion, spade=True, starts_as_image=False, picture=PARSING),
    "ep_16x": Variant("picture", UnetFusion, spade=True),
    "isp_y0": Variant("conv", FirstMapFusion, starts_as_image=False, bright=True, revision=1),
    "isp_unet": Variant("conv", UnetFusion),
    "isp_unet_pac": Variant("pac", UnetFusion),
    "isp_concat": Variant("pac", ConcatFusion),
    "isp_matrix": Variant("pac", MatrixFusion),
    "isp_style": Variant("pac", StyleFusion, starts_as_image=False, bright=True, revision=1),
    "isp_multi_code": Variant("pac", MultiCodeFusion),
    "released": Variant("lip", UnetFusion, spade=True, starts_as_image=False, revision=1),
}


@dataclass(frozen=True)
class IsplConfig:
    """Everything that fixes the shapes of the weights; saved inside every checkpoint.

    variant: key of VARIANTS. width: channels at full resolution, doubled at each halving up to 16 * width.
    size: side of the image in pixels, 64, 128, 256 or 512. projection: channels D of g in eq. 9.
    levels: with the convolutions of ispl_model.network.fusion.LevelInput, so that the network can be asked for a level.
    revision: of the variant, None for today's. Checkpoints that do not know it are of revision 0.

    Raises:
        InputError: variant is unknown. ValueError: a number is out of range, or the revision is not today's.
    """

    variant: str = "isp_unet_pac"
    width: int = 64
    size: int = 512
    projection: int = 32
    levels: bool = False
    revision: int | None = None

    def __post_init__(self) -> None:
        if self.variant not in VARIANTS:
            raise unknown("ISPL variant", self.variant, VARIANTS)
        if self.size not in SIZES:
            raise ValueError(f"IsplConfig: size must be one of {SIZES} pixels, got {self.size}")
        if not (1 <= self.width <= MOST_WIDTH and 1 <= self.projection <= MOST_WIDTH):
            got = f"{self.width} and {self.projection}"
            raise ValueError(f"IsplConfig: width and projection must be 1 to {MOST_WIDTH}, got {got}")
        current = VARIANTS[self.variant].revision
        if self.revision not in (None, current):
            raise ValueError(
                f"the weights are of {self.variant} in revision {self.revision}, which differs from today's "
                f"revision {current}; train it again"
            )
        object.__setattr__(self, "revision", current)

    @property
    def top_level(self) -> int:
        """The level at which the whole network is used, log2(size / 16); the lowest is 0."""
        return (self.size // SMALLEST_MAP).bit_length() - 1

    @property
    def channels(self) -> tuple[int, ...]:
        """Of the encoder's maps and the generator's levels, 0 (16x16) to top_level (full resolution).

        >>> IsplConfig(width=64, size=512).channels
        (1024, 1024, 512, 256, 128, 64)
        """
        return tuple(self.width * min(16, 2**level) for level in range(self.top_level, -1, -1))

    @property
    def inputs(self) -> int:
        """Channels of what the network is given: RGB, and for ep_map one for each parsing class."""
        return VARIANTS[self.variant].picture.stop
