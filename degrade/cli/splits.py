"""`degrade replay` and `degrade verify`: splits that exist."""

import sys

import click

from degrade.cli.console import FOLDER, Command


@click.command(cls=Command)
@click.argument("split", type=FOLDER)
@click.option("--only", multiple=True, metavar="NAME", help="Only this image; may be given several times.")
@click.option("--source", type=FOLDER, help="Clean faces, to rebuild references from files with the recorded hash.")
def replay(split, only, source) -> None:
    """Rebuild missing and changed images of SPLIT bit for bit from its records, without drawing anything."""
    from degrade.splits.replay import replay as rebuild

    summary = rebuild(split, only, source)
    lines = [f"rebuilt {file}" for file in summary.rebuilt]
    lines += [f"not rebuilt {file}: {sentence}" for file, sentence in summary.errors]
    lines.append(f"{len(summary.rebuilt)} files rebuilt, {summary.intact} images whole, {len(summary.errors)} failed")
    click.echo("\n".join(lines))
    sys.exit(1 if summary.errors else 0)


@click.command(cls=Command)
@click.argument("split", type=FOLDER)
def verify(split) -> None:
    """Hash every file of SPLIT and name each that is changed, missing or extra; exit 1 if there is one."""
    from degrade.splits.replay import verify as check

    findings = check(split)
    for finding in findings:
        click.echo(f"{finding.kind} {finding.file}")
    click.echo(f"{len(findings)} files are not as recorded" if findings else f"{split}: whole")
    sys.exit(1 if findings else 0)
