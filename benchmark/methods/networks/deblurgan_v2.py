"""DeblurGAN-v2 (Kupyn et al. 2019): a feature pyramid over a classifier's trunk, and two relativistic discriminators.

`deblurgan_v2` has the MobileNetV2 trunk and is trained here from scratch; `deblurgan_v2:inception` has the paper's main
trunk, Inception-ResNet-v2, and needs its ImageNet weights (package timm). The network works in [-1, 1] and adds its
input.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from benchmark.assets.loading import load_state
from benchmark.assets.weights import missing, weight_path
from benchmark.methods.networks.common import BatchNorm, NetworkMethod, padded_to_multiple
from degrade.core.errors import InputError
from ispl_model.losses.perceptual import IMAGENET_DEVIATION, FeatureLayers
from ispl_model.losses.pixel import Tensors
from ispl_model.network.init import init_small_
from ispl_model.training.config import TrainingConfig

SCALE = 1
COARSEST = 32  # side of a pixel of the coarsest map
# Where MobileNetV2's features are cut: maps of 1/2, 1/4, 1/8, 1/16 and 1/32 of the side.
_MOBILE_CUTS = (0, 2, 4, 7, 11, 16)
INCEPTION_FILE = "checkpoints/inception_resnet_v2-940b1cd6.pth"  # below $TORCH_HOME/hub
_INCEPTION_STAGES = (
    ("conv2d_1a",),
    ("conv2d_2a", "conv2d_2b", "maxpool_3a"),
    ("conv2d_3b", "conv2d_4a", "maxpool_5a"),
    ("mixed_5b", "repeat", "mixed_6a"),
    ("repeat_1", "mixed_7a"),
)


class Pyramid(nn.Module):
    """Top-down pyramid over five maps, fine to coarse, and what makes an image of it.

    channels: of the five maps. pyramid: channels of the pyramid's maps; head: of each of the four that are joined.
    """

    def __init__(self, channels: Sequence[int], pyramid: int, head: int) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(
            nn.Conv2d(inputs, pyramid if level else head, 1, bias=False) for level, inputs in enumerate(channels)
        )
        self.smooth = nn.ModuleList(_normed(pyramid, pyramid) for _ in range(3))
        self.heads = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(pyramid, head, 3, padding=1, bias=False), nn.ReLU(),
                nn.Conv2d(head, head, 3, padding=1, bias=False), nn.ReLU(),
            ) for _ in range(4)
        )  # fmt: skip
        self.join, self.refine = _normed(4 * head, head), _normed(head, head // 2)
        self.tail = nn.Conv2d(head // 2, 3, 3, padding=1)
        for _ in range(2):  # its features have unit variance, and the picture only a quarter
            init_small_(self.tail)

    def forward(self, maps: Sequence[torch.Tensor]) -> torch.Tensor:
        """Maps of 1/2 ... 1/32 of the side => (N, 3, H, W), not bounded."""
        fine, *laterals = (lateral(features) for lateral, features in zip(self.lateral, maps, strict=True))
        levels = [laterals[-1]]
        for lateral, smooth in zip(laterals[-2::-1], self.smooth, strict=True):
            levels.append(smooth(lateral + functional.interpolate(levels[-1], lateral.shape[-2:])))
        quarter = laterals[0].shape[-2:]
        pairs = zip(self.heads, levels[::-1], strict=True)
        joined = torch.cat([functional.interpolate(head(level), quarter) for head, level in pairs], dim=1)
        half = self.refine(functional.interpolate(self.join(joined), fine.shape[-2:]) + fine)
        return self.tail(functional.interpolate(half, scale_factor=2))


class DeblurGanV2(nn.Module):
    """(N, 3, H, W) in [0, 1] to the same, clamped.

    trunk: stages that halve the side one after the other; channels: of what they give. pyramid: channels of its maps;
    with 256 over Inception-ResNet-v2 as in the paper it has 5,085,827 parameters, 35,840,099 with the trunk.
    """

    def __init__(self, trunk: nn.ModuleList, channels: Sequence[int], pyramid: int) -> None:
        super().__init__()
        self.trunk, self.pyramid = trunk, Pyramid(channels, pyramid, pyramid // 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        height, width = x.shape[-2:]
        signed = padded_to_multiple(2 * x - 1, COARSEST)
        maps, features = [], signed
        for level, stage in enumerate(self.trunk, 1):
            features = stage(features)
            maps.append(_realigned(features, [side >> level for side in signed.shape[-2:]]))
        residual = torch.tanh(self.pyramid(maps))
        return ((signed + residual).clamp(-1, 1)[..., :height, :width] + 1) / 2


def mobilenet_trunk(width: float) -> tuple[nn.ModuleList, list[int]]:
    """The stages of torchvision's MobileNetV2, untrained, its channels scaled by `width`, and what they give."""
    from torchvision.models import mobilenet_v2

    features = mobilenet_v2(weights=None, width_mult=width, norm_layer=BatchNorm).features
    cuts = list(zip(_MOBILE_CUTS, _MOBILE_CUTS[1:], strict=False))
    stages = nn.ModuleList(nn.Sequential(*features[first:last]) for first, last in cuts)
    return stages, [features[last - 1].out_channels for _, last in cuts]


