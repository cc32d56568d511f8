"""The table of methods: one row for each, and for each way to bring one from outside."""

from dataclasses import dataclass, replace

FIXED = "fixed"  # nothing is to be made before it restores
TUNED = "tuned"  # its parameters are chosen on the validation split (benchmark.runs.checkpoints)
TRAINED = "trained"  # a network that is trained on the train split (benchmark.runs.checkpoints)
GIVEN = "given"  # a network with weights from elsewhere


@dataclass(frozen=True)
class MethodRow:
    """What is known about a method without importing it."""

    module: str  # after a colon the object in it that is used as the module
    source: str  # paper
    scale: int  # side of the restored image / side of what the network is given
    licence: str  # of the code and the weights this method uses
    tasks: tuple[str, ...]  # the tasks it runs when none is named; any other may be named
    weights: tuple[str, ...]  # files it needs and does not make: below $TORCH_HOME/hub, or shipped in ispl_model/
    kind: str  # FIXED, TUNED, TRAINED or GIVEN
    packages: tuple[str, ...] = ()  # that it needs and the project does not
    deviation: str = ""  # from the paper's method, in one sentence
    pixel_loss: bool = False  # trained, if only at first, to come close to the reference in pixels

    @property
    def trainable(self) -> bool:
        """Whether the benchmark trains it, once for each training seed."""
        return self.kind == TRAINED

    @property
    def has_network(self) -> bool:
        """Whether it computes on the device that the user names."""
        return self.kind in (TRAINED, GIVEN)


# The same names in the same order as degrade.recipes.library.TASKS (a test compares them), which would import OpenCV
# here.
EVERY_TASK = ("sr4", "mosaic16", "denoise", "deblur", "jpeg", "dual_blind")
_OURS = "Apache-2.0"
_X4 = "on other tasks than sr4 it is given the degraded image reduced by 4"
_ISPL = "Yang et al., Implicit Subspace Prior Learning for Dual-Blind Face Restoration, 2020"


def _trained(
    module: str, source: str, scale: int, tasks: tuple[str, ...], deviation: str, weights: tuple[str, ...] = ()
) -> MethodRow:
    """The row of a network of one of these files, which is trained here; with a pixel loss."""
    module = f"benchmark.methods.networks.{module}"
    return MethodRow(module, source, scale, _OURS, tasks, weights, TRAINED, deviation=deviation, pixel_loss=True)


