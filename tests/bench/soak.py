"""Kills, races and crafted bytes, more of them than a test has time for: what survives is byte-equal, or one sentence.

    python -m tests.bench.soak --kills 200 --races 10 --images 10000 --texts 1000 --seed 0

Prints what was tried and what was found; exit status 1 where something was found. Every draw follows from the seed.
"""

import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import click
import numpy as np
from PIL import Image as Pillow

from benchmark.records.scores import read_scores
from benchmark.specs.evaluation import read_evaluation
from degrade.core.errors import InputError
from degrade.core.image import decode, write
from degrade.core.progress import progress_bar
from degrade.core.storage.files import sha256_file
from degrade.portraits.paint import paint
from degrade.recipes.parse_recipe import read_recipe
from degrade.splits.make_split import make_split
from degrade.splits.split import open_split

_FACES = 12
State = dict[str, object]


@dataclass(frozen=True)
class Target:
    """A command that a kill interrupts. made: what must be the same however often it was."""

    name: str
    command: Callable[[Path], list[str]]
    made: Callable[[Path], State]


def _files(*patterns: str) -> Callable[[Path], State]:
    def made(out: Path) -> State:
        found = (path for pattern in patterns for path in out.glob(pattern))
        return {path.relative_to(out).as_posix(): sha256_file(path) for path in found}

    return made


def _restored(out: Path) -> State:
    names = [json.loads(line)["file_name"] for line in (out / "restored.jsonl").read_text().splitlines()]
    doubled = {name for name in names if names.count(name) > 1}
    return _files("*.png")(out) | {"lines": sorted(set(names)), "doubled": sorted(doubled)}


def _scores(out: Path) -> State:
    found = read_scores(out / "results", "quick")
    return {f"{score.image} {score.metric}": score.value for score in found} | {"lines": len(found)}


def targets(faces: Path, split: Path) -> tuple[Target, ...]:
    """The four commands that write for long."""
    degrade = ["--recipe", "gfpgan", "--size", "64", "--workers", "2"]
    train = ["--width", "4", "--steps", "6", "--batch", "1", "--perceptual", "none", "--checkpoint-every", "1"]
    score = ["run", "--protocol", "S2S", "--method", "bicubic_x4", "--task", "sr4", "--metrics", "psnr.rgb,gmsd"]
    return (
        Target(
            "degrade run",
            lambda out: ["degrade", "run", str(faces), str(out), *degrade],
            _files("hq/*", "lq/*", "metadata.jsonl", "split.json"),
        ),
        Target(
            "ispl restore",
            lambda out: ["ispl_model", "restore", str(split / "lq"), "--kind", "face", "--out", str(out), "--resume"],
            _restored,
        ),
        Target(
            "ispl train",
            lambda out: ["ispl_model", "train", str(split), "--out", str(out / "model.safetensors"), *train],
            _files("model.safetensors"),
        ),
        Target(
            "benchmark run",
            lambda out: ["benchmark", *score, "--work", str(out / "work"), "--results", str(out / "results")],
            _scores,
        ),
    )


def kills(target: Target, count: int, folder: Path, rng: random.Random) -> Iterator[str]:
    """Kill the command `count` times at random moments, always going on in the same folder until it is whole."""
    start = time.perf_counter()
    whole = _made(target, folder / "whole")
    seconds = time.perf_counter() - start
    out, after = folder / "killed", 0
    for _ in progress_bar(range(count), f"{target.name}: kills"):
        process = _start(target, out)
        time.sleep(rng.uniform(0, seconds))
        after += process.poll() is None
        with suppress(ProcessLookupError):  # it was done
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if rng.random() < 0.3:  # whole, compared, and begun anew
            yield from _compared(target, whole, _made(target, out))
            shutil.rmtree(out)
    yield from _compared(target, whole, _made(target, out))
    print(f"{target.name}: {count} kills, {after} of them while it ran")


def races(target: Target, count: int, folder: Path) -> Iterator[str]:
    """Two processes at once in one folder."""
    whole = _made(target, folder / "alone")
    for number in progress_bar(range(count), f"{target.name}: races"):
        out = folder / f"race-{number}"
        both = [_start(target, out) for _ in range(2)]
        if any([process.wait() for process in both]):
            yield f"{target.name}: one of two at once failed"
        yield from _compared(target, whole, target.made(out))
    print(f"{target.name}: {count} races")


