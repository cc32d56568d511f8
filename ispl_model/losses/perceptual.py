"""The perceptual loss and the frozen classifiers whose features it compares."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError

import torch
from torch import nn

from degrade.core.errors import InputError
from degrade.core.storage.paths import user_path
from ispl_model.losses.pixel import added, l1, mse
from ispl_model.losses.tone import match_tone
from ispl_model.runtime.checkpoint import file_label
from ispl_model.runtime.known_files import STAND_INS, check_published, digits_in


@dataclass(frozen=True)
class FeatureLayers:
    """Which maps of VGG-19 a method compares, instead of those of the ISPL paper.

    layers: weight of each, by name: "conv5_4" before its activation, "relu3_3" after. distance: "l1" or "mse", a mean.
    normalised: whether the input is first brought to ImageNet's mean and deviation. signed: or to [-1, 1].
    """

    layers: Mapping[str, float]
    distance: str = "l1"
    normalised: bool = True
    signed: bool = False


@dataclass(frozen=True)
class Backbone:
    """A frozen classifier's convolution part: how to build it, its file, what is compared.

    taps: indices of torchvision's `features` whose outputs are compared, shallow to deep, unless a method says so.
    normalised: whether the input is first brought to ImageNet's mean and deviation.
    stride: of its first convolution.
    tone: of a stand-in, the weight of the distance in tone (ispl_model.losses.tone) by the distance of the maps;
        without one the images are compared as they are. version: raised with every change of what a stand-in's loss is.
    gradients: of a stand-in, by the distance of the maps, the length of its loss's gradient over a 256 px image
        (geometric mean over bicubic_x4 and dual_blind of five validation faces of profile lite).
    """

    build: Callable[[], nn.Sequential]
    file: str
    taps: tuple[int, ...]
    normalised: bool
    stride: int = 1
    tone: Mapping[str, float] = field(default_factory=dict)
    version: int = 1
    gradients: Mapping[str, float] = field(default_factory=dict)

    def factor(self, asked: FeatureLayers | None) -> float:
        """Factor that scales a stand-in's gradient to that of the asked VGG-19 map, where GRADIENTS has it, else 1."""
        if not (self.gradients and asked and len(asked.layers) == 1):
            return 1.0
        ((layer, weight),) = asked.layers.items()
        given = "signed" if asked.signed else "imagenet" if asked.normalised else "plain"
        own = self.gradients[asked.distance]
        return weight * GRADIENTS.get((layer, asked.distance, given), own) / own

    def label(self, name: str, asked: FeatureLayers | None) -> str:
        """The name, with the version and the factor of a stand-in."""
        factor = self.factor(asked)
        return f"{name}@{self.version}" + (f" x {factor:.2g}" if factor != 1 else "") if self.tone else name


