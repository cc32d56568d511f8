"""A run of the bench as a page of Markdown: what was asked, what was reached, on which machine, and every line."""

from typing import Any

_HEAD = """# Speed

The last run of the bench, as it was; `make bench PAGE=docs/speed.md` writes this page anew. Ratios are of one run on
one machine, in which each program has its turn. Processor time is the least of several rounds; a load above 0.5 means
that the machine did other things as well, which wall times and, less so, processor times suffer from. A **no** is a
target not reached yet.
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
    return f"| {figure['name']} | {_value(figure)} | {figure['asked']} | {good} |"


def _value(figure: dict[str, Any]) -> str:
    """Two decimals; more where these would print a missed target as a reached one, such as 1.304 of at most 1.30."""
    shown = [f"{figure['value']:.{digits}f}" for digits in range(2, 7)]
    if figure["reached"]:
        return shown[0]
    asked = float(figure["asked"].split()[-1])
    return next((text for text in shown if float(text) != asked), shown[-1])


def _line(line: str | dict[str, Any]) -> str:
    return line if isinstance(line, str) else f"{line['name']}: {_value(line)}"
