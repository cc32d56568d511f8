"""`benchmark throughput`: how fast a network is trained on this machine."""

import click

from benchmark.specs.protocols import load_profile, profile_names
from degrade.cli.console import Command, Name


@click.command(cls=Command)
@click.option("--profile", type=Name("profile", profile_names), default="paper", show_default=True, help="Its size.")
@click.option("--method", default="ispl", show_default=True, help="A trained one of `benchmark methods`.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option("--perceptual", default="none", show_default=True, help="none, vgg19 or a file of weights.")
def throughput(profile: str, method: str, device: str, perceptual: str) -> None:
    """Train a network of a profile's width, side and batch for some steps and print images per second.

    The block printed belongs into protocols/throughput.toml, from which `reproduce --dry-run` scales its hours.
    """
    from benchmark.runs.reproduction.throughput import block, measure

    chosen = load_profile(profile)
    click.echo(block(measure(method, chosen.width, chosen.size, chosen.batch, device, perceptual)))
