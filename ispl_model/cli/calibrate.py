"""`ispl calibrate`: how much of a model's restoration to lay on, measured on known degradations."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from degrade.cli.console import COUNT, DEVICE, FOLDER, PLACE, SEED, Command, Stopped, check_free, echo
from degrade.cli.reasons import by_reason
from degrade.cli.recipes import RecipeName
from degrade.core.errors import Failed
from degrade.core.numbers import counted
from degrade.core.progress import progress_bar

if TYPE_CHECKING:  # torch takes seconds to import, so commands import what needs it when they run
    from ispl_model.inspection.calibrate import Point
    from ispl_model.restoration.models import FaceRestorer

SHIPPED = "ispl-lite"
RECIPES = ("gfpgan", "dual_blind")
COLUMNS = ("strength", "identity", "lpips.squeeze", "niqe")


@click.command(cls=Command)
@click.argument("model", metavar="MODEL")
@click.option("--faces", required=True, type=FOLDER, help="Folder of clean, aligned faces MODEL was not trained on.")
@click.option("--out", type=FOLDER, help="Where to write.  [default: runs/calibrate]")
@click.option("--overwrite", is_flag=True, help="Replace curve.csv; measurements in faces.jsonl are kept and used.")
@click.option(
    "--recipe",
    "recipes",
    multiple=True,
    default=RECIPES,
    show_default=True,
    type=RecipeName(),
    help="How faces are degraded; repeatable.",
)
@click.option("--list", "list_file", type=PLACE, help="File naming the faces to use, one a line.")
@click.option("--limit", default=50, show_default=True, type=COUNT, help="Only the first so many faces.")
@click.option("--seed", default=0, show_default=True, type=SEED, help="Seed of every random draw.")
@click.option("--device", default="auto", show_default=True, type=DEVICE, help="Where to restore.")
def calibrate(model, faces, out, overwrite, recipes, list_file, limit, seed, device):
    """Find the strength to restore with, for one MODEL.

    Clean faces are degraded, restored, blended with their input at several strengths, and measured. MODEL is ispl-lite
    (what `ispl restore` uses by itself) or KIND:FILE, as its --with takes it.

    \b
    identity       distance of dlib's descriptor to that of the clean face
    lpips.squeeze  perceptual distance to the clean face
    niqe           distance from natural images
    All are better where they are lower, and are means over the faces. The last
    line is the strength of least identity distance whose LPIPS is at most 5 %
    above the least: what to give to `ispl restore --strength`.

    OUT/faces.jsonl holds every face, OUT/curve.csv the table of their means.
    Stopped, the same command goes on from there. A table that is there is
    replaced only with --overwrite; what faces.jsonl holds of the same model,
    recipe and seed is not measured again for it. Faces that cannot be used
    are named at the end, and the exit code is then 1.
    About 5 seconds for a face and recipe on one core.

    \b
    Example: ispl calibrate spandrel:GFPGANv1.4.pth --faces faces
    """  # fmt: skip
    from degrade.core.storage.csv_text import to_csv
    from degrade.core.storage.files import JsonLines, object_parser, write_bytes
    from degrade.recipes.library import find_recipe
    from degrade.splits.roles import role_sources
    from ispl_model.inspection import calibrate as over_strength
    from ispl_model.inspection.measures import Measures

    out, drawn = out or Path("runs", "calibrate"), [find_recipe(recipe) for recipe in recipes]
    check_free(overwrite, out / "curve.csv")
    restorer, sources = _loaded(model, device), role_sources(faces, "all", list_file=list_file, limit=limit)
    measures = Measures()
    found: list[dict[str, Any]] = []
    errors: list[tuple[str, str]] = []
    try:
        with JsonLines(out / "faces.jsonl", object_parser(over_strength.Line)) as lines:
            steps = over_strength.calibrate(restorer, sources, drawn, measures, lines, seed)
            for line in progress_bar(steps, "calibrating", len(sources) * len(drawn), unit="face"):
                if isinstance(line, dict):
                    found.append(line)
                else:
                    errors.append(line)
    except KeyboardInterrupt as stop:
        raise Stopped(f"stopped after {len(found)} of {len(sources) * len(drawn)}; the same command goes on") from stop
    failed = [f"{len(errors)} of {counted(len(sources), 'face')} could not be measured:"]
    failed += [f"  {line}" for line in by_reason(errors)]
    if len(errors) == len(sources):
        raise Failed(*failed)
    points = over_strength.curve(found)
    write_bytes(out / "curve.csv", to_csv(_rows(points)).encode())
    used = counted(len(sources) - len(errors), "face")
    echo(*_table(points), f"{used} under {', '.join(recipes)}: {out / 'curve.csv'}")
    echo(f"strength {over_strength.best_strength(points):g}")
    if errors:
        raise Failed(*failed)


def _loaded(model: str, device: str) -> "FaceRestorer":
    from ispl_model.restoration.models import load_model
    from ispl_model.restoration.restorer import load_restorer

    return load_restorer(device=device) if model == SHIPPED else load_model(model, device)


def _rows(points: "list[Point]") -> list[tuple[Any, ...]]:
    values = [(point.strength, point.identity, point.lpips, point.niqe) for point in points]
    return [COLUMNS, *((f"{value[0]:g}", *(f"{number:.6f}" for number in value[1:])) for value in values)]


def _table(points: "list[Point]") -> list[str]:
    lines = [f"{point.strength:8.1f}{point.identity:10.4f}{point.lpips:15.4f}{point.niqe:9.3f}" for point in points]
    return [f"{COLUMNS[0]:>8}{COLUMNS[1]:>10}{COLUMNS[2]:>15}{COLUMNS[3]:>9}", *lines]