def inception_trunk(file: Path | None = None) -> tuple[nn.ModuleList, tuple[int, ...]]:
    """The stages of timm's Inception-ResNet-v2 and what they give, without the unused part behind them.

    file: its ImageNet weights, None for an untrained trunk. Trains on images of 128 px at least.
    """
    from timm import create_model

    network = create_model("inception_resnet_v2", pretrained=False)
    if file is not None:
        network.load_state_dict(load_state(file))
    stages = (nn.Sequential(*(getattr(network, name) for name in names)) for names in _INCEPTION_STAGES)
    return nn.ModuleList(stages), (32, 64, 192, 1088, 2080)


def _with_imagenet(width: int) -> DeblurGanV2:
    path = weight_path(INCEPTION_FILE)
    if not path.is_file():
        raise InputError(f"deblurgan_v2:inception: unavailable: {missing(INCEPTION_FILE)}")
    return DeblurGanV2(*inception_trunk(path), 4 * width)


def _realigned(features: torch.Tensor, sides: Sequence[int]) -> torch.Tensor:
    """Mirrored at all borders to the sides of its level: Inception's convolutions leave the border out."""
    padding = []
    for side, wanted in zip(features.shape[:-3:-1], sides[::-1], strict=True):
        padding += [(wanted - side) // 2, wanted - side - (wanted - side) // 2]
    return functional.pad(features, padding, mode="reflect") if any(padding) else features


def _normed(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.InstanceNorm2d(outputs), nn.ReLU())


def normalised_mse(outputs: Tensors, batch: Tensors) -> torch.Tensor:
    """Mean squared error after ImageNet's normalisation, 19.6 times that of images in [0, 1]."""
    error = outputs["restored"] - batch["reference"]
    return (error / error.new_tensor(IMAGENET_DEVIATION).view(1, 3, 1, 1)).square().mean()


# VITA-Group/DeblurGANv2: models/losses.py, c16bd9f: 0.5 of the squared error and 0.006 of that of VGG-19's features
# conv3_3, before the ReLU, both after ImageNet's normalisation; half the relativistic least-squares loss, a mean over
# small and large patches (adversarial_trainer.py, 319a678). Its weight 0.01, 150 epochs constant and 150 falling:
# sections 3.2 and 4.1 of the paper, as it is cited (not re-read). Adam at 1e-4 with torch's betas, windows of 256 px:
# train.py, 7fdac82, and config/config.yaml, 6b231fc (which has 50 epochs of 200 constant, and another adversarial
# loss).
TRAINING = TrainingConfig(
    scale=SCALE,
    losses={"normalised_mse": 0.5, "perceptual": 0.006, "ragan-ls": 0.01},
    learning_rate=1e-4,
    betas=(0.9, 0.999),
    constant_share=1 / 2,
    crop=256,
    perceptual=FeatureLayers({"conv3_3": 1.0}, distance="mse"),
    functions={"normalised_mse": normalised_mse},
    discriminator="patch_3_5",
    conditional=False,
    version=2,
)

deblurgan_v2 = NetworkMethod(
    "deblurgan_v2", lambda width: DeblurGanV2(*mobilenet_trunk(width / 64), 2 * width), TRAINING
)
inception = NetworkMethod("deblurgan_v2:inception", _with_imagenet, TRAINING)
