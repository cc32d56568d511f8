"""The table of methods: a row each, which has all facts of it, and one for each way to bring a method from outside."""

from typing import Any

from benchmark.methods.row import FIXED, OURS, PRETRAINED, TRAINED, TUNED, MethodRow
from degrade.recipes.paper_tasks import TASKS as EVERY_TASK

_X4 = "on other tasks than sr4 it is given the degraded image reduced by 4"
_ISPL = "Yang et al., Implicit Subspace Prior Learning for Dual-Blind Face Restoration, 2020"


def _fixed(module: str, **facts: Any) -> MethodRow:
    return MethodRow(f"benchmark.methods.fixed.{module}", kind=FIXED, licence=OURS, **facts)


def _tuned(module: str, **facts: Any) -> MethodRow:
    return MethodRow(f"benchmark.methods.classical.{module}", kind=TUNED, **({"licence": OURS} | facts))


def _trained(module: str, **facts: Any) -> MethodRow:
    """A network that is trained here, unless said otherwise with a pixel loss."""
    own: dict[str, Any] = {"licence": OURS, "pixel_loss": True, "mixed_precision": True} | facts
    return MethodRow(f"benchmark.methods.networks.{module}", kind=TRAINED, **own)


def _ispl(module: str, **facts: Any) -> MethodRow:
    own: dict[str, Any] = {"licence": OURS, "kind": TRAINED, "source": _ISPL, "mixed_precision": True} | facts
    return MethodRow(f"benchmark.methods.ispl.{module}", **own)


def _published(module: str, **facts: Any) -> MethodRow:
    """A network of enlargement by 4 with its authors' weights."""
    path = f"benchmark.methods.adapters.model_file:{module}"
    return MethodRow(path, kind=PRETRAINED, tasks=("sr4", "dual_blind"), scale=4, **facts)


