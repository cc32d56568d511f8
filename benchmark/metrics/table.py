"""What is declared about each metric: one literal table, and the two families whose members the user names."""

import math
from dataclasses import dataclass, replace
from typing import Literal

_DECIMALS = {"fed": 4, "lpips": 4, "gmsd": 4, "ffd": 4, "mmd": 4, "kid": 5}  # as the paper prints; 3 for the others


@dataclass(frozen=True)
class Metric:
    """What is declared about a metric.

    module: file below benchmark/metrics that has its `load(metric_id)`.
    unit: "1" for plain numbers. weights: files below $TORCH_HOME/hub; benchmark.assets.weights has their facts.
    packages: the distributions whose version can move the number. header: for tables.
    meaning: how the images are prepared and what is computed. note: what a reader of a table must know.
    frechet_over: of a Frechet distance the numbers of a descriptor, on which its bias depends; 0 of the others.
    descriptors_of: the metric of sets whose descriptors it shares, in files and in memory; itself when empty.
    """

    id: str
    module: str
    unit: str
    higher_is_better: bool | None
    needs_reference: bool
    per: Literal["image", "set"]
    weights: tuple[str, ...]
    header: str
    packages: tuple[str, ...]
    meaning: str
    note: str = ""
    version: int = 1
    frechet_over: int = 0
    descriptors_of: str = ""

    @property
    def descriptors(self) -> str:
        """The metric under whose name descriptors are kept."""
        return self.descriptors_of or self.id


_NUMPY = ("numpy", "opencv-python")
_DLIB = ("dlib-bin", "face_recognition_models")
_TORCH = ("pyiqa", "torch", "torchvision")
_CLEANED = ("pillow", *_TORCH)
_VGG = "checkpoints/vgg16-397923af.pth"
_INCEPTION = ("pyiqa/pt_inception-2015-12-05-6726825d.pth",)
_CLEAN = (
    "8 bits, brought to 299 px as clean-fid 0.1.35 does (PIL bicubic on each channel in float, clipped to 0..255), "
    "FID Inception (2015-12-05) pool features of 2048 numbers; "
)
_DESCRIPTORS = (
    "dlib face descriptors of 128 numbers at the image's own largest detection, or where it has none at the box "
    "typical of FFHQ's alignment; "
)
_EACH_BOX = "box of the surest HOG detection (upsampled once) on each image, no value where one has none; "
_DROPS_OUT = "images without a detection are left out: a method that destroys faces is not punished for it"
_ONE_BOX = "box of the largest HOG detection (upsampled once) on the reference for both images; "