METHODS: dict[str, MethodRow] = {
    "identity": MethodRow(
        "benchmark.methods.fixed.identity", "the row Degraded Input of Table 2", 1, _OURS, EVERY_TASK, (), FIXED
    ),
    "reference": MethodRow(
        "benchmark.methods.fixed.reference", "the row FFHQ GT of Table 2", 1, _OURS, EVERY_TASK, (), FIXED
    ),
    "bicubic": MethodRow(
        "benchmark.methods.fixed.bicubic", "antialiased bicubic, a = -0.5 (Keys 1981)", 1, _OURS, EVERY_TASK, (), FIXED
    ),
    "bicubic_x4": MethodRow(
        "benchmark.methods.fixed.bicubic_x4", "bicubic to a quarter and back", 4, _OURS, EVERY_TASK, (), FIXED
    ),
    "lanczos": MethodRow(
        "benchmark.methods.fixed.lanczos", "Lanczos of three lobes (Duchon 1979)", 1, _OURS, ("sr4",), (), FIXED
    ),
    "wiener": MethodRow(
        "benchmark.methods.classical.wiener",
        "Wiener deconvolution of a Gaussian blur",
        1,
        _OURS,
        ("deblur",),
        (),
        TUNED,
    ),
    "richardson_lucy": MethodRow(
        "benchmark.methods.classical.richardson_lucy",
        "Richardson 1972 and Lucy 1974, deconvolution of a Gaussian blur",
        *(1, _OURS, ("deblur",), (), TUNED),
    ),
    "nlm": MethodRow(
        "benchmark.methods.classical.nlm",
        "Buades et al., A Non-Local Algorithm for Image Denoising, 2005",
        *(1, _OURS, ("denoise",), (), TUNED),
    ),
    "total_variation": MethodRow(
        "benchmark.methods.classical.total_variation",
        "Rudin et al., Nonlinear Total Variation Based Noise Removal Algorithms, 1992",
        *(1, _OURS, ("denoise",), (), TUNED),
    ),
    "bm3d": MethodRow(
        "benchmark.methods.classical.bm3d",
        "Dabov et al., Color Image Denoising via Sparse 3D Collaborative Filtering, 2007",
        *(1, "Apache-2.0, package non-commercial", ("denoise",), (), TUNED, ("bm3d",)),
    ),
    "edsr": _trained(
        "edsr:edsr",
        "Lim et al., Enhanced Deep Residual Networks for Single Image Super-Resolution, 2017 (baseline size)",
        4,
        ("sr4",),
        "Starts as pixel repetition, not from a trained x2 network.",
    ),
    "edsr:large": _trained(
        "edsr:large",
        "Lim et al., Enhanced Deep Residual Networks for Single Image Super-Resolution, 2017 (the paper's size)",
        4,
        ("sr4",),
        "Starts as pixel repetition, not from a trained x2 network.",
    ),
    "srgan": _trained(
        "srgan:srgan",
        "Ledig et al., Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network, 2017",
        4,
        ("sr4",),
        "Starts as pixel repetition; both stages share one training's steps.",
    ),
    "srgan:nobn": _trained(
        "srgan:nobn",
        "Ledig et al., 2017, without batch norm, as the toolbox (mmsr, MSRGAN) that the ISPL authors used has it",
        4,
        ("sr4",),
        "No batch norm and the enlarged input added; both stages share one training's steps.",
    ),
    "esrgan": _trained(
        "esrgan:esrgan",
        "Wang et al., ESRGAN: Enhanced Super-Resolution Generative Adversarial Networks, 2018",
        4,
        ("sr4", "mosaic16", "dual_blind"),
        f"Starts as pixel repetition; {_X4}.",
    ),
    "srfbn": _trained(
        "srfbn:srfbn",
        "Li et al., Feedback Network for Image Super-Resolution, 2019",
        4,
        ("sr4",),
        "No batch is skipped for a high loss.",
    ),
    "superfan": _trained(
        "superfan:superfan",
        "Bulat and Tzimiropoulos, Super-FAN: Integrated Facial Landmark Localization and Super-Resolution, 2018",
        4,
        ("sr4", "mosaic16", "dual_blind"),
        "The 12, 3 and 2 blocks are not confirmed. FAN-style: without FAN's weights the heatmaps are those of an "
        "hourglass first trained on dlib's landmarks; "
        f"VGG features stand in for ResNet-50's; {_X4}.",
    ),
    "waveletcnn": _trained(
        "waveletcnn:waveletcnn",
        "Huang et al., Wavelet-SRNet: A Wavelet-Based CNN for Multi-Scale Face Super Resolution, 2017",
        4,
        ("sr4", "mosaic16", "denoise", "dual_blind"),
        f"Starts as pixel repetition; {_X4}.",
    ),
    "waveletcnn:x16": _trained(
        "waveletcnn:x16",
        "Huang et al., Wavelet-SRNet, 2017, as built for an enlargement by 16",
        16,
        ("mosaic16",),
        "Starts as pixel repetition; is given the mosaic reduced to one pixel a block.",
    ),
    "ridnet": _trained(
        "ridnet:ridnet",
        "Anwar and Barnes, Real Image Denoising with Feature Attention, 2019",
        1,
        ("denoise",),
        "Trained on the task, where the ISPL authors took the weights released for real noise.",
    ),
    "vdnet": _trained(
        "vdnet:vdnet",
        "Yue et al., Variational Denoising Network, 2019",
        1,
        ("denoise",),
        "The largest gradient norm stays, where the authors lower it every epoch.",
    ),
    "deblurgan": replace(
        _trained(
            "deblurgan:deblurgan",
            "Kupyn et al., DeblurGAN: Blind Motion Deblurring Using Conditional Adversarial Networks, 2018",
            1,
            ("deblur",),
            "The gradient penalty's norm is over the whole image, a choice; the authors' program has one a pixel.",
        ),
        pixel_loss=False,
    ),
    "deblurgan_v2": _trained(
        "deblurgan_v2:deblurgan_v2",
        "Kupyn et al., DeblurGAN-v2: Deblurring (Orders-of-Magnitude) Faster and Better, 2019 (MobileNetV2)",
        1,
        ("deblur", "dual_blind"),
        "The trunk starts untrained, not from ImageNet; no pool of earlier scores.",
    ),
    "deblurgan_v2:inception": _trained(
        "deblurgan_v2:inception",
        "Kupyn et al., DeblurGAN-v2: Deblurring (Orders-of-Magnitude) Faster and Better, 2019 (Inception-ResNet-v2)",
        1,
        ("deblur", "dual_blind"),
        "The trunk is trained from the first step, not after three epochs; no pool of earlier scores.",
        ("checkpoints/inception_resnet_v2-940b1cd6.pth",),
    ),
    "arcnn": _trained(
        "arcnn:arcnn",
        "Dong et al., Compression Artifacts Reduction by a Deep Convolutional Network, 2015",
        1,
        ("jpeg", "dual_blind"),
        "Adam instead of plain SGD; starts by passing the image on, not from Gaussian weights.",
    ),
    "arcnn:rgb": _trained(
        "arcnn:rgb",
        "Dong et al., Compression Artifacts Reduction by a Deep Convolutional Network, 2015 (RGB)",
        1,
        ("jpeg", "dual_blind"),
        "Three channels instead of luma; Adam instead of plain SGD; starts by passing the image on.",
    ),
    "epgan": _trained(
        "epgan:epgan",
        "EP-GAN-style, after the abstract of Mao et al., Enhanced Image Decoding via Edge-Preserving GANs, 2018",
        1,
        ("jpeg",),
        "Only the abstract was at hand: the layers and the weights of the losses are chosen here.",
    ),
    "gfrnet": _trained(
        "gfrnet",
        "Li et al., Learning Warped Guidance for Blind Face Restoration, 2018",
        1,
        ("dual_blind",),
        "Self-guided: unless the split has identities.txt the degraded image is its own guide; no local discriminator, "
        "and the grid is held to the aligned face everywhere instead of to landmarks.",
    ),
    "ispl:ep_map": MethodRow(
        "benchmark.methods.ispl.ep_map",
        _ISPL,
        1,
        "Apache-2.0, parser non-commercial",
        ("mosaic16",),
        ("checkpoints/parsing_parsenet.pth",),
        TRAINED,
    ),
    "ispl:ep_16x": MethodRow("benchmark.methods.ispl.variants:ep_16x", _ISPL, 1, _OURS, ("mosaic16",), (), TRAINED),
    "ispl:isp_y0": MethodRow("benchmark.methods.ispl.variants:isp_y0", _ISPL, 1, _OURS, ("mosaic16",), (), TRAINED),
    "ispl:isp_unet": MethodRow("benchmark.methods.ispl.variants:isp_unet", _ISPL, 1, _OURS, ("mosaic16",), (), TRAINED),
    "ispl:isp_unet_pac": MethodRow(
        "benchmark.methods.ispl.variants:isp_unet_pac", _ISPL, 1, _OURS, EVERY_TASK, (), TRAINED
    ),
    "ispl:isp_concat": MethodRow(
        "benchmark.methods.ispl.variants:isp_concat", _ISPL, 1, _OURS, ("mosaic16",), (), TRAINED
    ),
    "ispl:isp_matrix": MethodRow(
        "benchmark.methods.ispl.variants:isp_matrix", _ISPL, 1, _OURS, ("mosaic16",), (), TRAINED
    ),
    "ispl:released": MethodRow(
        "benchmark.methods.ispl.variants:released",
        f"{_ISPL}, as its authors' code has it",
        1,
        _OURS,
        EVERY_TASK,
        (),
        TRAINED,
    ),
    "ispl-lite": MethodRow(
        "benchmark.methods.ispl.lite",
        f"{_ISPL}; the checkpoint shipped with ispl_model",
        1,
        "Apache-2.0, weights CC BY-NC-SA 4.0",
        EVERY_TASK,
        ("ispl_model/weights/ispl-lite.safetensors",),
        GIVEN,
    ),
}

