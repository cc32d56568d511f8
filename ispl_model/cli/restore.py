"""`ispl restore`: a trained network on a user's images."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from tqdm import tqdm

from degrade.cli.console import BACKGROUND, COUNT, DEVICE, FILE, FOLDER, PLACE, Command, Stopped
from degrade.core.errors import InputError

if TYPE_CHECKING:  # torch takes seconds to import, so commands import what needs it when they run
    from ispl_model.restoration.restore_files import RestoreSummary

DTYPE = click.Choice(["auto", "bf16", "fp32"])
KIND = click.Choice(["auto", "face", "photo", "tiles"])


@click.command(cls=Command)
@click.argument("images", metavar="IMAGE_OR_FOLDER", type=PLACE)
@click.option("--out", required=True, type=FOLDER, help="Folder to write NAME.png to.")
@click.option("--checkpoint", type=FILE, help="Checkpoint of ispl train.  [default: the model that is shipped]")
@click.option("--kind", default="auto", show_default=True, type=KIND, help="What the images are, see above.")
@click.option("--upscale", default=1, show_default=True, type=COUNT, help="Enlargement of a photo or tiled image.")
@click.option("--level", type=float, help="For a network with levels: low is sharper, high closer to the input.")
@BACKGROUND
@click.option("--device", default="auto", show_default=True, type=DEVICE, help="Where to restore.")
@click.option("--dtype", default="auto", show_default=True, type=DTYPE, help="auto: bf16 where that is faster.")
@click.option("--batch", default=1, show_default=True, type=COUNT, help="Faces or tiles in one pass.")
@click.option("--resume", is_flag=True, help="Keep results of the same image, checkpoint and options.")
def restore(images, out, checkpoint, kind, upscale, level, background, device, dtype, batch, resume):
    """Restore a face, a photograph, or a folder of them.

    \b
    face   a square crop of a face, brought to the size of the network
    photo  every face that is found, aligned, restored and pasted back; the
           rest stays as it is, or is enlarged by bicubic (--upscale)
    tiles  the whole image in overlapping tiles; not what a network as large
           as the image would give, since each tile is normalised on its own
    auto   face where the image is square and no face smaller than a third
           of it is found, else photo (with --upscale always photo)

    Memory beside the network: up to 60 bytes for each pixel of a result,
    which has at most 89 million. OUT/restored.jsonl says what made what.
    """  # fmt: skip
    from degrade.core.image import SUFFIXES, list_images
    from ispl_model.restoration.restore_files import RestorePlan, RestoreSummary, restore_files
    from ispl_model.restoration.restorer import load_restorer

    if out.suffix.lower() in SUFFIXES:
        raise InputError(f"--out: expected a folder, got the image {out}; give the folder, names stay")
    plan = RestorePlan(kind, upscale, background, resume)
    paths = [images] if images.is_file() else list_images(images)
    restorer = load_restorer(checkpoint, device, level, batch=batch, dtype=dtype)
    summary = RestoreSummary()
    try:
        with tqdm(total=len(paths), unit="image", desc="restoring", disable=None) as bar:
            for summary in restore_files(restorer, paths, out, plan):
                bar.update(summary.seen - bar.n)
    except KeyboardInterrupt as stop:
        raise _stopped(summary) from stop
    click.echo(_restore_sentence(summary, restorer.size, out))
    if summary.errors:
        raise InputError(_errors_sentence(summary, len(paths)))


def _restore_sentence(summary: "RestoreSummary", size: int, out: Path) -> str:
    resized = f", {summary.resized} of them resized to {size} px first" if summary.resized else ""
    parts = [
        (summary.faces, f"{summary.faces} faces at {size} px{resized}"),
        (summary.photos, f"{summary.photos} photographs with {summary.found} faces"),
        (summary.tiled, f"{summary.tiled} in tiles of {size} px"),
    ]
    made = "; ".join(text for count, text in parts if count)
    kept = f"; {summary.kept} were there already" if summary.kept else ""
    return f"restored {summary.restored} images{': ' if made else ''}{made}{kept}\n{out}"


def _errors_sentence(summary: "RestoreSummary", count: int) -> str:
    lines = [f"{len(summary.errors)} of {count} images could not be restored:"]
    return "\n  ".join(lines + [sentence for _, sentence in summary.errors])


def _stopped(summary: "RestoreSummary") -> Stopped:
    return Stopped(f"stopped, {summary.restored} restored; the same command with --resume continues")
