"""`ispl restore`: a network on a user's images."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from degrade.cli.console import (
    BACKGROUND,
    COUNT,
    DEVICE,
    FILE,
    FINITE,
    FOLDER,
    PLACE,
    Command,
    Finite,
    Stopped,
    echo,
    spread_over,
)
from degrade.cli.reasons import by_reason
from degrade.core.choices import DTYPES
from degrade.core.cluster import cluster_in_use
from degrade.core.errors import Failed, InputError
from degrade.core.numbers import counted
from degrade.core.progress import progress_bar
from degrade.core.storage.paths import kind_of

if TYPE_CHECKING:  # torch takes seconds to import, so commands import what needs it when they run
    from ispl_model.restoration.files.plan import RestorePlan, RestoreSummary

DTYPE = click.Choice(DTYPES)
KIND = click.Choice(["auto", "face", "photo", "tiles"])
FORMATS = {"same": "", "png": ".png", "jpg": ".jpg", "webp": ".webp", "tiff": ".tiff"}
FORMAT, QUALITY = click.Choice(list(FORMATS)), click.IntRange(1, 100)
NO_FACE = click.Choice(["fail", "keep"])
SHARE = Finite(0, 1)
# What GFPGAN, CodeFormer and Real-ESRGAN call our options; docs/restore.md has the table.
ALIASES: dict[str, tuple[str, ...]] = {
    "--input": ("-i",),
    "--input_path": ("-i",),
    "--output": ("--out",),
    "--output_path": ("--out",),
    "--outscale": ("--upscale",),
    "--weight": ("-w",),
    "--fidelity_weight": ("-w",),
    "--bg_upsampler": ("--upsampler",),
    "--ext": ("--format",),
    "--only_center_face": ("--faces", "center"),
    "--aligned": ("--kind", "face"),
    "--has_aligned": ("--kind", "face"),
    "--fp32": ("--dtype", "fp32"),
}


class _WithAliases(Command):
    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        given = list[str]()
        for word in args:
            name, equals, value = word.partition("=")
            own = ALIASES.get(name)
            given += [word] if own is None else [*own, value] if equals else own
        asked = zip([None, *given], given, strict=False)
        return super().parse_args(context, ["same" if pair == ("--format", "auto") else pair[1] for pair in asked])


@click.command(cls=_WithAliases)
@click.argument("images", metavar="[IMAGE_OR_FOLDER]", type=PLACE, required=False)
@click.option("-i", "given", metavar="PLACE", type=PLACE, help="The image or folder; the same as the argument.")
@click.option("-o", "--out", required=True, type=FOLDER, help="Folder for the results, which keep their images' names.")
@click.option(
    "--with",
    "spelling",
    metavar="KIND:FILE",
    help="Another model: spandrel:, onnx:, ncnn: or ispl:FILE, python:MODULE:FUNCTION.",
)
@click.option("--checkpoint", type=FILE, help="Checkpoint of ispl train.  [default: the model that is shipped]")
@click.option("--upsampler", metavar="NAME", help="Network that enlarges the rest of a photo: realesrgan or KIND:FILE.")
@click.option("--kind", default="auto", show_default=True, type=KIND, help="What the images are; see above.")
@click.option("-s", "--upscale", default=1, show_default=True, type=COUNT, help="Enlargement of photos and tiles.")
@click.option(
    "--strength", type=SHARE, help="Blend: 0 keeps the input, 1 is fully restored.  [default: the model's, mostly 1]"
)
@click.option(
    "--guard",
    metavar="DISTANCE",
    type=Finite(min=0),
    help="Lower the strength until the identity distance is at most DISTANCE.",
)
@click.option("-w", "weight", type=SHARE, help="Fidelity, 1 keeps the input: another way to say --strength 1 - W.")
@click.option(
    "--faces",
    default="all",
    show_default=True,
    help="Which faces: all, largest, center, or numbers from the left: 1,3.",
)
@click.option(
    "--only-larger-than", default=0, metavar="PX", type=click.IntRange(min=0),
    help="Leave faces narrower than PX unrestored.",
)  # fmt: skip
@click.option(
    "--skip-sharp", metavar="LEVEL", type=Finite(min=0),
    help="Leave faces sharper than LEVEL unrestored (typical: 5 soft, 8 mild, 15 sharp).",
)  # fmt: skip
@click.option(
    "--no-face", default="fail", show_default=True, type=NO_FACE,
    help="A photo in which no face is found: an error, or kept as it is (or enlarged).",
)  # fmt: skip
@click.option("--turn", is_flag=True, help="Look for faces that lie on their side or upside down too.")
@click.option(
    "--level",
    type=FINITE,
    help="Of ispl-lite and models trained with --levels: 0 is the sharpest, 4 the closest to the input.",
)
@click.option("--format", "form", default="same", show_default=True, type=FORMAT, help="Format of the results.")
@click.option(
    "--quality", default=95, show_default=True, type=QUALITY, help="Quality of results in JPEG, WebP, HEIC and AVIF."
)
@click.option("--suffix", default="", metavar="TEXT", help="Call results NAME_TEXT.")
@click.option("--save", default="", metavar="faces,compare", help="Also save face crops and/or before-and-after pairs.")
@BACKGROUND
@click.option("--device", default="auto", show_default=True, type=DEVICE, help="Where to restore.")
@click.option(
    "--dtype",
    default="auto",
    show_default=True,
    type=DTYPE,
    help="Precision; auto: bf16 where that is faster, else fp32.",
)
@click.option(
    "--batch", default=1, show_default=True, type=COUNT, help="Faces restored at once, of several photos too."
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=COUNT,
    help="Processes that read, find faces and write beside the network, which has all cores.",
)
@click.option("--resume", is_flag=True, help="Keep finished results, make the missing ones.")
@click.option(
    "--overwrite",
    is_flag=True,
    help="Replace results that are there; with --resume only those made with other options.",
)
@spread_over
def restore(images, given, out, spelling, checkpoint, upsampler, level, device, dtype, batch, **asked):
    """Restore a face, a photograph, or a folder of them.

    \b
    face   a square crop of a face; one smaller than the network comes out at
           the network's size, a larger one at its own: the network sees it
           reduced, and what it changes is enlarged and added to it
    photo  every face that is found, aligned, restored and pasted back; the
           rest stays as it is, or is enlarged by bicubic (--upscale) or by
           a network (--upsampler)
    tiles  the whole image in overlapping tiles; not what a network as large
           as the image would give, since each tile is normalised on its own
    auto   face where the image is square and its largest face is a third as
           wide or more, or no face is found and it is no larger than the
           network; else photo (with --upscale, --upsampler or a choice of
           faces, and on its side with --turn, always photo)

    Results keep format, EXIF (upright), grey, transparency and sub-folders
    of their images, are sRGB with 8 bits, and never smaller. What is NaN in
    bf16 is computed again in fp32. OUT/restored.jsonl says what made what,
    OUT/faces.jsonl has a line for each face.

    Memory: about 0.6 GB, with a small network, and up to 30 bytes for each
    pixel of a result, which has at most 89 million (or FACES_MAX_PIXELS, in
    the environment): 1.1 GB for 24 million pixels. docs/restore.md says more, and what GFPGAN, CodeFormer and
    Real-ESRGAN call these options: their names work too.

    \b
    Example: ispl restore photo.jpg --out restored --strength 0.8
    """  # fmt: skip
    from ispl_model.restoration.fidelity.identity import farthest
    from ispl_model.restoration.files.cluster import RemoteModels
    from ispl_model.restoration.files.listed import images_to_restore
    from ispl_model.restoration.files.plan import RestoreSummary
    from ispl_model.restoration.files.restore_files import restore_files
    from ispl_model.restoration.models import Models

    place = _one_of(images, given)
    if (kind := kind_of(place)) not in ("file", "a folder"):
        got = "nothing there" if kind == "nothing" else kind
        raise InputError(f"{place}: expected an image or a folder of images, got {got}")
    plan = _plan(out=out, **asked)
    large = upsampler if upsampler and upsampler.lower() != "none" else None
    if large and plan.kind in ("face", "tiles"):
        raise InputError(f"--kind {plan.kind}: --upsampler is for photographs; leave it out, or take --kind photo")
    paths, root = ([_no_video(place)], place.parent) if place.is_file() else (images_to_restore(place, out), place)
    if spelling and checkpoint:
        raise InputError(f"--with {spelling} and --checkpoint {checkpoint}: two models; leave out one")
    models = Models(spelling, checkpoint, large, device, level, batch, dtype)
    cluster = cluster_in_use()
    far = RemoteModels.load(cluster, models) if cluster else None
    restorer, enlarging = far.here if far else models.load()
    summary = RestoreSummary()
    try:
        with (
            closing(restore_files(far or restorer, paths, out, plan, root, enlarging)) as files,
            progress_bar(total=len(paths), unit="image", title="restoring") as bar,
        ):
            for summary in files:
                bar.update(summary.seen - bar.n)
    except KeyboardInterrupt as stop:
        raise _stopped(summary) from stop
    echo(_restore_sentence(summary, restorer.size), *filter(None, [farthest(summary.moved)]), str(out))
    if summary.errors:
        failed = (f"  {line}" for line in by_reason(summary.errors))
        raise Failed(f"{len(summary.errors)} of {len(paths)} images could not be restored:", *failed)


def _one_of(images: Path | None, given: Path | None) -> Path:
    if images is not None and given is not None:
        raise InputError(f"{images} and -i {given}: expected one image or folder; leave out one")
    place = images if images is not None else given
    if place is None:
        raise InputError("expected an image or a folder of images; give it before the options, or after -i")
    return place


def _plan(*, out: Path, weight: float | None, strength: float | None, **asked: Any) -> "RestorePlan":
    from degrade.core.storage.listing import SUFFIXES
    from ispl_model.restoration.choose import Choice, parse_which
    from ispl_model.restoration.files.plan import SAVED, RestorePlan

    if out.suffix.lower() in SUFFIXES:
        raise InputError(f"--out: expected a folder, got the image {out}; give the folder, names stay")
    if weight is not None and strength is not None:
        raise InputError(f"-w {weight:g} and --strength {strength:g}: -w is 1 - strength; leave out one")
    saved = tuple(word for word in asked["save"].split(",") if word)
    if (unknown := [word for word in saved if word not in SAVED]) or (asked["save"] and not saved):
        got = unknown[0] if unknown else asked["save"]
        raise InputError(f"--save: expected {' or '.join(SAVED)}, or both with a comma, got '{got}'")
    if any(letter in asked["suffix"] for letter in "/\\\0"):
        raise InputError(f"--suffix: expected a part of a file's name, got '{asked['suffix']}'")
    return RestorePlan(
        asked["kind"],
        asked["upscale"],
        asked["background"],
        resume=asked["resume"],
        overwrite=asked["overwrite"],
        suffix=FORMATS[asked["form"]],
        ending=f"_{asked['suffix']}" if asked["suffix"] else "",
        quality=asked["quality"],
        saved=saved,
        strength=strength if weight is None else 1 - weight,
        guard=asked["guard"],
        choice=Choice(parse_which(asked["faces"]), asked["only_larger_than"], asked["skip_sharp"]),
        turn=asked["turn"],
        workers=asked["workers"],
        no_face=asked["no_face"],
    )


def _no_video(path: Path) -> Path:
    from ispl_model.restoration.files.videos import check_no_video

    check_no_video(path)
    return path


def _restore_sentence(summary: "RestoreSummary", size: int) -> str:
    resized = f" ({summary.resized} resized to {size} px for the network)" if summary.resized else ""
    spared = f", {summary.spared} of which stay as they were" if summary.spared else ""
    parts = [
        (summary.faces, f"{counted(summary.faces, 'face')}{resized}"),
        (summary.photos, f"{counted(summary.photos, 'photograph')} with {counted(summary.found, 'face')}{spared}"),
        (summary.tiled, f"{summary.tiled} in tiles of {size} px"),
    ]
    made = "; ".join(text for count, text in parts if count)
    kept = f"; {summary.faceless} without a face, kept" if summary.faceless else ""
    kept += f"; {counted(summary.kept, 'result')} there already" if summary.kept else ""
    return f"restored {counted(summary.restored, 'image')}{': ' if made else ''}{made}{kept}"


def _stopped(summary: "RestoreSummary") -> Stopped:
    return Stopped(f"stopped, {summary.restored} restored; the same command with --resume continues")
