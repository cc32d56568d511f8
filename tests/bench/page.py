"""A run of the bench as a page of Markdown: what was asked, what was reached, on which machine, and every line."""

from typing import Any

_HEAD = """# Speed

The last run of the bench, as it was; `make bench PAGE=docs/speed.md` writes this page anew. Ratios are of one run on
one machine, in which each program has its turn. Processor time is the least of several rounds; a load above 0.5 means
that the machine did other things as well, which wall times and, less so, processor times suffer from.
"""


def page(run: dict[str, Any]) -> str:
    """The page of a run as `--json` keeps it."""
    facts = ", ".join(f"{name} {value}" for name, value in run["machine"].items())
    rows = [_row(line) for lines in run["suites"].values() for line in lines if isinstance(line, dict)]
    table = ["| what | reached | asked | |", "|---|---:|---|---|", *rows]
    parts = [_HEAD, f"Machine: {facts}.\n", "\n".join(table) + "\n"]
    parts += [f"## {name}\n\n```\n{chr(10).join(map(_line, lines))}\n```\n" for name, lines in run["suites"].items()]
    return "\n".join(parts)


def _row(figure: dict[str, Any]) -> str:
    good = "yes" if figure["reached"] else "**no**"
    return f"| {figure['name']} | {figure['value']:.2f} | {figure['asked']} | {good} |"


def _line(line: str | dict[str, Any]) -> str:
    return line if isinstance(line, str) else f"{line['name']}: {line['value']:.2f}"
