"""`ispl explain`: what each level of a network contributes to one face."""

from pathlib import Path

import click

from degrade.cli.console import DEVICE, FILE, Command


@click.command(cls=Command)
@click.argument("image", type=FILE)
@click.option("--out", required=True, type=FILE, help="PNG to write.")
@click.option("--checkpoint", type=FILE, help="Checkpoint of ispl train.  [default: the model that is shipped]")
@click.option("--device", default="auto", show_default=True, type=DEVICE, help="Where to compute.")
def explain(image: Path, out: Path, checkpoint: Path | None, device: str) -> None:
    """Draw what each subspace contributes to a square face IMAGE (paper, Fig. 5): alone, and accumulated."""
    from degrade.core.image import read, write
    from ispl_model.inspection import explain as subspaces
    from ispl_model.restoration.restore_files import fitted_face
    from ispl_model.restoration.restorer import load_restorer

    network = load_restorer(checkpoint, device).network
    face = fitted_face(read(image), image, network.config.size)
    write(out, subspaces.explain(network, face))
    click.echo(f"{len(network.config.channels)} levels of {image.name} alone and accumulated\n{out}")