class Perceptual(nn.Module):
    """sum_i w_i mean |phi_i(restored) - phi_i(reference)|, w = 1/32, 1/16, 1/8, 1/4, 1 from shallow to deep.

    phi of "vgg19" is relu1_1, relu2_1, relu3_1, relu4_1, relu5_1 on [0, 1] input that is *not*
    normalised, as in the authors' code (eq. 12 prints a squared L2). "squeezenet" is not in the paper: five
    maps of SqueezeNet 1.1, the last of 1/2, 1/4 and 1/8 and two of 1/16 resolution, on input normalised
    as that network was trained. It compares images of one tone, and the distance in tone is added: on images as they
    are its loss is least 10 to 15 grey levels too dark and 1.1 to 1.2 times too hard.

    name: "vgg19" or "squeezenet" (weights from torch.hub.get_dir()/checkpoints, else downloaded), or
        the path of a file with torchvision's weights of either, with or without the prefix "features.".
    asked: a method's own maps of VGG-19. SqueezeNet stands in for them with its five, taking over the distance, and is
        weighed so that its gradient has the size of theirs (Backbone.factor).
    shifts: compare the images at an offset drawn anew in each call. SqueezeNet begins with a stride of 2, so it takes a
        pattern of that period for a constant, and a training without a loss on pixels hides its errors in one (SRGAN
        on sr4, 5,000 images seen: NIQE 77 without the offsets, 7 with them, and a faint rest of
        the pattern). VGG-19 has no stride and needs none.
    Raises InputError when the weights cannot be had.
    """

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, name: str, asked: FeatureLayers | None = None, shifts: bool = False) -> None:
        super().__init__()
        state = _features(_cached(BACKBONES[name].file, name) if name in BACKBONES else _read(user_path(name)))
        backbone, self.backbone, self.taps = _fit(state, name, asked)
        distance = asked.distance if asked else "l1"
        self.distance, self.tone = {"l1": l1, "mse": mse}[distance], backbone.tone.get(distance)
        self.factor = backbone.factor(asked)
        self.offsets = backbone.stride if shifts else 1
        normalised = asked.normalised if asked and backbone is BACKBONES["vgg19"] else backbone.normalised
        mean, deviation = ((0.485, 0.456, 0.406), IMAGENET_DEVIATION) if normalised else ((0,) * 3, (1,) * 3)
        if asked and asked.signed and backbone is BACKBONES["vgg19"]:
            mean, deviation = (0.5,) * 3, (0.5,) * 3
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(deviation, dtype=torch.float32).view(1, 3, 1, 1))
        self.requires_grad_(False)
        self.eval()

    def features(self, image: torch.Tensor) -> list[torch.Tensor]:
        """(N, 3, H, W) in [0, 1] to the compared maps, shallow to deep."""
        maps = []
        hidden = (image - self.mean) / self.deviation
        for index, layer in enumerate(self.backbone):
            hidden = layer(hidden)
            if index in self.taps:
                maps.append(hidden)
        return maps

    def forward(self, restored: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:  # 2 x (N, 3, H, W) => ()
        top, left = torch.randint(self.offsets, (2,)).tolist()
        restored, reference = restored[..., top:, left:], reference[..., top:, left:]
        with torch.no_grad():
            wanted = self.features(reference)
        if self.tone is None:
            return self._compared(restored, wanted)
        matched, distance = match_tone(restored, reference)
        return self.factor * (self._compared(matched, wanted) + self.tone * distance)

    def _compared(self, restored: torch.Tensor, wanted: list[torch.Tensor]) -> torch.Tensor:
        pairs = zip(self.taps.values(), self.features(restored), wanted, strict=True)
        return added(weight * self.distance(ours, theirs) for weight, ours, theirs in pairs)


def perceptual_label(name: str, asked: FeatureLayers | None = None) -> str:
    """What a checkpoint's header says: the name, or a file's name and the start of its SHA-256.

    A stand-in's version and factor are part of it, so that what was trained otherwise is not taken for the same.
    """
    if name == "none":
        return name
    if name in BACKBONES:
        return BACKBONES[name].label(name, asked)
    path = user_path(name)
    _require_file(path)
    backbone, _, _ = _fit(_features(_read(path)), name, None)
    return backbone.label(file_label(path), asked)


class _Fire(nn.Module):
    """SqueezeNet's block: 1x1 squeeze, then 1x1 and 3x3 side by side, ReLU after each."""

    def __init__(self, channels: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # (N, channels, H, W) => (N, 2 expanded, H, W)
        x = torch.relu(self.squeeze(x))
        return torch.relu(torch.cat([self.expand1x1(x), self.expand3x3(x)], dim=1))


def _squeezenet() -> nn.Sequential:
    """SqueezeNet 1.1 (Iandola et al., 2016), numbered as torchvision's `features`."""
    layers: list[nn.Module] = [nn.Conv2d(3, 64, 3, stride=2), nn.ReLU()]
    channels = 64
    for squeezed, expanded in ((16, 64), (32, 128), (48, 192), (64, 256)):
        if expanded < 256:  # the last two pairs share one resolution
            layers.append(nn.MaxPool2d(3, 2, ceil_mode=True))
        layers += [_Fire(channels, squeezed, expanded), _Fire(2 * expanded, squeezed, expanded)]
        channels = 2 * expanded
    return nn.Sequential(*layers)


_VGG_BLOCKS = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))  # width and depth between poolings


def _vgg19() -> nn.Sequential:
    """VGG-19 (Simonyan and Zisserman, 2015), numbered as torchvision's `features`."""
    layers: list[nn.Module] = []
    channels = 3
    for width, depth in _VGG_BLOCKS:
        if layers:
            layers.append(nn.MaxPool2d(2))
        for _ in range(depth):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
    return nn.Sequential(*layers)


