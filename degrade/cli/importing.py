"""`degrade import`: existing data sets as splits."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from degrade.cli.console import BACKGROUND, CROP, FILE, FOLDER, SIDE, Group, Name, echo, options
from degrade.cli.reasons import by_reason
from degrade.core.choices import ROLES
from degrade.core.numbers import counted

if TYPE_CHECKING:
    from degrade.importing.import_pairs import ImagePair


@click.group(name="import", cls=Group)
def import_() -> None:
    """Turn an existing data set into a split.

    Images are kept as they are unless --size or --crop say otherwise.
    """


_shared = options(
    click.argument("out", type=FOLDER),
    click.option("--role", default="test", show_default=True, type=click.Choice(ROLES), help="What the split is for."),
    click.option("--size", type=SIDE, help="Side of the reference, px.  [default: of the first image]"),
    CROP,
    BACKGROUND,
)
_DOMAIN = click.option(
    "--domain",
    default="synthetic",
    show_default=True,
    type=click.Choice(["synthetic", "real"]),
    help="Whether the degradation was computed or is that of real photographs.",
)


def _set_names() -> Iterable[str]:
    from degrade.importing.known_sets import KNOWN_SETS

    return KNOWN_SETS


@import_.command()
@click.argument("hq", type=FOLDER)
@click.argument("lq", type=FOLDER)
@_shared
@_DOMAIN
def pairs(hq, lq, out, role, size, crop, background, domain) -> None:
    """Import two folders, HQ and LQ, with images of the same names.

    \b
    Example: degrade import pairs references degraded testset
    """
    from degrade.importing.known_sets import folder_pairs

    _import(out, folder_pairs(hq, lq), ("pairs", domain, role, size), crop, background)


@import_.command(name="meta-info")
@click.argument("list_file", metavar="LIST", type=FILE)
@click.argument("hq", type=FOLDER)
@click.argument("lq", type=FOLDER)
@_shared
@_DOMAIN
def meta_info(list_file, hq, lq, out, role, size, crop, background, domain) -> None:
    """Import the pairs of a BasicSR meta-info LIST.

    Its lines are `NAME (H,W,C)` or `HQ_PATH, LQ_PATH`, below the folders HQ and LQ.

    \b
    Example: degrade import meta-info meta_info.txt references degraded testset
    """
    from degrade.importing.known_sets import listed_pairs

    _import(out, listed_pairs(list_file, hq, lq), ("meta-info", domain, role, size), crop, background)


@import_.command()
@click.argument("folder", type=FOLDER)
@_shared
@_DOMAIN
def stacked(folder, out, role, size, crop, background, domain) -> None:
    """Import images with the degraded square above its reference.

    The paper's authors store pairs so.

    \b
    Example: degrade import stacked pairs testset
    """
    from degrade.importing.known_sets import stacked_pairs

    _import(out, stacked_pairs(folder), ("stacked", domain, role, size), crop, background)


@import_.command(name="set")
@click.argument("name", type=Name("set", _set_names))
@click.argument("folder", type=FOLDER)
@_shared
def known_set(name, folder, out, role, size, crop, background) -> None:
    """Import a known test set, unpacked in FOLDER.

    celeba-test has references; lfw-test, webphoto-test, wider-test and celebchild-test have none.

    \b
    Example: degrade import set lfw-test LFW-Test testset
    """
    from degrade.importing.known_sets import KNOWN_SETS, known_pairs

    found, known = known_pairs(name, folder), KNOWN_SETS[name]
    _import(out, found, (name, known.domain, role, size), crop, background, expected=known.count)


def _import(
    out: Path,
    found: "list[ImagePair]",
    facts: tuple[str, str, str, int | None],
    crop: str,
    background: str | None,
    expected: int | None = None,
) -> None:
    """Write the split, print a summary and exit; `facts` are layout, domain, role and size."""
    from degrade.importing.import_pairs import ImportPlan, import_pairs

    layout, domain, role, size = facts
    plan = ImportPlan(layout, domain, role, size, crop=crop, background=background)
    summary = import_pairs(out, found, plan)
    held = counted(summary.made, "pair" if found[0].hq else "image") + ("" if found[0].hq else " without references")
    echo(f"{len(found)} in, {held} in {summary.path}, {len(summary.errors)} failed")
    echo(*(f"  {line}" for line in by_reason(summary.errors)))
    if expected not in (None, len(found)):
        echo(f"Note: {layout} is published with {expected} images, found: {len(found)}.")
    sys.exit(1 if summary.errors else 0)