def _start(target: Target, out: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", *target.command(out)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def _made(target: Target, out: Path) -> State:
    if _start(target, out).wait():
        raise SystemExit(f"{target.name}: failed in {out}")
    return target.made(out)


def _compared(target: Target, whole: State, found: State) -> Iterator[str]:
    other = sorted(key for key in whole.keys() | found.keys() if whole.get(key) != found.get(key))
    if other:
        yield f"{target.name}: {len(other)} things differ, such as {other[0]}"


def images(count: int, rng: random.Random) -> Iterator[str]:
    """Image files of every format with some bytes changed, cut or doubled."""
    seeds = []
    for kind in ("PNG", "JPEG", "WEBP", "TIFF", "BMP"):
        for mode in ("RGB", "L", "RGBA"):
            buffer = io.BytesIO()
            picture = Pillow.fromarray((paint(1, 32) * 255).astype(np.uint8)).convert(mode)
            if (kind, mode) not in (("JPEG", "RGBA"),):
                picture.save(buffer, kind)
                seeds.append(buffer.getvalue())
    read = 0
    for _ in progress_bar(range(count), "images"):
        try:
            decode(_changed(rng.choice(seeds), rng), "fuzzed")
            read += 1
        except InputError:
            pass
        except Exception as error:  # what is looked for
            yield f"images: {type(error).__name__}: {error}"
    print(f"images: {count} tried, {read} read, the others a sentence")


def texts(count: int, split: Path, folder: Path, rng: random.Random) -> Iterator[str]:
    """JSON and TOML files of ours with some bytes changed."""
    recipe = (Path(__file__).parents[2] / "degrade/recipes/presets/gfpgan.toml").read_bytes()
    asked = b'methods = ["bicubic"]\nsplits = ["x"]\nsize = 64\n'
    readers = (
        (folder / "recipe.toml", recipe, lambda path: read_recipe(path)),
        (folder / "evaluation.toml", asked, lambda path: read_evaluation(path)),
        (folder / "split/split.json", (split / "split.json").read_bytes(), lambda path: open_split(path.parent)),
        (
            folder / "split/metadata.jsonl",
            (split / "metadata.jsonl").read_bytes(),
            lambda path: open_split(path.parent),
        ),
    )
    shutil.copytree(split, folder / "split")
    for number in progress_bar(range(count), "texts"):
        path, content, read = readers[number % len(readers)]
        path.write_bytes(_changed(content, rng))
        try:
            read(path)
        except InputError:
            pass
        except Exception as error:  # what is looked for
            yield f"{path.name}: {type(error).__name__}: {error}"
        path.write_bytes(content)
    print(f"texts: {count} tried")


def _open_whole(metadata: Path) -> None:
    """With the digest that a forger would write beside it."""
    info = metadata.with_name("split.json")
    told = info.read_bytes()
    info.write_text(json.dumps(json.loads(told) | {"metadata_sha256": sha256_file(metadata)}))
    try:
        open_split(metadata.parent)
    finally:
        info.write_bytes(told)


def _changed(content: bytes, rng: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8))):
        place = rng.randrange(len(data) or 1)
        how = rng.randrange(4)
        if how == 0:
            data[place : place + 1] = bytes([rng.randrange(256)])
        elif how == 1:
            del data[place : place + rng.randrange(1, 16)]
        elif how == 2:
            data[place:place] = data[place : place + 16]
        else:
            del data[place + 1 :]
    return bytes(data)


@click.command()
@click.option("--kills", "count", type=int, default=200, show_default=True)
@click.option("--races", "pairs", type=int, default=5, show_default=True, help="For each command.")
@click.option("--images", "pictures", type=int, default=10_000, show_default=True)
@click.option("--texts", "files", type=int, default=1000, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
def main(count: int, pairs: int, pictures: int, files: int, seed: int) -> None:
    """Try what is described above."""
    rng = random.Random(seed)
    print(f"seed {seed}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for face in range(_FACES):
            write(folder / "faces" / f"{face:02}.png", paint(face, 64))
        split = folder / "source"
        make_split(split, folder / "faces", "jpeg", size=64)
        (folder / "texts").mkdir()
        tried = [images(pictures, rng), texts(files, split, folder / "texts", rng)]
        for number, target in enumerate(targets(folder / "faces", split)):
            place = folder / str(number)
            tried += [kills(target, count // 4, place, rng), races(target, pairs, place)]
        found = 0
        for sentence in chain.from_iterable(tried):
            found += 1
            print(f"FOUND {sentence}", flush=True)
    print(f"{found} found")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
