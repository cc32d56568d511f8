"""Parameters of methods without training: chosen once, on the validation split, and reused while all is the same."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import fmean

from tqdm import tqdm

from benchmark.methods.classical.common import read_parameters
from benchmark.methods.registry import canonical, method_module
from benchmark.metrics.pixel import psnr
from benchmark.runs.splits import Prepared, Settings, parameters_file
from degrade.core.errors import InputError
from degrade.core.files import LineFile, digest_of, locked, write_json
from degrade.core.image import Image, from_uint8, to_uint8
from degrade.core.resize import match_scale
from degrade.splits.split import Split

IMAGES = 16  # of the validation split, at most
_IDENTICAL = 100.0  # dB, for the infinite PSNR of identical images

Parameters = Mapping[str, float]


def tuned(settings: Settings, method: str, recipe: str, prepared: Prepared) -> tuple[Path, bool]:
    """The parameters.json of a method on a validation split, and whether it was made just now.

    Chosen is the candidate of the method's GRID with the highest mean PSNR over the first IMAGES images, restored
    images rounded to 8 bits; of equal ones the first. The folder's hash covers the grid and the content of the split;
    `recipe` is only a name in it. An interrupted choice goes on from the last image.
    Of two processes that want one choice the second waits for it.
    Raises InputError when the file there is damaged or the split holds no pairs.
    """
    name, module = canonical(method), method_module(method)
    names, split = prepared.names[:IMAGES], prepared.split
    if not (names and split.has_reference):
        raise InputError(f"{prepared.label}: holds no pairs to choose the parameters of {name} on; add references")
    facts = {"method": name, "grid": module.GRID, "split": split.digest, "images": names}
    path = parameters_file(settings.work, name, recipe, digest_of(facts))
    path.parent.mkdir(parents=True, exist_ok=True)
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


def _scores(method: str, prepared: Prepared, path: Path) -> list[float]:
    """The mean PSNR of each candidate; what an earlier session wrote to `path` is taken over."""
    module, names = method_module(method), prepared.names[:IMAGES]
    grid = module.GRID
    with LineFile(path) as file:
        known = {(place, name): value for place, name, value in map(json.loads, path.read_text("utf-8").splitlines())}
        for name in tqdm(names, f"{method}: {len(grid)} candidates", unit="image", disable=None):
            for place in range(len(grid)):
                if (place, name) not in known:
                    known[place, name] = _score(module.restore, grid[place], prepared.split, name)
                    file.write(json.dumps([place, name, known[place, name]]))
    return [round(fmean(known[place, name] for name in names), 4) for place in range(len(grid))]


def _score(restore: Callable[..., Image], parameters: Parameters, split: Split, name: str) -> float:
    restored = restore(match_scale(split.degraded(name), split.info["size"], 1), **parameters)
    return min(psnr(from_uint8(to_uint8(restored)), split.reference(name)), _IDENTICAL)