_ALL = (
    Metric(
        "psnr.rgb", "pixel", "dB", True, True, "image", (), "PSNR", _NUMPY,
        "10 log10(1 / MSE) over all pixels and the three channels of RGB in [0, 1], no border cropped",
    ),
    Metric(
        "psnr.y601", "pixel", "dB", True, True, "image", (), "PSNR-Y", ("numpy",),
        "10 log10(1 / MSE) of the luma of BT.601 in 16-235 / 255, not rounded, peak 1, no border cropped",
        "1.3 dB above the same luma in full range, by definition",
    ),
    Metric(
        "ssim.gauss11.rgb", "structure", "1", True, True, "image", (), "SSIM", _NUMPY,
        "Gaussian window 11 px, sigma 1.5, K 0.01 and 0.03, valid region, each of R, G, B on its own, mean of three",
    ),
    Metric(
        "msssim.rgb", "structure", "1", True, True, "image", (), "MS-SSIM", _NUMPY,
        "five scales of weights .0448 .2856 .3001 .2363 .1333, Gaussian window 11 px, sigma 1.5, valid region, "
        "negative contrast terms cut to 0, each of R, G, B on its own, mean of three",
        "no value below 161 px",
    ),
    Metric(
        "fed.dlib", "face", "1", False, True, "image", (), "FED", _DLIB,
        _ONE_BOX + "L2 between the 128 numbers of dlib's face descriptor (5-point alignment, one jitter)",
        "one box, from the reference: not the authors' fed.author",
    ),
    Metric(
        "fed.author", "face", "1", False, True, "image", (), "FED (authors' way)", _DLIB,
        _EACH_BOX + "L2 between the 128 numbers of dlib's face descriptor (5-point alignment, one jitter)",
        _DROPS_OUT,
    ),
    Metric(
        "lle.dlib68", "face", "px at 512", False, True, "image", (), "LLE", _DLIB,
        _ONE_BOX + "mean distance of the 68 landmarks in pixels x 512 / image height",
        "one box, from the reference: not the authors' lle.author",
    ),
    Metric(
        "lle_io.dlib68", "face", "1", False, True, "image", (), "LLE / eye distance", _DLIB,
        _ONE_BOX + "mean distance of the 68 landmarks over that of the reference's outer eye corners",
    ),
    Metric(
        "lle.author", "face", "px", False, True, "image", (), "LLE (authors' way)", _DLIB,
        _EACH_BOX + "mean distance of the 72 points that face_recognition lists (the corners of the lips twice), "
        "in pixels of the image as it is",
        _DROPS_OUT,
    ),
    Metric(
        "found.dlib", "face", "share", True, True, "image", (), "found", _DLIB,
        "1 where the detector finds in the output a face that overlaps the reference's largest by IoU > 0.5, else 0",
    ),
    Metric(
        "fid.inception", "frechet", "1", False, True, "set", _INCEPTION, "FID", _CLEANED,
        _CLEAN + "Frechet distance to the split's references in float64",
        "biased below 2048 images: read KID beside it",
        version=2, frechet_over=2048,
    ),
    Metric(
        "kid.inception", "frechet", "1", False, True, "set", _INCEPTION, "KID", _CLEANED,
        _CLEAN + "unbiased squared MMD with kernel (x y / 2048 + 1)^3 to the split's references; mean and deviation "
        "over 1000 subsets of min(1000, half the smaller set), drawn as torch-fidelity does (seed 2020)",
        "of pairs a little too low: a subset may hold an image and its own reference",
        version=3, descriptors_of="fid.inception",
    ),
    Metric(
        "ffd.dlib", "frechet", "1", False, True, "set", (), "FFD-dlib", _DLIB,
        _DESCRIPTORS + "Frechet distance in float64",
        "as scored mostly bias at 100 images and below, which MMD-dlib has not",
        frechet_over=128,
    ),
    Metric(
        "mmd.dlib", "mmd", "1", False, True, "set", (), "MMD-dlib", _DLIB,
        _DESCRIPTORS + "unbiased squared MMD with kernel exp(-|x - y|^2 / (2 x 0.6^2)) in float64, an image never "
        "held against its own reference",
        "may be below 0, being unbiased at any number of images",
        descriptors_of="ffd.dlib",
    ),
    Metric(
        "lpips.alex", "perceptual", "1", False, True, "image",
        ("checkpoints/alexnet-owt-7be5be79.pth", "pyiqa/LPIPS_v0.1_alex-df73285e.pth"),
        "LPIPS", _TORCH, "LPIPS v0.1 with AlexNet on RGB scaled to [-1, 1], linear heads, spatial mean",
    ),
    Metric(
        "lpips.vgg", "perceptual", "1", False, True, "image",
        (_VGG, "pyiqa/LPIPS_v0.1_vgg-a78928a0.pth"),
        "LPIPS-VGG", _TORCH, "LPIPS v0.1 with VGG-16 on RGB scaled to [-1, 1], linear heads, spatial mean",
        "another network than the paper's LPIPS",
    ),
    Metric(
        "lpips.squeeze", "perceptual", "1", False, True, "image",
        ("checkpoints/squeezenet1_1-b8a52dc0.pth", "pyiqa/LPIPS_v0.1_squeeze-4a5350f2.pth"),
        "LPIPS-squeeze", _TORCH, "LPIPS v0.1 with SqueezeNet 1.1 on RGB scaled to [-1, 1], linear heads, spatial mean",
        "another network than the paper's LPIPS",
    ),
    Metric(
        "dists", "perceptual", "1", False, True, "image", (_VGG, "pyiqa/DISTS_weights-f5e65c96.pth"), "DISTS", _TORCH,
        "structure and texture similarity of VGG-16 features (L2 pooling) and of RGB itself, at the image's own size",
    ),
    Metric(
        "niqe.y", "naturalness", "1", False, False, "image", ("pyiqa/niqe_modelparameters.mat",), "NIQE",
        (*_NUMPY, "scipy"),
        "luma of YIQ rounded to 8 bits, whole blocks of 96 px, distance to LIVE's natural-image model in float64",
        "at 256 px it rests on four blocks",
        version=2,
    ),
    Metric(
        "gmsd", "structure", "1", False, True, "image", (), "GMSD", _NUMPY,
        "luma of YIQ rounded to 8 bits, halved by a 2 px mean, Prewitt gradients, T = 170, deviation of the similarity",
    ),
)  # fmt: skip
METRICS: dict[str, Metric] = {metric.id: metric for metric in _ALL}


def with_statistics(metric_id: str) -> Metric:
    """`fid.inception@NAME.npz`: the distance to a set that is known by its mean and covariance alone."""
    kind, _, name = metric_id.partition("@")
    metric = METRICS[kind]
    return replace(
        metric,
        id=metric_id,
        needs_reference=False,
        weights=(*metric.weights, f"pyiqa/{name}"),
        header=f"FID to {name.removesuffix('.npz')}",
        meaning=_CLEAN + f"Frechet distance in float64 to the mean and covariance in {name}",
        descriptors_of=kind,
    )


def value_text(metric_id: str, value: float) -> str:
    """A value with the paper's number of decimals; `inf` for infinity.

    >>> value_text("lpips.alex", 0.07226), value_text("psnr.rgb", float("inf"))
    ('0.0723', 'inf')
    """
    return "inf" if math.isinf(value) else f"{value:.{_DECIMALS.get(metric_id.split('.')[0], 3)}f}"
