"""`ispl export`: a checkpoint as an ONNX file."""

from pathlib import Path

import click

from degrade.cli.console import COUNT, FILE, FINITE, OVERWRITE, Command, check_free, echo
from degrade.core.errors import InputError


@click.command(cls=Command)
@click.argument("checkpoint", required=False, type=FILE)
@click.option("--out", required=True, type=FILE, help="The file to write, NAME.onnx.")
@OVERWRITE
@click.option("--size", type=COUNT, help="Side of the images it will take, px.  [default: the network's]")
@click.option(
    "--level", type=FINITE, help="For a network trained with --levels: low is sharper, high closer to the input."
)
def export(checkpoint: Path | None, out: Path, overwrite: bool, size: int | None, level: float | None) -> None:
    """Write a checkpoint as an ONNX file, which runs anywhere.

    Without CHECKPOINT it is the model that is shipped. The file takes images of one side, float32 RGB in [0, 1], as
    (1, 3, H, W), and gives the same. It is kept only if onnxruntime computes the network's own picture within one
    grey level. Use it here as onnx:FILE.onnx.

    \b
    Example: ispl export --out ispl-lite.onnx
    """
    from ispl_model.restoration.export import export_onnx
    from ispl_model.restoration.restorer import load_restorer

    if out.suffix.lower() != ".onnx":
        raise InputError(f"--out: expected a name ending in .onnx, got {out}")
    check_free(overwrite, out, inputs=[checkpoint])
    made = export_onnx(load_restorer(checkpoint, "cpu", level, dtype="fp32"), out, size)
    apart = f"{made.apart:.3f}" if made.apart >= 0.001 else "less than 0.001"
    echo(f"{made.side} px, at a painted face {apart} grey levels from the network in fp32", str(made.path))