# Methods from anywhere: the name continues after a colon with what the module's `load` and `digest` are given.
_USERS = "its owner's"
OUTSIDE: dict[str, MethodRow] = {
    "folder": MethodRow(
        "benchmark.methods.adapters.folder", "images restored elsewhere: folder:DIR", 1, _USERS, (), (), FIXED
    ),
    "cmd": MethodRow(
        "benchmark.methods.adapters.command",
        'a program: cmd:"PROGRAM {input} {output}"',
        1,
        _USERS,
        EVERY_TASK,
        (),
        FIXED,
    ),
    "python": MethodRow(
        "benchmark.methods.adapters.python_function",
        "a function of one image: python:PACKAGE.MODULE:FUNCTION",
        *(1, _USERS, EVERY_TASK, (), FIXED),
    ),
    "spandrel": MethodRow(
        "benchmark.methods.adapters.spandrel",
        "a file of weights that spandrel knows: spandrel:FILE, spandrel:FILE?w=0.7 for CodeFormer",
        *(1, "the weights'", EVERY_TASK, (), GIVEN, ("spandrel", "einops")),
    ),
    "pulse": MethodRow(
        "benchmark.methods.latent_search.pulse",
        "Menon et al., PULSE, 2020, over a face generator: pulse:FILE (TorchScript)",
        *(16, _USERS, ("mosaic16",), (), GIVEN),
    ),
    "mganprior": MethodRow(
        "benchmark.methods.latent_search.mganprior",
        "Gu et al., Image Processing Using Multi-Code GAN Prior, 2020, over a face generator: mganprior:FILE",
        *(16, _USERS, ("mosaic16",), ("checkpoints/vgg16-397923af.pth",), GIVEN),
    ),
}