METHODS: dict[str, MethodRow] = {
    "identity": _fixed(
        "identity", title="Degraded input", tasks=EVERY_TASK, source="the row Degraded Input of Table 2",
    ),
    "reference": _fixed("reference", title="Reference", tasks=EVERY_TASK, source="the row FFHQ GT of Table 2"),
    "bicubic": _fixed(
        "bicubic", title="Bicubic", tasks=EVERY_TASK, source="antialiased bicubic, a = -0.5 (Keys 1981)",
    ),
    "bicubic_x4": _fixed(
        "bicubic_x4", title="Bicubic 1/4 and back", tasks=EVERY_TASK, scale=4, source="bicubic to a quarter and back",
    ),
    "lanczos": _fixed("lanczos", title="Lanczos", tasks=("sr4",), source="Lanczos of three lobes (Duchon 1979)"),
    "wiener": _tuned(
        "wiener", title="Wiener deconvolution", tasks=("deblur",), source="Wiener deconvolution of a Gaussian blur",
    ),
    "richardson_lucy": _tuned(
        "richardson_lucy", title="Richardson-Lucy", tasks=("deblur",),
        source="Richardson 1972 and Lucy 1974, deconvolution of a Gaussian blur",
    ),
    "nlm": _tuned(
        "nlm", title="Non-local means", tasks=("denoise",),
        source="Buades et al., A Non-Local Algorithm for Image Denoising, 2005",
    ),
    "total_variation": _tuned(
        "total_variation", title="Total variation", tasks=("denoise",),
        source="Rudin et al., Nonlinear Total Variation Based Noise Removal Algorithms, 1992",
    ),
    "bm3d": _tuned(
        "bm3d", title="BM3D", tasks=("denoise",), licence="Apache-2.0, package non-commercial", packages=("bm3d",),
        source="Dabov et al., Color Image Denoising via Sparse 3D Collaborative Filtering, 2007",
    ),
    "edsr": _trained(
        "edsr:edsr", title="EDSR", tasks=("sr4",), scale=4,
        source="Lim et al., Enhanced Deep Residual Networks for Single Image Super-Resolution, 2017 (baseline size)",
        deviation="Starts as pixel repetition, not from a trained x2 network.",
    ),
    "edsr:large": _trained(
        "edsr:large", tasks=("sr4",), scale=4,
        source="Lim et al., Enhanced Deep Residual Networks for Single Image Super-Resolution, 2017 (the paper's size)",
        deviation="Starts as pixel repetition, not from a trained x2 network.",
    ),
    "srgan": _trained(
        "srgan:srgan", title="SRGAN", tasks=("sr4",), scale=4,
        source="Ledig et al., Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network, "
        "2017",
        deviation="Starts as pixel repetition; both stages share one training's steps.",
    ),
    "srgan:nobn": _trained(
        "srgan:nobn", tasks=("sr4",), scale=4,
        source="Ledig et al., 2017, without batch norm, as the toolbox (mmsr, MSRGAN) that the ISPL authors used has "
        "it",
        deviation="No batch norm and the enlarged input added; both stages share one training's steps.",
    ),
    "esrgan": _trained(
        "esrgan:esrgan", title="ESRGAN", tasks=("sr4", "mosaic16", "dual_blind"), scale=4,
        source="Wang et al., ESRGAN: Enhanced Super-Resolution Generative Adversarial Networks, 2018",
        deviation=f"Starts as pixel repetition; {_X4}.",
    ),
    "srfbn": _trained(
        "srfbn:srfbn", title="SRFBN", tasks=("sr4",), scale=4,
        source="Li et al., Feedback Network for Image Super-Resolution, 2019",
        deviation="No batch is skipped for a high loss.",
    ),
    "superfan": _trained(
        "superfan:superfan", title="Super-FAN", tasks=("sr4", "mosaic16", "dual_blind"), scale=4,
        source="Bulat and Tzimiropoulos, Super-FAN: Integrated Facial Landmark Localization and Super-Resolution, 2018",
        deviation="The 12, 3 and 2 blocks are not confirmed. FAN-style: without FAN's weights the heatmaps are those "
        f"of an hourglass first trained on dlib's landmarks; VGG features stand in for ResNet-50's; {_X4}.",
    ),
    "waveletcnn": _trained(
        "waveletcnn:waveletcnn", title="WaveletCNN", tasks=("sr4", "mosaic16", "denoise", "dual_blind"), scale=4,
        source="Huang et al., Wavelet-SRNet: A Wavelet-Based CNN for Multi-Scale Face Super Resolution, 2017",
        deviation=f"Starts as pixel repetition; {_X4}.",
    ),
    "waveletcnn:x16": _trained(
        "waveletcnn:x16", tasks=("mosaic16",), scale=16,
        source="Huang et al., Wavelet-SRNet, 2017, as built for an enlargement by 16",
        deviation="Starts as pixel repetition; is given the mosaic reduced to one pixel a block.",
    ),
    "ridnet": _trained(
        "ridnet:ridnet", title="RIDNet", tasks=("denoise",),
        source="Anwar and Barnes, Real Image Denoising with Feature Attention, 2019",
        deviation="Trained on the task, where the ISPL authors took the weights released for real noise.",
    ),
    "vdnet": _trained(
        "vdnet:vdnet", title="VDNet", tasks=("denoise",),
        source="Yue et al., Variational Denoising Network, 2019",
        deviation="The largest gradient norm stays, where the authors lower it every epoch.",
    ),
    "deblurgan": _trained(
        "deblurgan:deblurgan", title="DeblurGAN", tasks=("deblur",), pixel_loss=False,
        source="Kupyn et al., DeblurGAN: Blind Motion Deblurring Using Conditional Adversarial Networks, 2018",
        deviation="The gradient penalty's norm is over the whole image, a choice; the authors' program has one a "
        "pixel.",
    ),
    "deblurgan_v2": _trained(
        "deblurgan_v2:deblurgan_v2", title="DeblurGANv2", tasks=("deblur", "dual_blind"),
        source="Kupyn et al., DeblurGAN-v2: Deblurring (Orders-of-Magnitude) Faster and Better, 2019 (MobileNetV2)",
        deviation="The trunk starts untrained, not from ImageNet; no pool of earlier scores.",
    ),
    "deblurgan_v2:inception": _trained(
        "deblurgan_v2:inception", tasks=("deblur", "dual_blind"),
        weights=("checkpoints/inception_resnet_v2-940b1cd6.pth",),
        source="Kupyn et al., DeblurGAN-v2: Deblurring (Orders-of-Magnitude) Faster and Better, 2019 "
        "(Inception-ResNet-v2)",
        deviation="The trunk is trained from the first step, not after three epochs; no pool of earlier scores.",
    ),
    "arcnn": _trained(
        "arcnn:arcnn", title="ARCNN", tasks=("jpeg", "dual_blind"),
        source="Dong et al., Compression Artifacts Reduction by a Deep Convolutional Network, 2015",
        deviation="Adam instead of plain SGD; starts by passing the image on, not from Gaussian weights.",
    ),
    "arcnn:rgb": _trained(
        "arcnn:rgb", tasks=("jpeg", "dual_blind"),
        source="Dong et al., Compression Artifacts Reduction by a Deep Convolutional Network, 2015 (RGB)",
        deviation="Three channels instead of luma; Adam instead of plain SGD; starts by passing the image on.",
    ),
    "epgan": _trained(
        "epgan:epgan", title="EPGAN", tasks=("jpeg",),
        source="EP-GAN-style, after the abstract of Mao et al., Enhanced Image Decoding via Edge-Preserving GANs, 2018",
        deviation="Only the abstract was at hand: the layers and the weights of the losses are chosen here.",
    ),
    "gfrnet": _trained(
        "gfrnet", title="GFRNet", tasks=("dual_blind",),
        source="Li et al., Learning Warped Guidance for Blind Face Restoration, 2018",
        deviation="Self-guided: unless the split has identities.txt the degraded image is its own guide; no local "
        "discriminator, and the grid is held to the aligned face everywhere instead of to landmarks.",
    ),
    "ispl:ep_map": _ispl(
        "ep_map:drawn", title="EP-map (maps drawn from landmarks)", tasks=("mosaic16",),
        licence="Apache-2.0, landmarks non-commercial",
        deviation="Label maps are drawn from dlib's 68 landmarks of the reference, without hair, ears and neck; "
        "where dlib finds no face, all is background.",
    ),
    "ispl:ep_map_parsed": _ispl(
        "ep_map:parsed", title="EP-map", tasks=("mosaic16",), licence="Apache-2.0, parser non-commercial",
        weights=("checkpoints/parsing_parsenet.pth",),
    ),
    "ispl:ep_16x": _ispl("variants:ep_16x", title="EP-16x", tasks=("mosaic16",)),
    "ispl:isp_y0": _ispl("variants:isp_y0", title="ISP-Y0", tasks=("mosaic16",)),
    "ispl:isp_unet": _ispl("variants:isp_unet", title="ISP-unet", tasks=("mosaic16",)),
    "ispl:isp_unet_pac": _ispl(
        "variants:isp_unet_pac", title="ISP-unet, PAC", short_name="ispl", short_title="ISPL", tasks=EVERY_TASK,
    ),
    "ispl:isp_concat": _ispl("variants:isp_concat", title="ISP-concat", tasks=("mosaic16",)),
    "ispl:isp_matrix": _ispl("variants:isp_matrix", title="ISP-matrix", tasks=("mosaic16",)),
    "ispl:released": _ispl(
        "variants:released", title="ISPL, authors' code", tasks=EVERY_TASK,
        source=f"{_ISPL}, as its authors' code has it",
    ),
    "ispl-lite": _ispl(
        "lite", title="ISPL-lite, as shipped", kind=PRETRAINED, tasks=EVERY_TASK, version=2,
        licence="Apache-2.0, weights CC BY-NC-SA 4.0", weights=("ispl_model/weights/ispl-lite.safetensors",),
        source=f"{_ISPL}; the checkpoint shipped with ispl_model",
    ),
    "realsr": _published(
        "realsr", title="RealSR", licence="code ours, weights Apache-2.0",
        weights=("ncnn/realsr-DF2K.param", "ncnn/realsr-DF2K.bin"),
        source="Ji et al., Real-World Super-Resolution via Kernel Estimation and Noise Injection, 2020 (track 1 of "
        "NTIRE 2020); its authors' weights",
        deviation=f"Trained on photographs of all kinds, not on faces; {_X4}.",
    ),
    "realsr:jpeg": _published(
        "realsr_jpeg", title="RealSR, JPEG", licence="code ours, weights Apache-2.0",
        weights=("ncnn/realsr-DF2K_JPEG.param", "ncnn/realsr-DF2K_JPEG.bin"),
        source="Ji et al., Real-World Super-Resolution via Kernel Estimation and Noise Injection, 2020; its authors' "
        "weights for compressed images",
        deviation=f"Trained on photographs of all kinds, not on faces; {_X4}.",
    ),
    "realesrgan": _published(
        "realesrgan", title="Real-ESRGAN", licence="code ours, weights BSD-3",
        weights=("ncnn/realesrgan-x4plus.param", "ncnn/realesrgan-x4plus.bin"),
        source="Wang et al., Real-ESRGAN: Training Real-World Blind Super-Resolution with Pure Synthetic Data, 2021 "
        "(x4plus); its authors' weights",
        deviation=f"Trained on photographs of all kinds, not on faces; {_X4}.",
    ),
    "dat_light": _published(
        "dat_light", title="DAT-light", licence="Apache-2.0", packages=("spandrel", "einops"),
        weights=("spandrel/DAT_light_x4.pth",),
        source="Chen et al., Dual Aggregation Transformer for Image Super-Resolution, 2023 (light, x4); its authors' "
        "weights",
        deviation=f"Trained on photographs of all kinds, not on faces, and on bicubic reduction alone; {_X4}.",
    ),
}  # fmt: skip

