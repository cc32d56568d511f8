"""What every method, metric and restoring routine gave on fixed input, by version: python -m tests.reference.outputs

Makes outputs.json anew, or of it what is named: `python -m tests.reference.outputs psnr.rgb bicubic`.
tests/benchmark/test_versions.py holds the code against it. Numbers, not hashes: processors and libraries move the last
bits. What is not installed where it is made keeps its earlier numbers.
"""

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmark.methods.registry import method_module, why_unavailable
from benchmark.methods.row import TUNED
from benchmark.methods.table import METHODS
from benchmark.metrics.base import Record, Unavailable
from benchmark.metrics.registry import load
from benchmark.metrics.table import METRICS
from degrade.core.image import Image
from degrade.core.resize import resize_bicubic
from degrade.core.storage.files import write_json
from degrade.portraits.paint import paint
from degrade.recipes.degrade_image import degrade_image

FILE = Path(__file__).with_suffix(".json")
SIDE, WIDTH = 64, 4
PLACES = 24  # pixels of an image that are kept
ROUTINES = ("face", "photo", "tiles")


class NotHere(Exception):
    """A package or weight file is missing."""


def picture(side: int) -> Image:
    """Waves under a little noise, the same everywhere."""
    down, across = np.mgrid[0:side, 0:side] / side * 2 * np.pi
    waves = [np.sin(3 * down + shift) * np.cos(2 * across - shift) for shift in (0.0, 0.7, 1.9)]
    noise = np.random.default_rng(0).random((side, side, 3)) - 0.5
    return (0.5 + 0.35 * np.stack(waves, axis=2) + 0.2 * noise).astype(np.float32)


def sampled(image: Image) -> list[float]:
    """Values at PLACES pixels spread over the image, all three channels."""
    height, width = image.shape[:2]
    rows, columns = (np.arange(PLACES) * 37 + 5) % height, (np.arange(PLACES) * 53 + 11) % width
    return [round(float(value), 5) for value in image[rows, columns].ravel()]


def of_method(name: str) -> list[float]:
    """A method's restoration of a quarter-size and of a full-size picture; a network has drawn weights."""
    if why_unavailable(METHODS[name]):
        raise NotHere(name)
    module, row = method_module(name), METHODS[name]
    side = 256 if name == "ispl-lite" else SIDE
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = None
        if row.trainable:
            checkpoint = Path(folder, "model.safetensors")
            _save_drawn(name, module, checkpoint)
        if row.kind == TUNED:
            checkpoint = Path(folder, "parameters.json")
            write_json(checkpoint, {"method": name, "parameters": module.GRID[0]})
        method = module.load("cpu", checkpoint, side)
        whole = paint(0, side) if name.startswith("ispl:ep_map") else picture(side)  # its maps are of a face's parts
        images = [whole] if method.needs_reference else [resize_bicubic(whole, side // 4, side // 4), whole]
        return [value for image in images for value in sampled(method.restore([image])[0])]


def _save_drawn(name: str, module: Any, checkpoint: Path) -> None:
    """Weights in the order of the network's parameters, so that renaming one changes nothing."""
    import torch

    from ispl_model.runtime.checkpoint import save
    from ispl_model.runtime.device import seeded_build

    spread = 0.6 if name.startswith("ispl:ep_map") else 0.2  # a network that is not given the image has less to say
    network = seeded_build(lambda: module.build(WIDTH, SIDE), 0)
    rng = np.random.default_rng(0)
    with torch.no_grad():
        for parameter in network.parameters():
            fan = max(1, parameter[0].numel()) if parameter.ndim > 1 else 100
            drawn = rng.standard_normal(tuple(parameter.shape)) * spread / fan**0.5
            parameter.add_(torch.from_numpy(drawn.astype(np.float32)))
    header = {"method": name, "network": asdict(module.configure(WIDTH, SIDE))}
    save(checkpoint, network.state_dict(), header | {"training": module.TRAINING.facts()})


def of_metric(name: str) -> list[float]:
    """A metric's number of a portrait and its coarse copy; of a set, that of three such pairs."""
    try:
        scorer = load(name)
    except Unavailable as reason:
        raise NotHere(str(reason)) from reason
    count = 3 if METRICS[name].per == "set" else 1
    references = [paint(seed, 256) for seed in range(1, count + 1)]
    restored = [resize_bicubic(resize_bicubic(image, 96, 96), 256, 256) for image in references]
    if METRICS[name].needs_record:
        degraded, operators = degrade_image(references[0], "jpeg", name="fixed")
        return [float(scorer(restored[0], Record(degraded, operators, 256)))]
    if METRICS[name].per == "image":
        return [float(scorer(restored[0], references[0]))]
    sides = (np.stack([scorer.feature(image) for image in images]) for images in (restored, references))
    return [float(scorer.distance(*sides))]


def of_routine(kind: str) -> list[float]:
    """What `ispl restore --kind` makes of a scene with one face, with drawn weights."""
    from ispl_model.restoration.restorer import load_restorer
    from ispl_model.restoration.tiles import restore_tiled

    name = "ispl:isp_unet_pac"
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder, "model.safetensors")
        _save_drawn(name, method_module(name), checkpoint)
        restorer = load_restorer(checkpoint, device="cpu")
    face = paint(1, 256)
    if kind == "face":
        return sampled(restorer(face))
    scene = np.pad(face, ((20, 30), (40, 60), (0, 0)), mode="edge")
    if kind == "photo":
        return sampled(restorer.photograph(scene))
    return sampled(restore_tiled(scene, restorer.restore_faces, restorer.size))


def versions() -> dict[tuple[str, str], int]:
    """(kind, name) of everything that has a version -> its version now."""
    from ispl_model.restoration.restorer import VERSION

    rows = {("method", name): row.version for name, row in METHODS.items()}
    rows |= {("metric", name): metric.version for name, metric in METRICS.items()}
    return rows | {("routine", kind): VERSION for kind in ROUTINES}


def output(kind: str, name: str) -> list[float]:
    """The numbers of one, with products in float32 on every processor; NotHere where it cannot run."""
    compute = {"method": of_method, "metric": of_metric, "routine": of_routine}[kind]
    with patch("ispl_model.runtime.device._processor_has_fast_bf16", lambda: False):
        return compute(name)


def stored() -> dict[str, dict[str, Any]]:
    """`kind name` -> {version, values}."""
    return json.loads(FILE.read_text()) if FILE.exists() else {}


def main(names: list[str]) -> None:
    """Writes the file beside this one; where some are named, these alone anew."""
    found, rows = stored(), versions()
    for (kind, name), version in rows.items():
        if not names or name in names:
            try:
                found[f"{kind} {name}"] = {"version": version, "values": output(kind, name)}
            except NotHere as reason:
                print(f"{kind} {name}: left as it was, {reason}")
    keys = [f"{kind} {name}" for kind, name in rows]
    lines = [f"{json.dumps(key)}: {json.dumps(found[key])}" for key in keys if key in found]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
