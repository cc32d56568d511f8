"""`ispl restore`: a trained network on a user's images."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from tqdm import tqdm

from degrade.console import Command
from degrade.errors import InputError
from degrade.image import list_images

if TYPE_CHECKING:  # torch takes seconds to import, so commands import what needs it when they run
    from ispl_model.restore import RestoreSummary

DEVICE = click.Choice(["auto", "cpu", "cuda"])
FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
COUNT = click.IntRange(min=1)


@click.command(cls=Command)
@click.argument("images", metavar="IMAGE_OR_FOLDER", type=click.Path(path_type=Path))
@click.option("--checkpoint", required=True, type=FILE, help="Checkpoint of ispl train.")
@click.option("--out", required=True, type=FOLDER, help="Folder to write NAME.png to.")
@click.option("--device", default="auto", show_default=True, type=DEVICE, help="Where to restore.")
@click.option("--batch", default=1, show_default=True, type=COUNT, help="Images in one pass.")
def restore(images, checkpoint, out, device, batch):
    """Restore a face, or every face in a folder, at the size the checkpoint was trained for."""
    from ispl_model.restore import RestoreSummary, load_network, restore_files

    paths = [images] if images.is_file() else list_images(images)
    network, _ = load_network(checkpoint, device)
    summary = RestoreSummary(0, 0, ())
    with tqdm(total=len(paths), unit="image", desc="restoring", disable=None) as bar:
        for summary in restore_files(network, paths, out, batch):
            bar.update(summary.restored + len(summary.errors) - bar.n)
    click.echo(_restore_sentence(summary, network.config.size, out))
    if summary.errors:
        raise InputError(_errors_sentence(summary, len(paths)))


def _restore_sentence(summary: "RestoreSummary", size: int, out: Path) -> str:
    resized = f", {summary.resized} of them resized to {size} px first" if summary.resized else ""
    return f"restored {summary.restored} images at {size} px{resized}\n{out}"


def _errors_sentence(summary: "RestoreSummary", count: int) -> str:
    lines = [f"{len(summary.errors)} of {count} images could not be restored:"]
    return "\n  ".join(lines + [sentence for _, sentence in summary.errors])
