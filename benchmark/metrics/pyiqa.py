"""`pyiqa:NAME`: any metric of images that pyiqa has, as pyiqa defines it, offline.

Direction, need of a reference and range come from pyiqa's own registry, which is read without importing
pyiqa. Files that are missing are never fetched: pyiqa, torchvision, timm, CLIP and transformers are kept from it.
"""

import functools
import importlib.util
import random
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch
from urllib.parse import urlparse

import numpy as np

from benchmark.assets import offline, trust, weights
from benchmark.assets.loading import guarded
from benchmark.metrics.base import Compute, Metric, MetricError, Unavailable
from degrade.core.errors import InputError, unknown
from degrade.core.image import Image
from ispl_model.runtime.known_files import Refused, file_digest

_PREFIX = "pyiqa:"
_SETS = ("fid", "sfid", "fid_dinov2", "inception_score")
_SEED = 123  # of metrics that crop at random
_PROGRAMS = ("QAlign", "Compare2Score")  # of which transformers is told to trust_remote_code
_PACKAGES = ("pyiqa", "torch", "torchvision", "timm", "transformers")


def describe(metric_id: str) -> Metric:
    """What pyiqa declares of a metric; InputError for one it does not have or that is of sets of images."""
    name = metric_id.removeprefix(_PREFIX)
    facts = _registry()
    if name in _SETS:
        raise InputError(f"{metric_id} is a metric of sets; use fid.inception or kid.inception")
    if name not in facts:
        raise unknown("metric of pyiqa", name, (known for known in facts if known not in _SETS))
    fact = facts[name]
    options = ", ".join(f"{key} {value}" for key, value in fact["metric_opts"].items())
    return Metric(
        id=metric_id,
        module="pyiqa",
        unit="1",
        higher_is_better=not fact.get("lower_better", False),
        needs_reference=fact["metric_mode"] == "FR",
        per="image",
        weights=(),
        header=f"{name} (pyiqa)",
        packages=_PACKAGES,
        meaning=f"pyiqa's {name} as it is by default ({options}) on RGB in [0, 1], about {fact['score_range']}",
        note="defined by pyiqa, random crops seeded for each image",
    )


def load(metric_id: str) -> Compute:
    """The metric on the CPU. Unavailable, with the file that is missing where it is known."""
    network, _ = _network(metric_id)
    needs_reference = describe(metric_id).needs_reference

    def compute(restored: Image, reference: Image | None) -> float:
        import torch

        given = [restored] if reference is None or not needs_reference else [restored, reference]
        with offline.no_downloads(), guarded(), _seeded():
            value = network(*(torch.from_numpy(image.transpose(2, 0, 1)[None].copy()) for image in given))
        if not torch.is_tensor(value) or value.numel() != 1:
            raise MetricError(f"{metric_id} gives more than one number for an image")
        return value.item()

    return compute


def weight_hashes(metric_id: str) -> dict[str, str | None]:
    """SHA-256 of every file the metric was read from; None for one that keeps it from being loaded."""
    try:
        _, files = _network(metric_id)
    except (Unavailable, Refused, ImportError) as reason:
        return {str(reason): None}
    return {path.name: file_digest(path) for path in sorted(files)}


def weight_origins(metric_id: str) -> dict[str, str]:
    """Of every file the metric was read from, what it is: see benchmark.assets.weights.origin."""
    try:
        _, files = _network(metric_id)
    except (Unavailable, Refused, ImportError):
        return {}
    return {path.name: origin for path, origin in sorted(files.items())}


@functools.cache
def _network(metric_id: str) -> tuple[Any, dict[Path, str]]:
    """pyiqa's network and the files it was read from, with what each is."""
    describe(metric_id)
    if _registry()[metric_id.removeprefix(_PREFIX)]["metric_opts"].get("type") in _PROGRAMS:
        trust.require(metric_id, "pyiqa runs code that lies beside its weights")
    with _old_setuptools(), _seeded():
        from pyiqa.models.inference_model import InferenceModel
        from pyiqa.utils import download_util

        # pyiqa asks for $TORCH_HOME when it is imported, everything else when it looks for a file.
        folder = patch.object(download_util, "DEFAULT_CACHE_DIR", str(weights.weight_path("pyiqa")))
        with offline.no_downloads() as asked, guarded() as files, folder, redirect_stdout(StringIO()):
            network = _made(InferenceModel, metric_id, asked)
    return network, files


def _made(model: Any, metric_id: str, asked: list[str]) -> Any:
    try:
        return model(metric_id.removeprefix(_PREFIX), device="cpu")
    except ImportError:
        raise
    except Refused as reason:
        raise Unavailable(f"{metric_id}: {reason}") from reason
    except Exception as error:  # packages that find no file raise nearly every kind of exception
        address = asked[0] if asked else _address(error)
        needs = _missing(address) if address else f"files that can be used ({type(error).__name__})"
        raise Unavailable(f"{metric_id} needs {needs}") from error


def _missing(address: str) -> str:
    """The file at an address that was asked for, how large it is and where it goes; no path of this machine."""
    name = Path(urlparse(address).path).name
    if name in weights.WEIGHTS:
        return weights.missing(weights.WEIGHTS[name].file)
    if "openaipublic" in address:
        return f"{name}; put it at ~/.cache/clip/{name}; it is at {address}"
    if "huggingface.co" in address and "IQA-PyTorch-Weights" not in address:
        return f"{address}; load it once with huggingface_hub into $HF_HOME where there is a network"
    folder = "pyiqa" if "IQA-PyTorch-Weights" in address else "checkpoints"
    return f"{weights.missing(f'{folder}/{name}')}; it is at {address}"


def _address(error: BaseException | None) -> str | None:
    """The first address that an exception or one that led to it names; huggingface_hub gives it nowhere else."""
    deepest = None
    while error is not None:
        found = re.search(r"https://huggingface\.co/[^\s'\":]+/resolve/[^\s'\":]+", str(error))
        deepest = found.group() if found else deepest
        error = error.__cause__ or error.__context__
    return deepest


@contextmanager
def _old_setuptools() -> Iterator[None]:
    """OpenAI's CLIP takes `packaging` from pkg_resources, which current setuptools no longer has."""
    import packaging.version

    absent = importlib.util.find_spec("pkg_resources") is None
    if absent:
        stand_in = ModuleType("pkg_resources")
        vars(stand_in)["packaging"] = packaging
        sys.modules["pkg_resources"] = stand_in
    try:
        yield
    finally:
        if absent:
            del sys.modules["pkg_resources"]


@contextmanager
def _seeded() -> Iterator[None]:
    """Every global generator seeded inside the block and as before after it."""
    import torch

    python, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002 - pyiqa draws from it
    with torch.random.fork_rng(devices=[]):
        random.seed(_SEED)
        np.random.seed(_SEED)  # noqa: NPY002
        torch.manual_seed(_SEED)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(legacy)  # noqa: NPY002


@functools.cache
def _registry() -> dict[str, dict[str, Any]]:
    """pyiqa's default_model_configs.py alone: importing pyiqa itself takes seconds."""
    package = importlib.util.find_spec("pyiqa")
    if package is None or not package.submodule_search_locations:
        raise InputError("pyiqa: the package is not installed; install it with: pip install pyiqa")
    path = Path(package.submodule_search_locations[0]) / "default_model_configs.py"
    spec = importlib.util.spec_from_file_location("pyiqa_registry", path)
    assert spec is not None and spec.loader is not None  # as of every file that ends in .py
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return dict(module.DEFAULT_CONFIGS)
