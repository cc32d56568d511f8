"""The metrics by id: what each one is, and `load`, which gives the thing that computes it.

Colour space, window and weights are part of the id; a changed definition is a new version. Nothing
here or below ever downloads: a weight file that is missing makes its metric `Unavailable`.
"""

import functools
import importlib
import importlib.metadata
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from degrade.errors import InputError, unknown
from degrade.files import sha256_file
from degrade.image import Image, check_image

Compute = Callable[[Image, Image | None], float]


class Unavailable(Exception):
    """A metric cannot be loaded here: a weight file or package is missing. One sentence, no machine path."""


class MetricError(ValueError):
    """A metric has no value for these images (too small, no face in the reference). One sentence."""


class SetScorer(Protocol):
    """What `load` gives for a metric of sets.

    feature: one image to (D,) numbers, remembered by the image's content.
    distance: (N, D) of the restored and (M, D) of the references to one number; MetricError below two rows.
    deviation: of that number over the subsets it is a mean of; None where it is no such mean.
    """

    def feature(self, image: Image) -> np.ndarray: ...

    def distance(self, restored: np.ndarray, reference: np.ndarray) -> float: ...

    def deviation(self, restored: np.ndarray, reference: np.ndarray) -> float | None: ...


@dataclass(frozen=True)
class Metric:
    """What is declared about a metric.

    module: file below benchmark/metrics that has its `load(metric_id)`.
    unit: "1" for plain numbers. weights: files below torch.hub.get_dir().
    packages: the distributions whose version can move the number. header: for tables.
    meaning: how the images are prepared and what is computed. note: what a reader of a table must know.
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


_NUMPY = ("numpy", "opencv-python")
_DLIB = ("dlib-bin", "face_recognition_models")
_TORCH = ("pyiqa", "torch", "torchvision")
_INCEPTION = ("pyiqa/pt_inception-2015-12-05-6726825d.pth",)
_CLEAN = "PIL bicubic (antialiased) to 299 px in float, FID Inception (2015-12-05) pool features of 2048 numbers; "
_ONE_BOX = "box of the largest HOG detection (upsampled once) on the reference for both images; "

_ALL = (
    Metric(
        "psnr.rgb", "pixel", "dB", True, True, "image", (), "PSNR", _NUMPY,
        "10 log10(1 / MSE) over all pixels and the three channels of RGB in [0, 1], no border cropped",
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
        "lle.dlib68", "face", "px at 512", False, True, "image", (), "LLE", _DLIB,
        _ONE_BOX + "mean distance of the 68 landmarks in pixels x 512 / image height",
        "one box, from the reference: not the authors' lle.author",
    ),
    Metric(
        "found.dlib", "face", "share", True, True, "image", (), "found", _DLIB,
        "1 where the detector finds in the output a face that overlaps the reference's largest by IoU > 0.5, else 0",
    ),
    Metric(
        "fid.inception", "frechet", "1", False, True, "set", _INCEPTION, "FID", _TORCH,
        _CLEAN + "Frechet distance in float64",
        "biased below 2048 images: read KID beside it",
    ),
    Metric(
        "kid.inception", "frechet", "1", False, True, "set", _INCEPTION, "KID", _TORCH,
        _CLEAN + "unbiased squared MMD with kernel (x y / 2048 + 1)^3 over all pairs, no random subsets",
    ),
    Metric(
        "ffd.dlib", "frechet", "1", False, True, "set", (), "FFD-dlib", _DLIB,
        "dlib face descriptors of 128 numbers at the image's own largest detection, or where it has none at the box "
        "typical of FFHQ's alignment; Frechet distance in float64",
        "biased below 100 images",
    ),
    Metric(
        "lpips.alex", "perceptual", "1", False, True, "image",
        ("checkpoints/alexnet-owt-7be5be79.pth", "pyiqa/LPIPS_v0.1_alex-df73285e.pth"),
        "LPIPS", _TORCH, "LPIPS v0.1 with AlexNet on RGB scaled to [-1, 1], linear heads, spatial mean",
    ),
    Metric(
        "lpips.squeeze", "perceptual", "1", False, True, "image",
        ("checkpoints/squeezenet1_1-b8a52dc0.pth", "pyiqa/LPIPS_v0.1_squeeze-4a5350f2.pth"),
        "LPIPS-squeeze", _TORCH, "LPIPS v0.1 with SqueezeNet 1.1 on RGB scaled to [-1, 1], linear heads, spatial mean",
        "another network than the paper's LPIPS",
    ),
    Metric(
        "niqe.y", "naturalness", "1", False, False, "image", ("pyiqa/niqe_modelparameters.mat",), "NIQE", _TORCH,
        "luma of YIQ rounded to 8 bits, whole blocks of 96 px, distance to LIVE's natural-image model in float64",
        "at 256 px it rests on four blocks",
    ),
    Metric(
        "gmsd", "structure", "1", False, True, "image", (), "GMSD", _TORCH,
        "luma of YIQ rounded to 8 bits, halved by a 2 px mean, Prewitt gradients, T = 170, deviation of the similarity",
    ),
)  # fmt: skip
METRICS: dict[str, Metric] = {metric.id: metric for metric in _ALL}


def find_metric(metric_id: str) -> Metric:
    """The metric of that id; InputError with the nearest one when there is none."""
    if metric_id not in METRICS:
        raise unknown("metric", metric_id, METRICS)
    return METRICS[metric_id]


@functools.cache
def load(metric_id: str) -> Compute | SetScorer:
    """What computes the metric, on the CPU; one object per process, made on the first call.

    per "image": scorer(restored, reference) -> float; +inf where the formula says so, MetricError where
    there is no value; the reference may be None where the metric needs none. per "set": a SetScorer.
    Raises Unavailable with the reason, InputError for an unknown id.
    """
    metric = find_metric(metric_id)
    _need_weights(metric)
    try:
        module = importlib.import_module(f"benchmark.metrics.{metric.module}")
        scorer = module.load(metric_id)
    except ImportError as error:
        raise Unavailable(f"{metric_id} needs the package {error.name or error}; install it with pip") from error
    except Unavailable:
        raise
    except Exception as error:  # damaged weight files raise nearly every kind of exception
        if not metric.weights:
            raise
        names = " or ".join(Path(file).name for file in metric.weights)
        reason = f"{metric_id}: {names} cannot be used ({type(error).__name__}); fetch it again"
        raise Unavailable(reason) from error
    return scorer if metric.per == "set" else _guarded(metric, scorer)


def definition(metric_id: str) -> dict[str, Any]:
    """Everything that fixes the metric's numbers, for run files: plain JSON, None for what is not here."""
    metric = find_metric(metric_id)
    return {
        "id": metric.id,
        "version": metric.version,
        "unit": metric.unit,
        "higher_is_better": metric.higher_is_better,
        "per": metric.per,
        "meaning": metric.meaning,
        "packages": {package: _package_version(package) for package in metric.packages},
        "weights": _weight_hashes(metric),
    }


