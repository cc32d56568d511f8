"""The table of methods. A module is imported when its method is used, so listing them costs nothing."""

from dataclasses import dataclass
from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

from benchmark.protocol import load_table, table_names
from degrade.errors import InputError, unknown

FIXED = "fixed"  # nothing is to be made before it restores
TUNED = "tuned"  # its parameters are chosen on the validation split (benchmark.tuning)
TRAINED = "trained"  # a network that is trained on the train split (benchmark.training)
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

    @property
    def trainable(self) -> bool:
        """Whether the benchmark trains it, once for each training seed."""
        return self.kind == TRAINED

    @property
    def has_network(self) -> bool:
        """Whether it computes on the device that the user names."""
        return self.kind in (TRAINED, GIVEN)


# The same names in the same order as degrade.recipes.TASKS (a test compares them), which would import OpenCV here.
EVERY_TASK = ("sr4", "mosaic16", "denoise", "deblur", "jpeg", "dual_blind")
_OURS = "Apache-2.0"
_ISPL = "Yang et al., Implicit Subspace Prior Learning for Dual-Blind Face Restoration, 2020"

METHODS: dict[str, MethodRow] = {
    "identity": MethodRow(
        "benchmark.methods.identity", "the row Degraded Input of Table 2", 1, _OURS, EVERY_TASK, (), FIXED
    ),
    "reference": MethodRow(
        "benchmark.methods.reference", "the row FFHQ GT of Table 2", 1, _OURS, EVERY_TASK, (), FIXED
    ),
    "bicubic": MethodRow(
        "benchmark.methods.bicubic", "antialiased bicubic, a = -0.5 (Keys 1981)", 1, _OURS, EVERY_TASK, (), FIXED
    ),
    "bicubic_x4": MethodRow(
        "benchmark.methods.bicubic_x4", "bicubic to a quarter and back", 4, _OURS, EVERY_TASK, (), FIXED
    ),
    "lanczos": MethodRow(
        "benchmark.methods.lanczos", "Lanczos of three lobes (Duchon 1979)", 1, _OURS, ("sr4",), (), FIXED
    ),
    "wiener": MethodRow(
        "benchmark.methods.wiener", "Wiener deconvolution of a Gaussian blur", 1, _OURS, ("deblur",), (), TUNED
    ),
    "richardson_lucy": MethodRow(
        "benchmark.methods.richardson_lucy",
        "Richardson 1972 and Lucy 1974, deconvolution of a Gaussian blur",
        *(1, _OURS, ("deblur",), (), TUNED),
    ),
    "nlm": MethodRow(
        "benchmark.methods.nlm",
        "Buades et al., A Non-Local Algorithm for Image Denoising, 2005",
        *(1, _OURS, ("denoise",), (), TUNED),
    ),
    "total_variation": MethodRow(
        "benchmark.methods.total_variation",
        "Rudin et al., Nonlinear Total Variation Based Noise Removal Algorithms, 1992",
        *(1, _OURS, ("denoise",), (), TUNED),
    ),
    "bm3d": MethodRow(
        "benchmark.methods.bm3d",
        "Dabov et al., Color Image Denoising via Sparse 3D Collaborative Filtering, 2007",
        *(1, "Apache-2.0, package non-commercial", ("denoise",), (), TUNED, ("bm3d",)),
    ),
    "edsr": MethodRow(
        "benchmark.methods.edsr",
        "Lim et al., Enhanced Deep Residual Networks for Single Image Super-Resolution, 2017 (baseline size)",
        4,
        _OURS,
        ("sr4",),
        (),
        TRAINED,
    ),
    "ispl:ep_map": MethodRow(
        "benchmark.methods.ispl_ep_map",
        _ISPL,
        1,
        "Apache-2.0, parser non-commercial",
        ("mosaic16",),
        ("checkpoints/parsing_parsenet.pth",),
        TRAINED,
    ),
    "ispl:ep_16x": MethodRow("benchmark.methods.ispl:ep_16x", _ISPL, 1, _OURS, ("mosaic16",), (), TRAINED),
    "ispl:isp_y0": MethodRow("benchmark.methods.ispl:isp_y0", _ISPL, 1, _OURS, ("mosaic16",), (), TRAINED),
    "ispl:isp_unet": MethodRow("benchmark.methods.ispl:isp_unet", _ISPL, 1, _OURS, ("mosaic16",), (), TRAINED),
    "ispl:isp_unet_pac": MethodRow("benchmark.methods.ispl:isp_unet_pac", _ISPL, 1, _OURS, EVERY_TASK, (), TRAINED),
    "ispl:isp_concat": MethodRow("benchmark.methods.ispl:isp_concat", _ISPL, 1, _OURS, ("mosaic16",), (), TRAINED),
    "ispl:isp_matrix": MethodRow("benchmark.methods.ispl:isp_matrix", _ISPL, 1, _OURS, ("mosaic16",), (), TRAINED),
    "ispl:released": MethodRow(
        "benchmark.methods.ispl:released", f"{_ISPL}, as its authors' code has it", 1, _OURS, EVERY_TASK, (), TRAINED
    ),
    "ispl-lite": MethodRow(
        "benchmark.methods.ispl_lite",
        f"{_ISPL}; the checkpoint shipped with ispl_model",
        1,
        "Apache-2.0, weights CC BY-NC-SA 4.0",
        EVERY_TASK,
        ("ispl_model/weights/ispl-lite.safetensors",),
        GIVEN,
    ),
}

