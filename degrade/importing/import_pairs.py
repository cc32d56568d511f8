"""Existing images as splits; degrade.importing.known_sets says how known sets pair theirs.

The images are taken as they are and saved as PNG; only `size`, `crop` and `align` change them. A set of real
faces has no references, so its split has no hq/ and says so in split.json.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from degrade.core.errors import InputError
from degrade.core.formats import png
from degrade.core.image import Image, decode, describe, from_uint8, to_uint8
from degrade.core.storage.files import remove, sha256, write_bytes
from degrade.core.storage.paths import real_path
from degrade.faces import detection
from degrade.faces.alignment import crop_affine, ffhq_affine
from degrade.splits.layout import SCHEMA, UnfinishedSplit, check_file_name, libraries, pair_paths, split_writer
from degrade.splits.make_split import SplitSummary
from degrade.splits.recorded import image_hashes
from degrade.splits.sources import Source

RESIZE = "references Pillow Lanczos, degraded images Pillow bicubic, both antialiased, 8 bit; only where sides differ"


@dataclass(frozen=True)
class ImagePair:
    """One degraded image and its reference: `hq` is None without one, and equal to `lq` where both are stacked.

    facts: further keys of its record, the same ones for every pair of a split.
    """

    name: str
    lq: Path
    hq: Path | None = None
    facts: dict = field(default_factory=dict)


@dataclass(frozen=True)
class ImportPlan:
    """What an imported split is called and how its images are brought to one side.

    size: side of the reference in px (of the degraded image without references), None for that of the first usable one;
    scale: side of reference / side of degraded image, None for that of the first pair; align: cut
    to the FFHQ template by the landmarks of the reference, or of the degraded image without one.
    """

    layout: str
    domain: str = "real"
    role: str = "test"
    size: int | None = None
    scale: int | None = None
    crop: str = "none"
    background: str | None = None
    align: bool = False


def import_pairs(out: Path, pairs: Sequence[ImagePair], plan: ImportPlan) -> SplitSummary:
    """Write the pairs as a split to `out`; the same call continues or repeats an earlier one.

    An image that cannot be used is listed in the summary and the rest is written. Raises InputError for
    what concerns all: no pair, a folder that holds something else, sides that give no whole scale, a full disk.
    """
    out = Path(out)
    if not pairs:
        raise InputError(f"{out}: expected at least one image to import, got none")
    _check_apart(out, pairs)
    size, scale = _sides(pairs, plan)
    facts = _facts(plan, size, scale, has_reference=pairs[0].hq is not None)
    with split_writer(out, facts, [pair.name for pair in pairs]) as split:
        _write_all(split, out, pairs, plan, (size, scale))
    return SplitSummary(out, len(split.records), 0, tuple(split.errors.items()))


def _write_all(
    split: UnfinishedSplit, out: Path, pairs: Sequence[ImagePair], plan: ImportPlan, sides: tuple[int, int]
) -> None:
    """Write every pair that can be used, and note in the split what became of each."""
    from degrade.core.progress import progress_bar  # here, as degrade.splits.split has it

    for pair in progress_bar(sorted(pairs, key=lambda pair: pair.name), title=plan.role, unit="image"):
        try:
            check_file_name(pair_paths(out, pair.name)[1], pair.name)
            split.records[pair.name] = _write(out, pair, plan, *sides)
        except InputError as error:
            for path in pair_paths(out, pair.name):
                remove(path)
            split.errors[pair.name] = str(error)


def _check_apart(out: Path, pairs: Sequence[ImagePair]) -> None:
    """Raise InputError where writing to `out` would touch, or later be taken for, the images to import."""
    folders = {real_path(path.parent) for pair in pairs for path in (pair.lq, pair.hq) if path}
    target = real_path(out)
    both = next((each for each in folders if each.is_relative_to(target) or target.is_relative_to(each)), None)
    if both is not None:
        raise InputError(f"{out}: holds or lies in the folder of the images, {both}; write to a folder beside it")


def _facts(plan: ImportPlan, size: int, scale: int, has_reference: bool) -> dict:
    """What split.json says, with the keys of a degraded split."""
    return {
        "schema": SCHEMA,
        "recipe": plan.layout,
        "recipe_version": 1,
        "domain": plan.domain,
        "role": plan.role,
        "size": size,
        "scale": scale,
        "seed": None,
        "crop": plan.crop,
        "background": plan.background,
        "resize": RESIZE,
        "imported": True,
        "has_reference": has_reference,
        "align": "ffhq" if plan.align else "none",
    }


def _sides(pairs: Sequence[ImagePair], plan: ImportPlan) -> tuple[int, int]:
    """Size and scale of the split: as asked, or those of the first pair that can be read."""
    size, scale = plan.size, plan.scale
    if size is None or scale is None:
        pair, (reference, degraded) = _first(pairs, plan)
        side, small = min((degraded if reference is None else reference).shape[:2]), min(degraded.shape[:2])
        if scale is None and side % small:
            got = f"{side} and {small} px"
            raise InputError(f"{pair.lq}: expected a reference a whole number of times as large, got {got}")
        size, scale = size or side, scale or side // small
    if size % scale:
        raise InputError(f"--size: expected a multiple of the scale {scale}, got {size}")
    return size, scale


def _first(pairs: Sequence[ImagePair], plan: ImportPlan) -> tuple[ImagePair, tuple[Image | None, Image]]:
    """The first pair that can be used, and its images; where none can, the first that can be read."""
    read: list[tuple[ImagePair, tuple[Image | None, Image]]] = []
    for pair in pairs:
        try:
            read.append((pair, images := _read(pair, plan)[1]))
        except InputError as error:
            fault = error
            continue
        if plan.align or plan.crop != "none" or all(_is_square(image) for image in images if image is not None):
            return read[-1]
    if not read:
        raise fault
    return read[0]


def _is_square(image: Image) -> bool:
    return image.shape[0] == image.shape[1]


def _read(pair: ImagePair, plan: ImportPlan) -> tuple[tuple[bytes, ...], tuple[Image | None, Image]]:
    """The bytes of the files, and (reference, degraded) as they are in them."""
    data = tuple(Source(pair.name, path).encoded(0) for path in dict.fromkeys((pair.lq, pair.hq)) if path)
    degraded = decode(data[0], str(pair.lq), plan.background)
    if pair.hq is None:
        return data, (None, degraded)
    if pair.hq != pair.lq:
        return data, (decode(data[1], str(pair.hq), plan.background), degraded)
    height, width = degraded.shape[:2]
    if height != 2 * width:
        raise InputError(f"{pair.lq}: expected two squares, degraded above reference, got {width} x {height} px")
    return data, (degraded[width:], degraded[:width])


def _write(out: Path, pair: ImagePair, plan: ImportPlan, size: int, scale: int) -> dict:
    """Write the images of one pair and return their record."""
    data, (reference, degraded) = _read(pair, plan)
    if plan.align:
        reference, degraded = _aligned(pair, reference, degraded, (size, size // scale))
    else:
        degraded = _fitted(degraded, size // scale, plan, str(pair.lq))
        reference = None if reference is None else _fitted(reference, size, plan, str(pair.hq), is_reference=True)
    images = {"lq": degraded} if reference is None else {"hq": reference, "lq": degraded}
    pixels = {side: to_uint8(image) for side, image in images.items()}
    files = {side: png.encode(each) for side, each in pixels.items()}
    for path in pair_paths(out, pair.name):
        if path.parent.name in files:
            write_bytes(path, files[path.parent.name], sync=False)
    names = {"file_name": f"lq/{pair.name}.png"} | ({"hq_file_name": f"hq/{pair.name}.png"} if pair.hq else {})
    notes = dict.fromkeys(note for content in data for note in describe(content, pair.lq.name).notes)
    hashes = {key: value for side in images for key, value in image_hashes(side, files[side], pixels[side]).items()}
    return {
        **names,
        "name": pair.name,
        "source": pair.lq.name,
        "source_sha256": sha256(b"".join(data)),
        "size": size,
        "recipe": plan.layout,
        "recipe_version": 1,
        "seed": None,
        "operators": [],
        **hashes,
        "libraries": libraries(),
        **pair.facts,
        **({"note": "; ".join(notes)} if notes else {}),
    }


def _fitted(image: Image, side: int, plan: ImportPlan, name: str, is_reference: bool = False) -> Image:
    """A square of `side` px. Without --size other sides are refused, as are references that are too small."""
    height, width = image.shape[:2]
    if height != width and plan.crop != "center":
        raise InputError(f"{name}: expected a square image, got {width} x {height} px; --crop center cuts it")
    smaller = min(height, width)
    top, left = (height - smaller) // 2, (width - smaller) // 2
    square = image[top : top + smaller, left : left + smaller]
    if smaller == side:
        return square
    if plan.size is None:
        raise InputError(f"{name}: expected {side} px to a side like the first image, got {smaller}; give a --size")
    if is_reference and smaller < side:
        raise InputError(f"{name}: expected at least {side} px to a side, got {smaller}; ask for a smaller --size")
    kernel = Pillow.Resampling.LANCZOS if is_reference else Pillow.Resampling.BICUBIC
    return from_uint8(np.asarray(Pillow.fromarray(to_uint8(square)).resize((side, side), kernel)))


def _aligned(
    pair: ImagePair, reference: Image | None, degraded: Image, sides: tuple[int, int]
) -> tuple[Image | None, Image]:
    """Both images cut by one FFHQ crop, detected where the face is clearest: in the reference if there is one."""
    clear = degraded if reference is None else reference
    times = degraded.shape[0] / clear.shape[0], degraded.shape[1] / clear.shape[1]
    if abs(times[0] / times[1] - 1) > 0.02:
        raise InputError(f"{pair.hq}: expected the proportions of {pair.lq}, got others; give the uncropped results")
    box = detection.largest_face(clear)
    if box is None:
        raise InputError(f"{pair.hq or pair.lq}: no face was found to align; cut it by hand or leave it out")
    points = detection.landmarks68(clear, box)
    affine = ffhq_affine(points, sides[0])
    if reference is not None:
        reference = crop_affine(reference, affine, sides[0])
    affine = affine * [[times[1]], [times[0]]]
    affine[:, :2] *= sides[0] / sides[1]
    return reference, crop_affine(degraded, affine, sides[1])
