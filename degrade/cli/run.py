"""Clean faces into splits: `degrade run` for one folder, degrade-ffhq for the roles of a data set."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from degrade.cli.console import (
    BACKGROUND,
    COUNT,
    CROP,
    FFHQ,
    FOLDER,
    PLACE,
    SEED,
    SIDE,
    WORKERS,
    Command,
    echo,
    options,
    spread_over,
)
from degrade.cli.reasons import by_reason
from degrade.cli.recipes import RecipeName, Span
from degrade.core.choices import ROLES
from degrade.core.errors import InputError
from degrade.core.numbers import counted
from degrade.recipes.paper_tasks import TASKS

if TYPE_CHECKING:
    from degrade.splits.make_split import SplitPlan, SplitSummary
    from degrade.splits.sources import Source

_PNG_HELP = "Smaller files, or faster writing (needs the package fpng, an eighth more disk); pixels are the same."
_RECIPE_HELP = f"{', '.join(TASKS)}, another of `degrade presets`, or FILE.toml."


def _options(limit: str) -> Callable:
    """What both commands ask; `limit` is the help of --limit."""
    return options(
        click.option("--recipe", "--task", required=True, type=RecipeName(), help=_RECIPE_HELP),
        click.option("--size", default=512, show_default=True, type=SIDE, help="Side of the reference, px."),
        click.option("--seed", default=0, show_default=True, type=SEED, help="Seed of every random draw."),
        click.option("--list", "list_file", type=PLACE, help="File naming the faces to use, one a line."),
        click.option("--limit", type=COUNT, help=limit),
        CROP,
        BACKGROUND,
        click.option("--png", default="small", show_default=True, type=click.Choice(["small", "fast"]), help=_PNG_HELP),
        WORKERS,
        spread_over,
    )


@click.command(cls=Command)
@click.argument("source", metavar="SRC", type=FOLDER)
@click.argument("out", type=FOLDER)
@click.option("--shard", metavar="K/N", help="Only every N-th face from the K-th; `degrade merge` joins all N.")
@_options("Only the first so many faces.")
def run(source, out, recipe, size, seed, list_file, limit, crop, background, png, workers, shard) -> None:
    """Degrade the folder SRC of clean faces into one split OUT.

    OUT/hq and OUT/lq hold the pairs, OUT/metadata.jsonl a line for each with all that was drawn. The same command
    continues an interrupted run and keeps the pairs that are there.

    \b
    Example: degrade run faces testset --recipe gfpgan --size 512
    """
    from degrade.splits.roles import role_sources
    from degrade.splits.shards import Shard, every_face
    from degrade.splits.sources import check_apart

    check_apart(source, out)
    faces = role_sources(source, "all", list_file=list_file, limit=limit)
    plan = _plan("all", recipe, size, seed, crop, background)
    if shard is not None:
        part = Shard.parse(shard)
        plan = replace(plan, shard=str(part), shard_of=every_face([face.name for face in faces]))
        faces = list(part.part(faces))
    failed = _make([(out, faces, plan)], workers, png)
    _tell_other_files(source)
    sys.exit(1 if failed else 0)


@click.command(cls=Command)
@FFHQ
@click.option("--out", type=FOLDER, help="Where to write.  [default: runs/RECIPE-SIZE]")
@click.option("--split", default="all", show_default=True, type=click.Choice([*ROLES, "all"]), help="Role(s) to make.")
@click.option("--ids", type=Span(), help="Only FFHQ's numbers in this range, END excluded.")
@_options("Only the first so many faces of each role.")
def degrade_ffhq(ffhq, out, split, ids, recipe, size, seed, list_file, limit, crop, background, png, workers) -> None:
    """Degrade FFHQ, or any folder of faces, into a split per role.

    They are OUT/train, OUT/val and OUT/test, or OUT itself where --split names one role. FFHQ's numbers decide the
    role: train 0-9999, val 60000-60999, test 65000-69999. In another folder train.txt, val.txt and test.txt decide,
    or else the name (80 / 10 / 10). The same command continues an interrupted run and keeps the pairs that are there.

    \b
    Example: degrade-ffhq --task dual_blind --ffhq faces --split test
    """
    from degrade.recipes.library import find_recipe

    if list_file and split == "all":
        raise InputError("--list names the faces of one role; say which with --split train, val or test")
    out = out or Path("runs", f"{find_recipe(recipe).name}-{size}")
    roles = ROLES if split == "all" else (split,)
    splits = []
    for role in roles:
        faces = _faces(ffhq, out, role, list_file, ids, limit)
        splits.append((out / role if split == "all" else out, faces, _plan(role, recipe, size, seed, crop, background)))
    failed = _make(splits, workers, png)
    if ffhq is None:
        echo("The faces are the embedded portraits (painted, not photographs), as no --ffhq DIR is given.")
    else:
        _tell_other_files(ffhq)
        if split == "all" and not (ids or limit):
            _tell_left_out(ffhq)
    sys.exit(1 if failed else 0)


def _tell_left_out(ffhq: Path) -> None:
    from degrade.splits.roles import without_role

    if others := without_role(ffhq):
        rest = f" and {len(others) - 3} more" if len(others) > 3 else ""
        echo(f"Of no role, and left out: {', '.join(others[:3])}{rest}; --help says what decides")


def _faces(ffhq, out, role, list_file, ids, limit) -> "list[Source]":
    from degrade.splits.roles import portrait_sources, role_sources
    from degrade.splits.sources import check_apart

    if ffhq is not None:
        check_apart(ffhq, out)
        return role_sources(ffhq, role, list_file=list_file, ids=ids, limit=limit)
    if list_file or ids:
        raise InputError(f"{'--list' if list_file else '--ids'} chooses among the faces of a folder; add --ffhq DIR")
    return portrait_sources(role, limit)


def _plan(role, recipe, size, seed, crop, background) -> "SplitPlan":
    from degrade.recipes.library import find_recipe
    from degrade.splits.make_split import SplitPlan

    return SplitPlan(find_recipe(recipe), role, size, seed, crop, background)


def _make(splits: "Sequence[tuple[Path, list[Source], SplitPlan]]", workers: int, png: str) -> int:
    """Make the splits that have faces, print a summary of each, and return how many images failed."""
    from degrade.splits.make_split import write_split

    if len(splits) > 1 and not any(faces for _, faces, _ in splits):
        raise InputError("no face belongs to train, val or test; see --help for what decides, or choose with --list")
    lines, failed = [], 0
    for out, faces, plan in splits:
        if len(splits) > 1 and not faces:
            lines.append(f"{plan.role}: no face belongs to this role, nothing written")
            continue
        summary = write_split(out, faces, plan, workers=workers, png_writer=png)
        lines.extend(_lines(plan.role, summary))
        failed += len(summary.errors)
    echo(*lines)
    return failed


def _lines(role: str, summary: "SplitSummary") -> list[str]:
    pairs, failed = summary.made + summary.reused, len(summary.errors)
    total = (
        f"{role}: {counted(pairs + failed, 'face')} in, {counted(pairs, 'pair')} in {summary.path} "
        f"({summary.made} made, {summary.reused} reused), {failed} failed"
    )
    return [total, *(f"  {line}" for line in by_reason(summary.errors))]


def _tell_other_files(folder: Path) -> None:
    from degrade.core.storage.listing import list_folder

    found = list_folder(folder)
    others = sorted(path.name for path in found.others)
    if others:
        more = ", ..." if len(others) > 3 else ""
        echo(f"Left alone, as not an image: {len(others)} ({', '.join(others[:3])}{more})")
    if found.hidden:
        echo(f"Left alone, as hidden or a system's own: {found.hidden}")
