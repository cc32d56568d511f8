"""The weight files of metrics and methods: how large each is, where it comes from, its SHA-256, and whether it is here.

They lie where torch.hub, torchvision and pyiqa look for them, below $TORCH_HOME/hub. Nothing but
`fetch` downloads, and only when the user asks for it. This file imports no torch.
"""

import hashlib
import os
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

from benchmark.assets import offline
from degrade.core.errors import InputError, unknown
from degrade.core.files import sha256_file

_PIECE = 1 << 20
_TORCH = "https://download.pytorch.org/models/"
_PYIQA = "https://huggingface.co/chaofengc/IQA-PyTorch-Weights/resolve/main/"


@dataclass(frozen=True)
class Weight:
    """One file.

    file: below $TORCH_HOME/hub. size: in bytes, rounded to three digits where no exact number is published.
    sha256: of the published file, or as many leading digits as are known. stand_ins: SHA-256 of other files
    that give the same numbers, with what they are.
    """

    file: str
    size: int
    sha256: str
    url: str
    what: str
    stand_ins: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return Path(self.file).name


# SHA-256 as published by the hosts (Git LFS pointers); SqueezeNet's is the part that torchvision keeps in the name.
_ALL = (
    Weight(
        "pyiqa/niqe_modelparameters.mat", 8347,
        "fa2aa4d12dd9595c3fb6bf8b4e1a15c79d5d1469238d0901c88dead195be578d",
        _PYIQA + "niqe_modelparameters.mat", "NIQE's natural-image model (LIVE, UT Austin)",
    ),
    Weight(
        "checkpoints/squeezenet1_1-b8a52dc0.pth", 4_960_000, "b8a52dc0",
        _TORCH + "squeezenet1_1-b8a52dc0.pth", "SqueezeNet 1.1, ImageNet",
        (("e5f31137480baa381874533aad2aee8a065912680f8ecb02c3bc7732558e2388", "its features, classifier zero"),),
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
        "checkpoints/parsing_parsenet.pth", 85_331_193,
        "3d558d8d0e42c20224f13cf5a29c79eba2d59913419f945545d8cf7b72920de2",
        "https://github.com/xinntao/facexlib/releases/download/v0.2.2/parsing_parsenet.pth",
        "facexlib's face parser, for the method ispl:ep_map",
    ),
)  # fmt: skip
WEIGHTS: dict[str, Weight] = {weight.name: weight for weight in _ALL}


def hub() -> Path:
    """The folder of all weight files; the same as torch.hub.get_dir()."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "torch"
    return Path(os.environ.get("TORCH_HOME") or cache).expanduser() / "hub"


def weight_path(file: str) -> Path:
    """Where a weight file is looked for: `file` below $TORCH_HOME/hub."""
    return hub() / file


def find_weight(name: str) -> Weight:
    """The row of that file name; InputError with the nearest one when there is none."""
    if name not in WEIGHTS:
        raise unknown("weight file", name, WEIGHTS)
    return WEIGHTS[name]


def missing(file: str) -> str:
    """What is missing, how large it is and where it goes: "NAME (11 kB); put it at ..., or: ..."."""
    name = Path(file).name
    known = WEIGHTS.get(name)
    size, fetched = (f" ({readable(known.size)})", f", or: benchmark weights fetch {name}") if known else ("", "")
    return f"{name}{size}; put it at $TORCH_HOME/hub/{file}{fetched}"


def state(weight: Weight) -> str:
    """missing, verified, a stand-in's description, or `differs` with the SHA-256 found."""
    path = weight_path(weight.file)
    if not path.is_file():
        return "missing"
    found = sha256_file(path)
    if found.startswith(weight.sha256):
        return "verified"
    return dict(weight.stand_ins).get(found, f"differs: SHA-256 {found}")


def fetch(weight: Weight, progress: Callable[[int], object]) -> Path:
    """Download one file, check it, and put it in its place whole; `progress` is called with each piece's bytes.

    Raises InputError when offline, when the host does not answer, and for another file than the published
    one, which is not kept.
    """
    offline.refuse(f"weights: {weight.name} would be downloaded from {urlparse(weight.url).hostname}")
    path = weight_path(weight.file)
    partial = path.with_name(f".partial-{os.getpid()}-{path.name}")
    by_hand = f"fetch {weight.url} by other means and put it at {path}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        found = _download(weight.url, partial, progress)
        if not found.startswith(weight.sha256):
            other = f"expected SHA-256 {weight.sha256}, got {found}; nothing was kept"
            raise InputError(f"weights: {weight.name}: {other}; {by_hand}")
        os.replace(partial, path)
    except OSError as error:
        raise InputError(f"weights: {weight.name} cannot be downloaded ({error}); {by_hand}") from error
    finally:
        partial.unlink(missing_ok=True)
    return path


def _download(url: str, path: Path, progress: Callable[[int], object]) -> str:
    """The SHA-256 of what was written."""
    digest = hashlib.sha256()
    with urllib.request.urlopen(url, timeout=60) as answer, open(path, "wb") as file:
        while piece := answer.read(_PIECE):
            digest.update(piece)
            file.write(piece)
            progress(len(piece))
        os.fsync(file.fileno())
    return digest.hexdigest()


def readable(size: int) -> str:
    """Bytes for people.

    >>> readable(10811), readable(244000000)
    ('10.8 kB', '244 MB')
    """
    for unit, factor in (("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size} bytes"
