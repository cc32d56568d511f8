"""Test sets: the real domain by its name, and those beside the domains, `protocols/sets.toml`."""

from dataclasses import dataclass
from functools import cache

from benchmark.specs.strict_toml import checked, parsed, text_of
from degrade.core.errors import InputError

FACERENOV = "facerenov"  # the real domain: the user's own set
_SETS = {"version": int, "sets": list[dict]}
_SET = {key: str for key in ("name", "title", "note", "variable", "list", "degraded", "references")} | {"shown": bool}


@dataclass(frozen=True)
class FaceSet:
    """Faces to test on that are of no domain; see protocols/sets.toml for what the fields mean."""

    name: str
    title: str
    note: str  # what a reader of a table has to know
    variable: str
    list: str
    degraded: str
    references: str
    shown: bool


def is_own(split: str) -> bool:
    """Whether a test split of the real domain is the user's own set (--facerenov), by its name in score lines."""
    return split.startswith(f"{FACERENOV}-")


@cache
def load_sets() -> dict[str, FaceSet]:
    """Read protocols/sets.toml: the test sets by name; InputError as in load_protocol."""
    return parse_sets("protocols/sets.toml", text_of("sets.toml"))


def parse_sets(place: str, text: str) -> dict[str, FaceSet]:
    """The test sets from the text of their file."""
    listed = checked(place, parsed(place, text), _SETS)["sets"]
    sets = [FaceSet(**checked(f"{place}: sets[{index}]", found, _SET)) for index, found in enumerate(listed)]
    for found in sets:
        if bool(found.list) == bool(found.degraded):
            raise InputError(f"{place}: {found.name}: expected either a list or a folder of degraded faces")
    return {found.name: found for found in sets}
