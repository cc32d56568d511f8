"""`degrade reduce`: a folder of faces as small JPEGs, the sources of a profile."""

import sys

import click

from degrade.cli.console import FILE, FOLDER, SIDE, WORKERS, Command, echo
from degrade.cli.reasons import by_reason
from degrade.core.numbers import counted


@click.command(cls=Command)
@click.argument("source", metavar="SRC", type=FOLDER)
@click.argument("out", type=FOLDER)
@click.option("--size", default=256, show_default=True, type=SIDE, help="Side of the faces, px.")
@click.option("--quality", default=95, show_default=True, type=click.IntRange(1, 100), help="JPEG quality.")
@click.option(
    "--align",
    "lists",
    multiple=True,
    metavar="LIST",
    help="File in SRC that names faces to cut to FFHQ's template by their landmarks; repeatable.",
)
@click.option("--check", type=FILE, help="A sources.csv: name every face that differs from it.")
@WORKERS
def reduce(source, out, size, quality, lists, check, workers) -> None:
    """Reduce the folder SRC of faces to small JPEGs in OUT.

    These are the sources of profile lite. Lists of names are copied beside them, and sources.csv holds their hashes.
    The same command continues an interrupted run and keeps the faces that are there; an OUT that holds other images,
    other lists or faces of other options is refused. Photographs that were not cut to FFHQ's template are, where
    --align names their list.

    \b
    Example: degrade reduce faces runs/faces-256 --align test_photographs.txt
    """
    from degrade.splits.reduce import MANIFEST, ReducePlan, differences, reduce_faces
    from degrade.splits.sources import folder_sources, read_list

    aligned = {face.name for name in lists for face in folder_sources(source, read_list(source / name))}
    done = reduce_faces(source, out, ReducePlan(size, quality, frozenset(aligned)), workers)
    total = f"{counted(done.made + done.reused + len(done.errors), 'face')} in, {done.made + done.reused} in {out}"
    echo(f"{total} ({done.made} made, {done.reused} reused), {len(done.errors)} failed")
    echo(*(f"  {line}" for line in by_reason(done.errors)))
    echo(f"{done.aligned} of them cut to FFHQ's template by their landmarks; the others as they are")
    echo(f"lists: {', '.join(done.lists) or 'none'}; hashes: {out / MANIFEST}")
    if done.left_alone:
        echo(f"left alone, as some of their lines name no face of {source}: {', '.join(done.left_alone)}")
    found = differences(out / MANIFEST, check) if check else []
    for sentence in found:
        echo(f"  {sentence}")
    if check:
        echo(f"{counted(len(found), 'face')} not as {check} says" if found else f"the faces of {check}")
    sys.exit(1 if done.errors or found else 0)
