"""Command line degrade-facerenov: the real domain from reviewers' votes, and its stand-in from clean faces."""

import sys

import click

from degrade.cli.console import (
    BACKGROUND,
    COUNT,
    CROP,
    FFHQ,
    FILE,
    FOLDER,
    OVERWRITE,
    SEED,
    SIDE,
    WORKERS,
    Group,
    check_free,
    echo,
)
from degrade.cli.reasons import by_reason
from degrade.core.numbers import counted

_LQ = click.option("--lq", required=True, type=FOLDER, help="Folder of real degraded faces.")
_CANDIDATES = click.option(
    "--candidates", required=True, multiple=True, type=FOLDER,
    help="Folder with one program's restorations, named after the program; give two or more.",
)  # fmt: skip


@click.group(cls=Group)
def degrade_facerenov() -> None:
    """Build a set of real degraded faces with pseudo references, as the paper's FaceRenov.

    Several programs restore each face, reviewers choose the best result, and the chosen one becomes the reference.
    """


@degrade_facerenov.command()
@_LQ
@_CANDIDATES
@click.option("--out", required=True, type=FOLDER, help="Folder for the sheets, NAME.png.")
@click.option(
    "--key", type=FILE, help="File that says which label is whose; not for the reviewers.  [default: OUT-key.csv]"
)
@OVERWRITE
@click.option("--seed", default=0, show_default=True, type=SEED, help="Seed of the order of the labels.")
def sheet(lq, candidates, out, key, overwrite, seed) -> None:
    """Write a contact sheet of the candidates for each image.

    Candidates are labelled A, B, ... in an order shuffled for each image, so that reviewers do not know whose is whose.

    \b
    Example: degrade-facerenov sheet --lq old --candidates a --candidates b --out sheets
    """
    from degrade.importing.facerenov import open_collection, write_sheets

    key = key or out.with_name(f"{out.name}-key.csv")
    collection = open_collection(lq, candidates)
    check_free(overwrite, key, *(out / f"{name}.png" for name in collection.names), inputs=collection.files)
    count = write_sheets(collection, out, key, seed)
    echo(f"{counted(count, 'sheet')} in {out}; keep {key} from the reviewers and give it to import with --key")


@degrade_facerenov.command()
@_LQ
@_CANDIDATES
@click.option("--out", required=True, type=FOLDER, help="Folder for the page: index.html and images/.")
@click.option("--key", type=FILE, help="File by which votes are read; not for the reviewers.  [default: OUT-key.csv]")
@OVERWRITE
@click.option("--seed", default=0, show_default=True, type=SEED, help="Seed of the labels and of the files' names.")
def page(lq, candidates, out, key, overwrite, seed) -> None:
    """Make a page on which reviewers choose the best candidate.

    It opens in any browser, without a server. Each reviewer sees the degraded face and its candidates, in an order of
    their own and without names, chooses by key or click, may stop and go on in the same browser, and saves a CSV file
    for `import --votes FILE --key KEY`.

    \b
    Example: degrade-facerenov page --lq old --candidates a --candidates b --out page
    """
    from degrade.importing.facerenov import open_collection, write_voting_page

    key = key or out.with_name(f"{out.name}-key.csv")
    collection = open_collection(lq, candidates)
    check_free(overwrite, key, inputs=collection.files)  # by the key the votes on an earlier page are read
    made = write_voting_page(collection, out, key, seed)
    echo(
        f"written: {made.page} ({counted(made.pictures, 'picture')}, {made.size / 1e6:.1f} MB in all); "
        f"send all of {out} to the reviewers, keep {key} from them and give it to import with --key"
    )


@degrade_facerenov.command(name="import")
@_LQ
@_CANDIDATES
@click.option(
    "--votes", required=True, multiple=True, type=FILE,
    help="CSV with the columns name,reviewer,choice; repeatable, as for one file of each reviewer.",
)  # fmt: skip
@click.option("--out", required=True, type=FOLDER, help="Where to write: OUT/train, OUT/val, OUT/test.")
@click.option("--key", type=FILE, help="The key of the sheets or the page; needed where choices are labels.")
@click.option("--size", default=512, show_default=True, type=SIDE, help="Side of the images, px.")
@click.option("--align", is_flag=True, help="Cut faces to FFHQ's template by their landmarks.")
@CROP
@BACKGROUND
def import_(lq, candidates, votes, out, key, size, align, crop, background) -> None:
    """Pair degraded faces with the restorations that votes chose.

    train.txt, val.txt and test.txt in the folder of --lq decide the role of an image, or else the
    hash of its name (80 / 10 / 10). A tie goes to the candidate with more votes over all
    images, then to the one given first. OUT/facerenov.json reports ties, missing votes and agreement.

    \b
    Example: degrade-facerenov import --lq old --candidates a --candidates b --votes ann.csv --out pairs
    """
    from degrade.importing.facerenov import Crop, import_votes, open_collection

    collection = open_collection(lq, candidates)
    summary = import_votes(collection, votes, out, Crop(size, crop, background, align), key)
    report, failed = summary.report, 0
    for role, split in summary.splits.items():
        failed += len(split.errors)
        echo(f"{role}: {counted(split.made, 'pair')} in {split.path}, {len(split.errors)} failed")
        echo(*(f"  {line}" for line in by_reason(split.errors)))
    kappa = "not defined" if report["fleiss_kappa"] is None else f"{report['fleiss_kappa']:.3f}"
    echo(
        f"{counted(report['images'], 'image')}, {counted(report['votes'], 'vote')}, "
        f"Fleiss' kappa {kappa} ({counted(report['kappa_images'], 'image')}); "
        f"{counted(len(report['ties']), 'tie')}, {counted(len(report['missing_votes']), 'image')} without every vote, "
        f"{len(report['without_votes'])} left out without any, {len(report['without_role'])} in no list"
    )
    sys.exit(1 if failed else 0)


@degrade_facerenov.command()
@FFHQ
@click.option("--out", required=True, type=FOLDER, help="Where to write: OUT/train, OUT/val, OUT/test.")
@click.option("--size", default=512, show_default=True, type=SIDE, help="Side of the images, px.")
@click.option("--seed", default=0, show_default=True, type=SEED, help="Seed of every random draw.")
@click.option("--limit", type=COUNT, help="Only the first so many faces of each role.")
@CROP
@WORKERS
@click.pass_context
def simulate(context, ffhq, out, size, seed, limit, crop, workers) -> None:
    """Build the stand-in for the real domain from clean faces.

    It is the recipe facerenov_simulated over all three roles, and not the paper's set.

    \b
    Example: degrade-facerenov simulate --ffhq faces --out simulated
    """
    from degrade.cli.run import degrade_ffhq

    asked = {"ffhq": ffhq, "out": out, "size": size, "seed": seed, "limit": limit, "crop": crop, "workers": workers}
    context.invoke(degrade_ffhq, recipe="facerenov_simulated", **asked)