# Methods from anywhere: the name continues after a colon with what the module's `load` and `digest` are given.
_USERS = "its owner's"
ADAPTERS: dict[str, MethodRow] = {
    "folder": MethodRow(
        "benchmark.methods.adapters.folder", kind=FIXED, tasks=(), licence=_USERS,
        source="images restored elsewhere: folder:DIR",
    ),
    "cmd": MethodRow(
        "benchmark.methods.adapters.command", kind=FIXED, tasks=EVERY_TASK, licence=_USERS,
        source='a program: cmd:"PROGRAM {input} {output}", after timeout=SECONDS if ten minutes an image are too few',
    ),
    "python": MethodRow(
        "benchmark.methods.adapters.python_function", kind=FIXED, tasks=EVERY_TASK, licence=_USERS,
        source="a function of one image: python:PACKAGE.MODULE:FUNCTION",
    ),
    "spandrel": MethodRow(
        "benchmark.methods.adapters.model_file:spandrel", kind=PRETRAINED, tasks=EVERY_TASK, licence="the weights'",
        packages=("spandrel", "einops"),
        source="a file of weights that spandrel knows: spandrel:FILE, spandrel:FILE?w=0.7 for CodeFormer",
    ),
    "onnx": MethodRow(
        "benchmark.methods.adapters.model_file:onnx", kind=PRETRAINED, tasks=EVERY_TASK, licence="the weights'",
        packages=("onnxruntime",),
        source="a network from one image to another: onnx:FILE, onnx:FILE,range=-1..1,size=512",
    ),
    "ncnn": MethodRow(
        "benchmark.methods.adapters.model_file:ncnn", kind=PRETRAINED, tasks=EVERY_TASK, licence="the weights'",
        packages=("ncnn",), source="a network of ncnn: ncnn:FILE.param with FILE.bin beside it; options as for onnx:",
    ),
    "ispl": MethodRow(
        "benchmark.methods.ispl.checkpoint", kind=PRETRAINED, tasks=EVERY_TASK, licence=_USERS, ends_in=".safetensors",
        mixed_precision=True,
        source=f"{_ISPL}; a checkpoint of `ispl train`: ispl:FILE.safetensors",
    ),
    "pulse": MethodRow(
        "benchmark.methods.latent_search.pulse", kind=PRETRAINED, tasks=("mosaic16",), licence=_USERS, scale=16,
        source="Menon et al., PULSE, 2020, over a face generator: pulse:FILE (TorchScript, a program: needs --trust)",
    ),
    "mganprior": MethodRow(
        "benchmark.methods.latent_search.mganprior", kind=PRETRAINED, tasks=("mosaic16",), licence=_USERS, scale=16,
        weights=("checkpoints/vgg16-397923af.pth",),
        source="Gu et al., Image Processing Using Multi-Code GAN Prior, 2020, over a face generator: mganprior:FILE "
        "(TorchScript, a program: needs --trust)",
    ),
}  # fmt: skip
