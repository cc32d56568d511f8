"""What `degrade operators` shows: operators by their docstrings, fields and markers, and a step of the presets."""

import importlib
import inspect
import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from typing import Any

from degrade.operators.chain import OPERATORS
from degrade.operators.lengths import lengths_of
from degrade.recipes.library import RECIPES
from degrade.recipes.steps import EXTRA

_NAMES = re.compile(r"(\w+(?:, \w+)*): (.*)", re.DOTALL)


def operator_table() -> str:
    """All operators by family, each with the first line of its docstring."""
    families: dict[str, list[str]] = {}
    for name in sorted(OPERATORS):
        families.setdefault(_family(OPERATORS[name]), []).append(name)
    column = max(map(len, OPERATORS)) + 4
    lines: list[str] = []
    for title, names in sorted(families.items()):
        lines += ["", title, *(f"  {name}".ljust(column) + _parts(OPERATORS[name])[0] for name in names)]
    return "\n".join(lines[1:])


def operator_page(name: str, width: int = 120) -> str:
    """One operator: what it does, its fields with units, ranges and defaults, its source, and a step of a recipe."""
    kind = OPERATORS[name]
    first, *others = _parts(kind)
    described = _fields_described(others, kind)
    prose = [part for part in others if part not in described and not part.startswith("Source: ")]
    wrapped = [textwrap.fill(part, width) for part in (f"{name}: {first}", *prose)]
    found = "\n".join(_field_lines(kind, described, width))
    sources = [textwrap.fill(part, width) for part in others if part.startswith("Source: ")]
    return "\n\n".join(filter(None, [*wrapped, found, *sources, *_step_lines(name)]))


def example_step(name: str) -> tuple[str, dict[str, Any]] | None:
    """The shortest step with this operator in which something is drawn, and the file of presets it is from.

    Where none draws anything it is the shortest of all; None where no preset has the operator.
    """
    found = [
        (stem, step) for stem in RECIPES.stems for step in _steps(RECIPES.document(stem)) if step["operator"] == name
    ]
    drawn = [pair for pair in found if any(isinstance(value, dict) for value in pair[1].values())]
    return min(drawn or found, key=lambda pair: len(str(pair[1])), default=None)


def toml_step(step: Mapping[str, Any]) -> str:
    """The step as it stands in a recipe file, without its chance; of severities the first."""
    return "\n".join(["[[steps]]", *(f"{key} = {_toml(value)}" for key, value in step.items() if key != "chance")])


def _family(kind: type) -> str:
    """What the docstring of the operator's file or folder says, such as "Noise"."""
    module = importlib.import_module(".".join(kind.__module__.split(".")[:3]))
    return inspect.getdoc(module).split("\n")[0].rstrip(".")  # type: ignore[union-attr]


def _parts(kind: type) -> list[str]:
    """The docstring's paragraphs, and each field's description, as one line each."""
    text = inspect.cleandoc(kind.__doc__ or "")
    paragraphs = [re.split(r"\n(?=\w+(?:, \w+)*: )", paragraph) for paragraph in text.split("\n\n")]
    return [" ".join(part.split()) for paragraph in paragraphs for part in paragraph]


def _fields_described(parts: list[str], kind: type) -> dict[str, tuple[list[str], str]]:
    """part -> (the fields it is about, what it says of them)."""
    known, found = {field.name for field in fields(kind)}, {}
    for part in parts:
        if (match := _NAMES.fullmatch(part)) and known.issuperset(names := match[1].split(", ")):
            found[part] = (names, match[2])
    return found


def _field_lines(kind: type, described: Mapping[str, tuple[list[str], str]], width: int) -> Iterator[str]:
    lengths = lengths_of(kind)
    for names, meaning in described.values():
        yield textwrap.fill(f"{', '.join(names)}: {meaning}", width, initial_indent="  ", subsequent_indent="      ")
        if names != ["seed"]:
            ways = {f"; {lengths[name].scaling}" for name in names if name in lengths}
            yield f"      {_defaults(kind, names)}{''.join(ways)}"
        else:
            yield "      drawn anew for every image; not written into a recipe"
    for name, meaning in EXTRA.get(kind.__name__, {}).items():
        yield textwrap.fill(
            f"{name}, of steps alone: {meaning}", width, initial_indent="  ", subsequent_indent="      "
        )


def _defaults(kind: type, names: list[str]) -> str:
    values = {field.name: field.default for field in fields(kind) if field.name in names}
    left_out = {name: value for name, value in values.items() if value is not MISSING}
    if not left_out:
        return "needed"
    texts = [_toml(value) for value in left_out.values()]
    return f"{texts[0] if len(set(texts)) == 1 else ', '.join(texts)} when left out"


def _step_lines(name: str) -> list[str]:
    found = example_step(name)
    if found is None:
        return ["None of `degrade presets` has it yet; docs/recipes.md says how a step is written."]
    stem, step = found
    return [
        f"A step of a recipe file, from {stem} (docs/recipes.md says what else a value may be):",
        toml_step(step),
    ]


def _steps(table: Any) -> Iterator[dict[str, Any]]:
    """Every step with an operator, however deep it stands."""
    if isinstance(table, dict):
        if "operator" in table:
            yield table
        table = list(table.values())
    for inner in table if isinstance(table, list) else ():
        yield from _steps(inner)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        if "severity" in value:
            return _toml(value["severity"][0])
        return "{" + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)
