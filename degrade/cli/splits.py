"""`degrade replay`, `degrade verify` and `degrade merge`: splits that exist."""

import sys

import click

from degrade.cli.console import FOLDER, Command, echo
from degrade.core.numbers import counted


@click.command(cls=Command)
@click.argument("split", type=FOLDER)
@click.option("--only", multiple=True, metavar="NAME", help="Only this image; repeatable.")
@click.option("--source", type=FOLDER, help="Folder of the clean faces, to rebuild references that are gone.")
def replay(split, only, source) -> None:
    """Rebuild missing and changed images of SPLIT bit for bit.

    It is done from the records in SPLIT/metadata.jsonl; nothing is drawn anew. A README.md that is gone is written too.

    \b
    Example: degrade replay testset
    """
    from degrade.splits.replay import replay as rebuild

    summary = rebuild(split, only, source)
    lines = [f"rebuilt {file}" for file in summary.rebuilt]
    lines += [f"not rebuilt {file}: {sentence}" for file, sentence in summary.errors]
    done = f"{counted(len(summary.rebuilt), 'file')} rebuilt, {counted(summary.intact, 'image')} whole"
    lines.append(f"{done}, {len(summary.errors)} failed")
    echo(*lines)
    sys.exit(1 if summary.errors else 0)


@click.command(cls=Command)
@click.argument("split", type=FOLDER)
def verify(split) -> None:
    """Find files of SPLIT that are changed, missing or extra.

    The exit status is 1 if there is one. Files that were re-encoded are named too; their pixels are the recorded ones,
    so that the split is whole. split.json is changed where it says otherwise than metadata.jsonl; README.md may be, as
    your licence belongs there, but is missed.

    \b
    Example: degrade verify testset
    """
    from degrade.splits.replay import verify as check

    findings = check(split)
    for finding in findings:
        echo(f"{finding.kind} {finding.file}")
    wrong = sum(finding.kind != "re-encoded" for finding in findings)
    echo(f"{counted(wrong, 'file')} not as recorded" if wrong else f"{split}: whole")
    sys.exit(1 if wrong else 0)


@click.command(cls=Command)
@click.argument("shards", metavar="SHARD...", nargs=-1, required=True, type=FOLDER)
@click.argument("out", type=FOLDER)
def merge(shards, out) -> None:
    """Join the shards of one split into the split OUT.

    The shards are what `degrade run --shard K/N` made, all N of them; OUT is identical to a split made in one run.
    Images become hard links where the file system has them. None is checked: `degrade verify OUT` finds those that were
    damaged. Shards of faces of other names are refused. The same command goes on where it was interrupted. The
    exit status is that of `degrade run` for the same faces: 1 where some could not be used.

    \b
    Example: degrade merge shard-1 shard-2 shard-3 testset
    """
    from degrade.splits.shards import merge as join
    from degrade.splits.split import open_split

    split = join(out, shards)
    failed = counted(split.info["errors"], "face")
    echo(f"{counted(len(shards), 'shard')}: {counted(len(split.names), 'pair')} in {out}, {failed} failed")
    lacking = [(shard, errors) for shard in shards if (errors := open_split(shard).info["errors"])]
    echo(*(f"  {shard}: {errors} failed; its `degrade run`, given again, says why" for shard, errors in lacking))
    echo(f"no image was checked; `degrade verify {out}` does that")
    sys.exit(1 if lacking else 0)
