"""`ispl explain`: what each level of a network contributes to one face."""

from pathlib import Path

import click

from degrade.cli.console import DEVICE, FILE, OVERWRITE, PNG, Command, check_free, echo
from degrade.core.errors import Failed


@click.command(cls=Command)
@click.argument("image", type=FILE)
@click.option("--out", required=True, type=PNG, help="The PNG to write.")
@OVERWRITE
@click.option("--checkpoint", type=FILE, help="Checkpoint of ispl train.  [default: the model that is shipped]")
@click.option("--device", default="auto", show_default=True, type=DEVICE, help="Where to compute.")
def explain(image: Path, out: Path, overwrite: bool, checkpoint: Path | None, device: str) -> None:
    """Draw what each level of the network adds to one face.

    IMAGE is a square crop of a face. Each level's subspace is shown alone and accumulated, as in the paper's Fig. 5.

    \b
    Example: ispl explain face.png --out subspaces.png
    """
    from degrade.core.image import read, write
    from ispl_model.inspection import explain as subspaces
    from ispl_model.restoration.face import at_side
    from ispl_model.restoration.files.prepare import check_square
    from ispl_model.restoration.restorer import load_restorer
    from ispl_model.runtime.tensors import NotFiniteOutput

    check_free(overwrite, out, inputs=[image, checkpoint])
    restorer, face = load_restorer(checkpoint, device), read(image)
    network = restorer.network
    check_square(face, image)
    try:
        title = f"{image.name}, what each level of {Path(restorer.source).stem} holds"
        sheet = subspaces.explain(network, at_side(face, restorer.size), title)
    except NotFiniteOutput as error:
        remedy = "in fp32 (as with --dtype fp32); use another checkpoint"
        raise Failed(f"{image}: {restorer.source}: {error} {remedy}") from error
    write(out, sheet)
    echo(f"{len(network.config.channels)} levels of {image.name} alone and accumulated", subspaces.NOTE, str(out))