# Methods from anywhere: the name goes on after a colon with what the module's `load` and `digest` are given.
_USERS = "its owner's"
OUTSIDE: dict[str, MethodRow] = {
    "folder": MethodRow("benchmark.methods.folder", "images restored elsewhere: folder:DIR", 1, _USERS, (), (), FIXED),
    "cmd": MethodRow(
        "benchmark.methods.command", 'a program: cmd:"PROGRAM {input} {output}"', 1, _USERS, EVERY_TASK, (), FIXED
    ),
    "python": MethodRow(
        "benchmark.methods.python_function",
        "a function of one image: python:PACKAGE.MODULE:FUNCTION",
        *(1, _USERS, EVERY_TASK, (), FIXED),
    ),
    "spandrel": MethodRow(
        "benchmark.methods.spandrel",
        "a file of weights that spandrel knows: spandrel:FILE, spandrel:FILE?w=0.7 for CodeFormer",
        *(1, "the weights'", EVERY_TASK, (), GIVEN, ("spandrel", "einops")),
    ),
    "pulse": MethodRow(
        "benchmark.methods.pulse",
        "Menon et al., PULSE, 2020, over a face generator: pulse:FILE (TorchScript)",
        *(16, _USERS, ("mosaic16",), (), GIVEN),
    ),
    "mganprior": MethodRow(
        "benchmark.methods.mganprior",
        "Gu et al., Image Processing Using Multi-Code GAN Prior, 2020, over a face generator: mganprior:FILE",
        *(16, _USERS, ("mosaic16",), ("checkpoints/vgg16-397923af.pth",), GIVEN),
    ),
}
_SHORT = {"ispl": "ispl:isp_unet_pac"}


def canonical(name: str) -> str:
    """The full name of a method in any case: `ispl` means `ispl:isp_unet_pac`; an unknown name stays as it is."""
    folded = name.lower()
    kind, colon, rest = name.partition(":")
    if kind.lower() in OUTSIDE:
        return kind.lower() + colon + rest
    return folded if folded in METHODS else _SHORT.get(folded, name)


def argument(name: str) -> str | None:
    """What follows the colon in the name of a method from outside; None for a method of the table."""
    kind, _, rest = canonical(name).partition(":")
    return rest if kind in OUTSIDE else None


def find_method(name: str) -> MethodRow:
    """The row of a method by its full or short name, or of its kind when it comes from outside.

    Raises InputError when there is none, naming the nearest, and when it cannot run here, saying why.
    """
    given = argument(name)
    row = METHODS.get(canonical(name)) if given is None else OUTSIDE[canonical(name).partition(":")[0]]
    if row is None and name.lower() in tabled_methods():
        there = ", ".join(method_names())
        raise InputError(f"method '{name}': the paper's tables list it, but it is not there yet. Known: {there}")
    if row is None:
        raise unknown("method", name, method_names())
    if given == "":
        raise InputError(f"method '{name}': expected more after a colon, got nothing; it is {row.source}")
    if reason := obstacle(row):
        raise InputError(f"method '{name}': unavailable: {reason}")
    return row


def obstacle(row: MethodRow) -> str:
    """Why a method cannot run here; empty when it can, also where it must be trained first."""
    packages = [package for package in row.packages if find_spec(package) is None]
    if packages:
        return f"needs pip install {' '.join(packages)}"
    return "; ".join(filter(None, map(_missing, row.weights)))


def _missing(file: str) -> str:
    from benchmark.weights import missing, weight_path

    if file.startswith("ispl_model/"):
        return "" if files("ispl_model").joinpath(file.partition("/")[2]).is_file() else f"comes without {file}"
    return "" if weight_path(file).is_file() else missing(file)


def method_names() -> list[str]:
    """Every name that find_method takes: full and short ones, and how those from outside begin."""
    return sorted([*METHODS, *_SHORT, *(f"{kind}:" for kind in OUTSIDE)])


def tabled_methods() -> set[str]:
    """The methods that the tables list, whether they are there or not."""
    tables = [load_table(name) for name in table_names()]
    return {method for table in tables for row in table.rows for method in row.methods}


def method_module(name: str) -> Any:
    """What a method is made of.

    `load`; for a trained one `configure`, `build`, `TRAINING`; for a tuned one `restore`, `GRID`; for one from outside
    `digest`.
    """
    module, _, member = find_method(name).module.partition(":")
    imported = import_module(module)
    return getattr(imported, member) if member else imported