def weight_path(file: str) -> Path:
    """Where a weight file is looked for: `file` below torch.hub.get_dir(), that is $TORCH_HOME/hub."""
    import torch

    return Path(torch.hub.get_dir()) / file


def _need_weights(metric: Metric) -> None:
    for file in metric.weights:
        if not weight_path(file).is_file():
            raise Unavailable(f"{metric.id} needs {Path(file).name}; put it at $TORCH_HOME/hub/{file}")


def _guarded(metric: Metric, compute: Compute) -> Compute:
    """The checks that every metric of images shares."""

    def scorer(restored: Image, reference: Image | None = None) -> float:
        check_image(restored, "restored")
        if metric.needs_reference:
            if reference is None:
                raise ValueError(f"{metric.id}: expected a reference, got None")
            check_image(reference, "reference")
            if restored.shape != reference.shape:
                sizes = " and ".join("x".join(map(str, image.shape[:2])) for image in (restored, reference))
                raise MetricError(f"restored and reference differ in size ({sizes})")
        value = float(compute(restored, reference))
        if math.isnan(value):
            raise MetricError(f"{metric.header} is not a number for this image")
        return value

    return scorer


def _package_version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _weight_hashes(metric: Metric) -> dict[str, str | None]:
    from degrade.faces import weights_sha256

    if metric.packages == _DLIB:  # their weights are a package of their own
        try:
            return {"face_recognition_models": weights_sha256()}
        except InputError:
            return {"face_recognition_models": None}
    paths = {file: weight_path(file) for file in metric.weights}
    return {file: sha256_file(path) if path.is_file() else None for file, path in paths.items()}
