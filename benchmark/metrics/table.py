"""The table of metrics: a row each, which has all facts of it; benchmark.metrics.base says what they mean."""

from dataclasses import replace

from benchmark.metrics.base import Metric

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
        "psnr.rgb", module="pixel", header="PSNR", unit="dB", higher_is_better=True, packages=_NUMPY,
        meaning="10 log10(1 / MSE) over all pixels and the three channels of RGB in [0, 1], no border cropped",
    ),
    Metric(
        "psnr.y601", module="pixel", header="PSNR-Y", unit="dB", higher_is_better=True, packages=("numpy",),
        meaning="10 log10(1 / MSE) of the luma of BT.601 in 16-235 / 255, not rounded, peak 1, no border cropped",
        note="1.3 dB above the same luma in full range, by definition",
    ),
    Metric(
        "ssim.gauss11.rgb", module="structure", header="SSIM", higher_is_better=True, packages=_NUMPY,
        meaning="Gaussian window 11 px, sigma 1.5, K 0.01 and 0.03, valid region, each of R, G, B on its own, "
        "mean of three",
    ),
    Metric(
        "msssim.rgb", module="structure", header="MS-SSIM", higher_is_better=True, packages=_NUMPY,
        meaning="five scales of weights .0448 .2856 .3001 .2363 .1333, Gaussian window 11 px, sigma 1.5, valid region, "
        "negative contrast terms cut to 0, each of R, G, B on its own, mean of three",
        note="no value below 161 px", note_below_px=161,
    ),
    Metric(
        "fed.dlib", module="face", header="FED", higher_is_better=False, packages=_DLIB, decimals=4,
        meaning=_ONE_BOX + "L2 between the 128 numbers of dlib's face descriptor (5-point alignment, one jitter)",
        note="one box, from the reference: not the authors' fed.author", published_as="fed.author",
    ),
    Metric(
        "fed.author", module="face", header="FED (authors' way)", higher_is_better=False, packages=_DLIB, decimals=4,
        meaning=_EACH_BOX + "L2 between the 128 numbers of dlib's face descriptor (5-point alignment, one jitter)",
        note=_DROPS_OUT,
    ),
    Metric(
        "lle.dlib68", module="face", header="LLE", unit="px at 512", higher_is_better=False, packages=_DLIB,
        meaning=_ONE_BOX + "mean distance of the 68 landmarks in pixels x 512 / image height",
        note="one box, from the reference: not the authors' lle.author", published_as="lle.author",
    ),
    Metric(
        "lle_io.dlib68", module="face", header="LLE / eye distance", higher_is_better=False, packages=_DLIB,
        meaning=_ONE_BOX + "mean distance of the 68 landmarks over that of the reference's outer eye corners",
    ),
    Metric(
        "lle.author", module="face", header="LLE (authors' way)", unit="px", higher_is_better=False, packages=_DLIB,
        meaning=_EACH_BOX + "mean distance of the 72 points that face_recognition lists (the corners of the lips "
        "twice), in pixels of the image as it is",
        note=_DROPS_OUT,
    ),
    Metric(
        "found.dlib", module="face", header="found", unit="share", higher_is_better=True, packages=_DLIB,
        meaning="1 where the detector finds in the output a face that overlaps the reference's largest by IoU > 0.5, "
        "else 0",
    ),
    Metric(
        "fid.inception", module="frechet", header="FID", higher_is_better=False, per="set",
        packages=_CLEANED, weights=_INCEPTION, version=2, frechet_over=2048,
        meaning=_CLEAN + "Frechet distance to the split's references in float64",
        note="biased below 2048 images: read KID beside it", note_below_images=2048,
        gap_role="frechet", judged_from=100,
    ),
    Metric(
        "kid.inception", module="kernel", header="KID", higher_is_better=False, per="set",
        packages=_CLEANED, weights=_INCEPTION, version=3, descriptors_of="fid.inception", decimals=5,
        meaning=_CLEAN + "unbiased squared MMD with kernel (x y / 2048 + 1)^3 to the split's references; mean and "
        "deviation over 1000 subsets of min(1000, half the smaller set), drawn as torch-fidelity does (seed 2020)",
        note="of pairs a little too low: a subset may hold an image and its own reference",
    ),
    # interval_from: of sets drawn with the spectrum of dlib's descriptors, near and far, of pairs and of strangers, the
    # least share of intervals that held the true distance was 3 % at 67 images, 85 % at 80, 93 % at 90, 90 to 93 % at
    # 100 to 500 (an error of 3 %; tests/reference/set_distance_coverage.json). That of MMD-dlib was 91 to 94 % at 20 to
    # 500. Descriptors of another length were not simulated.
    Metric(
        "ffd.dlib", module="frechet", header="FFD-dlib", higher_is_better=False, per="set",
        packages=_DLIB, frechet_over=128, decimals=4,
        meaning=_DESCRIPTORS + "Frechet distance in float64",
        note="of 100 images and fewer the plain distance is mostly bias; MMD-dlib has none", note_below_images=101,
        gap_role="frechet", stands_in_for="fid.inception", interval_from=90, judged_from=100,
    ),
    Metric(
        "mmd.dlib", module="kernel", header="MMD-dlib", higher_is_better=False, per="set",
        packages=_DLIB, descriptors_of="ffd.dlib", decimals=4,
        meaning=_DESCRIPTORS + "unbiased squared MMD with kernel exp(-|x - y|^2 / (2 x 0.6^2)) in float64, an image "
        "never held against its own reference",
        note="may be below 0, being unbiased at any number of images",
        gap_role="kernel", stands_in_for="fid.inception",
    ),
    Metric(
        "lpips.alex", module="perceptual", header="LPIPS", higher_is_better=False, packages=_TORCH, decimals=4,
        weights=("checkpoints/alexnet-owt-7be5be79.pth", "pyiqa/LPIPS_v0.1_alex-df73285e.pth"),
        meaning="LPIPS v0.1 with AlexNet on RGB scaled to [-1, 1], linear heads, spatial mean",
        gap_role="perceptual",
    ),
    Metric(
        "lpips.vgg", module="perceptual", header="LPIPS-VGG", higher_is_better=False, packages=_TORCH, decimals=4,
        weights=(_VGG, "pyiqa/LPIPS_v0.1_vgg-a78928a0.pth"),
        meaning="LPIPS v0.1 with VGG-16 on RGB scaled to [-1, 1], linear heads, spatial mean",
        note="another network than the paper's LPIPS",
    ),
    Metric(
        "lpips.squeeze", module="perceptual", header="LPIPS-squeeze", higher_is_better=False, packages=_TORCH,
        weights=("checkpoints/squeezenet1_1-b8a52dc0.pth", "pyiqa/LPIPS_v0.1_squeeze-4a5350f2.pth"), decimals=4,
        meaning="LPIPS v0.1 with SqueezeNet 1.1 on RGB scaled to [-1, 1], linear heads, spatial mean",
        note="another network than the paper's LPIPS",
        gap_role="perceptual", stands_in_for="lpips.alex",
    ),
    Metric(
        "dists", module="perceptual", header="DISTS", higher_is_better=False, packages=_TORCH,
        weights=(_VGG, "pyiqa/DISTS_weights-f5e65c96.pth"),
        meaning="structure and texture similarity of VGG-16 features (L2 pooling) and of RGB itself, at the image's "
        "own size",
    ),
    Metric(
        "niqe.y", module="naturalness", header="NIQE", higher_is_better=False, needs_reference=False,
        packages=(*_NUMPY, "scipy"), weights=("pyiqa/niqe_modelparameters.mat",), version=2,
        meaning="luma of YIQ rounded to 8 bits, whole blocks of 96 px, distance to LIVE's natural-image model in "
        "float64",
        note="at 256 px it rests on four blocks", note_below_px=257,
        published_as="niqe.paper", gap_role="naturalness",
    ),
    Metric(
        "gmsd", module="structure", header="GMSD", higher_is_better=False, packages=_NUMPY, decimals=4,
        meaning="luma of YIQ rounded to 8 bits, halved by a 2 px mean, Prewitt gradients, T = 170, deviation of the "
        "similarity",
        gap_role="perceptual",
    ),
    Metric(
        "consistency.replay", module="consistency", header="Consistency", unit="dB", higher_is_better=None,
        needs_reference=False, needs_record=True, packages=(*_NUMPY, "pillow"), decimals=2,
        meaning="the recorded operators, noise and rounding included, applied to the restored image in 8 bits, against "
        "the degraded image: -10 log10(MSE + 1 / (12 x 255^2)), at most 58.92, which the reference gets; above about "
        "40 dB differences mean nothing; needs the record of a split",
        note="not ranked; read it beside the input's own value, the row Degraded input; above about 40 dB differences "
        "mean nothing",
    ),
)  # fmt: skip
METRICS: dict[str, Metric] = {metric.id: metric for metric in _ALL}


def with_role(gap_role: str) -> tuple[str, ...]:
    """The metrics that may serve as this in a gap or a gain, the preferred first.

    >>> with_role("frechet")
    ('fid.inception', 'ffd.dlib')
    """
    return tuple(metric.id for metric in METRICS.values() if metric.gap_role == gap_role)


def with_stand_ins(metric_id: str) -> tuple[str, ...]:
    """The metric, and those that may stand in for it, the preferred first.

    >>> with_stand_ins("lpips.alex")
    ('lpips.alex', 'lpips.squeeze')
    """
    return (metric_id, *(metric.id for metric in METRICS.values() if metric.stands_in_for == metric_id))


def is_statistics(metric_id: str) -> bool:
    """Whether it is spelled as with_statistics takes it."""
    return metric_id.startswith("fid.inception@") and metric_id.endswith(".npz") and "/" not in metric_id


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
