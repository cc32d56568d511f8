"""What methods need before they restore: checkpoints and chosen parameters, under --work.

Made once, and reused only when everything that went into them is the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmark.methods.classical.common import read_parameters
from benchmark.methods.registry import find_method, full_name, method_module
from benchmark.metrics.pixel import psnr
from benchmark.runs.settings import Settings
from benchmark.runs.splits import PreparedSplit
from degrade.core.errors import InputError
from degrade.core.image import Image, from_uint8, to_uint8
from degrade.core.progress import progress_bar
from degrade.core.resize import match_scale
from degrade.core.storage import strict_json
from degrade.core.storage.files import JsonLines, digest_of, locked, make_folder, write_json
from degrade.splits.split import Split

IMAGES = 16  # of the validation split, at most
_IDENTICAL = 100.0  # dB, for the infinite PSNR of identical images

Parameters = Mapping[str, float]


def trained(settings: Settings, method: str, seed: int, recipe: str, split: Split) -> tuple[Path, bool]:
    """The finished checkpoint of a method on a train split, and whether it was trained just now.

    The folder's hash covers the network's config, the method's TRAINING, the profile's share of the
    training and the content of the split; `recipe` is only a name in it. Raises InputError when the
    file there is damaged, Interrupted when training is stopped (the same call continues from there). Of two
    processes that want one checkpoint the second waits for it.
    """
    # Imported here: `benchmark methods` and runs of methods without weights need no torch.
    from ispl_model.losses.perceptual import perceptual_label
    from ispl_model.runtime.checkpoint import load_header
    from ispl_model.runtime.device import seeded_build
    from ispl_model.training.config import TrainOptions
    from ispl_model.training.loop import train

    profile, name, module = settings.profile, full_name(method), method_module(method)
    config = asdict(module.configure(profile.width, profile.size))
    perceptual = profile.perceptual if "perceptual" in module.TRAINING.losses else "none"
    shape = {key: value for key, value in config.items() if value}  # without what older versions did not know
    facts = {"method": name, "network": shape, "training": module.TRAINING.facts(), "split": split.digest}
    facts |= {
        "steps": profile.steps,
        "batch": profile.batch,
        "seed": seed,
        "perceptual": perceptual_label(perceptual, module.TRAINING.perceptual),
    }
    path = _checkpoint_file(settings.work, name, recipe, seed, digest_of(facts))
    make_folder(path.parent)
    with locked(path.parent):
        if path.exists():
            load_header(path)  # raises when the file is cut off or something else
            return path, False
        network = seeded_build(lambda: module.build(profile.width, profile.size), seed)
        run = TrainOptions(profile.steps, profile.batch, seed, perceptual, settings.device, settings.workers - 1)
        train(network, {"method": name, "network": config}, module.TRAINING, run, split, path)
        return path, True


def training_result(checkpoint: Path) -> Mapping[str, Any]:
    """What train.json beside a finished checkpoint says of its end: images_seen, seconds, warning; empty without it.

    A warning is a sentence on what went wrong on the way, such as a collapsed discriminator.
    """
    from ispl_model.training.resume import read_report

    report = read_report(checkpoint.with_name("train.json"))
    return (report and report["result"]) or {}


def tuned(settings: Settings, method: str, recipe: str, prepared: PreparedSplit) -> tuple[Path, bool]:
    """The parameters.json of a method on a validation split, and whether it was made just now.

    Chosen is the candidate of the method's GRID with the highest mean PSNR over the first IMAGES images, restored
    images rounded to 8 bits; of equal ones the first. The folder's hash covers the grid and the content of the split;
    `recipe` is only a name in it. An interrupted choice continues from the last image.
    Of two processes that want one choice the second waits for it.
    Raises InputError when the file there is damaged or the split holds no pairs.
    """
    name, module = full_name(method), method_module(method)
    names, split = prepared.names[:IMAGES], prepared.split
    if not (names and split.has_reference):
        raise InputError(f"{prepared.label}: holds no pairs to choose the parameters of {name} on; add references")
    facts = {"method": name, "grid": module.GRID, "split": split.digest, "images": names}
    if (version := find_method(method).version) != 1:  # the first one added nothing
        facts["version"] = version
    path = _parameters_file(settings.work, name, recipe, digest_of(facts))
    make_folder(path.parent)
    with locked(path.parent):
        if path.exists():
            read_parameters(path, name)
            return path, False
        scores = _scores(name, prepared, path.with_name("tried.jsonl"))
        best = max(range(len(scores)), key=scores.__getitem__)
        tried = [{**each, "psnr.rgb": score} for each, score in zip(module.GRID, scores, strict=True)]
        found = {"split": prepared.label, "split_sha256": split.digest, "images": names, "tried": tried}
        write_json(path, {"method": name, "parameters": module.GRID[best], **found})
        return path, True


def _checkpoint_file(work: Path, method: str, task: str, seed: int, digest: str) -> Path:
    """WORK/checkpoints/<method>-<task>-<seed>-<8 digits>/model.safetensors; a colon in the method is a dash."""
    folder = f"{method.replace(':', '-')}-{task}-{seed}-{digest[:8]}"
    return Path(work) / "checkpoints" / folder / "model.safetensors"


def _parameters_file(work: Path, method: str, task: str, digest: str) -> Path:
    """WORK/checkpoints/<method>-<task>-<8 digits>/parameters.json"""
    return Path(work) / "checkpoints" / f"{method}-{task}-{digest[:8]}" / "parameters.json"


def _scores(method: str, prepared: PreparedSplit, path: Path) -> list[float]:
    """The mean PSNR of each candidate; what an earlier session wrote to `path` is taken over."""
    module, names = method_module(method), prepared.names[:IMAGES]
    grid = module.GRID
    with JsonLines(path, _parse_tried) as file:
        known = {(place, name): value for place, name, value in file.values}
        for name in progress_bar(names, f"{method}: {len(grid)} candidates", unit="image"):
            for place in range(len(grid)):
                if (place, name) not in known:
                    known[place, name] = _score(module.restore, grid[place], prepared.split, name)
                    file.append((place, name, known[place, name]))
    return [round(fmean(known[place, name] for name in names), 4) for place in range(len(grid))]


def _parse_tried(path: Path, number: int, line: bytes) -> tuple[int, str, float]:
    try:
        return strict_json.decode(line, tuple[int, str, float])
    except ValueError as error:
        raise InputError(f"{path}: line {number} is no tried candidate ({error}); remove the file") from error


def _score(restore: Callable[..., Image], parameters: Parameters, split: Split, name: str) -> float:
    restored = restore(match_scale(split.degraded(name), split.info["size"], 1), **parameters)
    return min(psnr(from_uint8(to_uint8(restored)), split.reference(name)), _IDENTICAL)
