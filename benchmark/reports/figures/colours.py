"""One colour for a method in every figure and on every page."""

from collections.abc import Iterable
from functools import cache

from benchmark.methods.registry import full_name
from benchmark.specs.tables import load_table, table_names
from degrade.core.storage.files import sha256

# Of middle lightness, so that each stands out on white and on black alike; neighbours differ in hue.
PALETTE = (
    "#3f7fd6", "#e0702a", "#2b9a5f", "#cb4154", "#8a63d2", "#9c7350", "#d86fae", "#17a0b0", "#8a9a1c", "#c99700",
    "#808a94",
)  # fmt: skip


def colours(methods: Iterable[str]) -> dict[str, str]:
    """A colour as #rrggbb for each method by its name; those of one table differ, however many tables there are.

    A method of no table, one by a user's label included, has the colour that its name draws, or where another one has
    that, the next that is free.
    """
    names = list(methods)
    found = {name: PALETTE[_of_tables()[name]] for name in names if name in _of_tables()}
    for name in (name for name in names if name not in found):
        start = int(sha256(name.encode())[:8], 16)
        order = [PALETTE[(start + step) % len(PALETTE)] for step in range(len(PALETTE))]
        found[name] = next((colour for colour in order if colour not in found.values()), order[0])
    return found


@cache
def _of_tables() -> dict[str, int]:
    """Place in the palette of each method of a table by every name: the least used that no method beside it has."""
    blocks = [[full_name(name) for name in row.methods] for table in table_names() for row in load_table(table).rows]
    places: dict[str, int] = {}
    for name in dict.fromkeys(name for block in blocks for name in block):
        beside = {places[other] for block in blocks if name in block for other in block if other in places}
        free = [place for place in range(len(PALETTE)) if place not in beside] or [*range(len(PALETTE))]
        used = list(places.values())
        places[name] = min(free, key=used.count)
    spelled = {name for table in table_names() for row in load_table(table).rows for name in row.methods}
    return places | {name: places[full_name(name)] for name in spelled}