IMAGENET_DEVIATION = (0.229, 0.224, 0.225)
WEIGHTS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)  # of the five maps, shallow to deep
BACKBONES = {
    "vgg19": Backbone(_vgg19, "vgg19-dcbb9e9d.pth", taps=(1, 6, 11, 20, 29), normalised=False),
    "squeezenet": Backbone(
        _squeezenet,
        "squeezenet1_1-b8a52dc0.pth",
        taps=(1, 4, 7, 10, 12),
        normalised=True,
        stride=2,
        # What the law of ispl_model.losses.tone needs: in windows of 96 px 199 and 13,600 (40 real faces, reduced to a
        # quarter or degraded), of 128 px 71 and 3,800 (30, reduced), of 256 px 13 and 880. Of five faces of 256 px the
        # term then has 32 to 50 % of the loss, and its gradient 11 to 24 % of both gradients' lengths added.
        tone={"l1": 250.0, "mse": 17000.0},
        version=3,
        gradients={"l1": 4.2, "mse": 280.0},
    ),
}
# The same length for single maps of VGG-19, by layer, distance and input. Each is a loss from a log of the methods' own
# programs, of other images, times the gradient per loss of a proxy, the VGG-16 of ST-LPIPS: right within a small
# factor, not within per cent. The proxy's losses are no guide, its trunk was trained from random weights: its maps
# differ 45 times as much at conv5_4 and a twelfth at conv3_3.
# conv5_4: 0.9 (open-mmlab/mmagic issue 82, 2020-05-22: 0.77 to 0.87; XPixelGroup/BasicSR issue 204, 2019-08-09: 1.0 to
# 1.04); relu5_4 is that map's positive part. conv3_3: 3.0 in [-1, 1] (KupynOrest/DeblurGAN issue 117, 2018-11-02: 300
# at weight 100), which is 12 after ImageNet's normalisation.
GRADIENTS = {
    ("conv5_4", "l1", "imagenet"): 0.26,
    ("relu5_4", "mse", "imagenet"): 0.055,
    ("conv3_3", "mse", "imagenet"): 1.7,
    ("conv3_3", "mse", "signed"): 0.30,
}


def _cached(file: str, name: str) -> Mapping[str, torch.Tensor]:
    """The weights from torch's hub folder, where a download puts them too."""
    path = user_path(torch.hub.get_dir()) / "checkpoints" / file
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(f"https://download.pytorch.org/models/{file}", str(path), file[-12:-4])
        except (URLError, OSError, RuntimeError) as error:
            raise InputError(
                f"perceptual loss '{name}': {path} is not there and cannot be downloaded ({error}); "
                f"put {file} there, or say --perceptual none or --perceptual FILE"
            ) from error
    check_published(path, digits_in(file), STAND_INS.get(file, {}))
    return _read(path)


def _require_file(path: Path) -> None:
    if not path.is_file():
        raise InputError(
            f"perceptual loss '{path}': expected {', '.join(BACKBONES)}, none or an existing file of weights"
        )


def _read(path: Path) -> Mapping[str, torch.Tensor]:
    _require_file(path)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises nearly every kind of exception on bad bytes
        raise InputError(f"{path}: cannot be read as PyTorch weights (weights_only); it may be cut off") from error
    if not isinstance(state, Mapping) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise InputError(f"{path}: expected a table of weights, got something else")
    return state


def _features(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The convolution part: without the prefix "features." and without the classifier."""
    return {key.removeprefix("features."): value for key, value in state.items() if not key.startswith("classifier.")}


def _fit(
    state: Mapping[str, torch.Tensor], name: str, asked: FeatureLayers | None
) -> tuple[Backbone, nn.Sequential, dict[int, float]]:
    """The network these weights belong to, filled with them up to the last compared map, and the maps' weights."""
    for backbone in BACKBONES.values():
        taps = dict(zip(backbone.taps, WEIGHTS, strict=True))
        if asked and backbone is BACKBONES["vgg19"]:
            taps = {_vgg_index(layer): weight for layer, weight in asked.layers.items()}
        with torch.device("meta"):
            network = backbone.build()[: max(taps) + 1]
        wanted = network.state_dict()
        if all(key in state and state[key].shape == value.shape for key, value in wanted.items()):
            network.load_state_dict({key: state[key].float() for key in wanted}, assign=True)
            return backbone, network, dict(sorted(taps.items()))
    raise InputError(
        f"perceptual loss '{name}': the weights fit neither of {', '.join(BACKBONES)} (torchvision layout)"
    )


def _vgg_index(layer: str) -> int:
    """
    >>> _vgg_index("conv1_1"), _vgg_index("relu3_3"), _vgg_index("conv5_4")
    (0, 15, 34)
    """
    block, number = int(layer[4]), int(layer[6])
    before = sum(2 * depth + 1 for _, depth in _VGG_BLOCKS[: block - 1])
    return before + 2 * (number - 1) + (layer[:4] == "relu")
