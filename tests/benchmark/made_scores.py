"""Score lines and run files made by hand, and readers of the tables they give."""

import csv

from msgspec.structs import replace

from benchmark.records.scores import SCHEMA, Score

UNAVAILABLE = "unavailable: fid.inception needs inception.pth; put it at $TORCH_HOME/hub/inception.pth"
BASE = Score(
    schema=SCHEMA, run="20250101T000000Z-00000000", profile="quick", protocol="S2S", task="sr4",
    split="sr4-256-test-00000000", method="edsr", seed=None, checkpoint=None, image="a", metric="psnr.rgb", value=1.0,
    unit="dB", seconds=0.0,
)  # fmt: skip


def of_images(method, metric, values, **changed):
    """One line for each image; None is a failure, infinity an infinite value."""
    for image, value in zip("abcdefgh", values, strict=False):
        error = {None: "no face found in the reference", float("inf"): "+inf"}.get(value, "")
        number = None if error else value
        yield replace(BASE, method=method, metric=metric, image=image, value=number, error=error, **changed)


def of_set(method, metric, value, n, **changed):
    error = "" if value is not None else UNAVAILABLE
    return replace(BASE, method=method, metric=metric, image=None, value=value, error=error, n=n, **changed)


def run_facts(run, split="", **said):
    """What a run file says at least."""
    counts = {"faces_asked": 2, "images": 2, "scored": 2, "failed": 0}
    known = {"run": run, "split": split, "split_sha256": "", "metrics": {}, "sessions": []}
    return known | {"profile_values": {"size": 64}, "counts": counts} | said


def cells(markdown, heading, row):
    """First word of the column head -> text of one row, below the first heading that begins with `heading`."""
    block = next(part for part in markdown.split("\n## ") if part.startswith(heading))
    lines = [line for line in block.splitlines() if line.startswith("|")]
    wanted = next(line for line in lines if line.startswith(f"| {row} "))
    heads, texts = ([text.strip() for text in line.strip("|").split("|")] for line in (lines[0], wanted))
    return {head.split(" ")[0]: text for head, text in zip(heads, texts, strict=True)}


def csv_row(text, *key):
    fields = ("protocol", "task", "method", "metric")
    (found,) = [row for row in csv.DictReader(text.splitlines()) if tuple(row[field] for field in fields) == key]
    return found
