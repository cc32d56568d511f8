"""`ispl info`: the size of a network before it is trained."""

import click

from degrade.cli.console import COUNT, Command, echo


@click.command(cls=Command)
@click.option(
    "--variant",
    default="isp_unet_pac",
    show_default=True,
    help="Network: a column of the paper's Table 1, such as isp_matrix.",
)
@click.option("--width", default=64, show_default=True, type=COUNT, help="Channels at full resolution.")
@click.option("--size", default=512, show_default=True, help="Side of the image: 64, 128, 256 or 512 px.")
def info(variant, width, size):
    """Print how large a network is before it is trained.

    For each level its channels, and in all the parameters and multiply-adds.

    \b
    Example: ispl info --variant isp_matrix --width 32 --size 256
    """
    from ispl_model.inspection.complexity import network_size, size_lines

    echo(*size_lines(network_size(variant, width, size)))
