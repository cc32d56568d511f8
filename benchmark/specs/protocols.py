"""The frozen files of `protocols/`: read, checked key by key, and turned into values."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from benchmark.specs.strict_toml import checked, parsed, stem, stems, text_of
from degrade.core.errors import InputError, unknown

DOMAINS = ("synthetic", "real")


@dataclass(frozen=True)
class Protocol:
    """Which domain a method is trained on and tested on, and what is measured."""

    name: str  # upper case: S2S, S2R, R2R
    version: int
    train_domain: str
    test_domain: str  # a domain or the name of a FaceSet
    task: tuple[str, ...]  # tasks the protocol may be asked for; the runner's default
    metrics: tuple[str, ...]  # metric ids, in the order in which they are computed


@dataclass(frozen=True)
class Profile:
    """How large an experiment is."""

    name: str
    size: int  # side of reference and restored images, in pixels
    train: int  # number of images of each role; 0 = all there are
    val: int
    test: int
    width: int  # channels of a trained network's first level
    batch: int
    steps: int
    perceptual: str  # none, vgg19, squeezenet or a file
    seeds: tuple[int, ...]  # training seeds that `benchmark reproduce` runs


@dataclass(frozen=True)
class Row:
    """One block of a table: the methods of one task, in the paper's order.

    A method may be unknown to benchmark.methods: the table then shows it as `not run`.
    """

    task: str
    methods: tuple[str, ...]


@dataclass(frozen=True)
class TableSpec:
    """What one table of the paper shows."""

    name: str
    version: int
    protocols: tuple[str, ...]
    rows: tuple[Row, ...]
    columns: tuple[str, ...]


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


@dataclass(frozen=True)
class Claim:
    """One sentence of the paper and how it is held against numbers.

    Every combination of task, metric, method and other (of `over`; "others": every other method that the paper prints
    beside it) has to agree. quantity: see QUANTITIES. stated: none where the sentence only ranks, one number, or the
    two ends of a range ("inf" for an open one), with the digits they are printed with.
    """

    section: str
    sentence: str
    reading: str  # what we take the sentence to say
    table: int
    protocol: str
    tasks: tuple[str, ...]
    metrics: tuple[str, ...]  # ids, or `gap` (under S2R) and `gain_percent` (under R2R)
    methods: tuple[str, ...]
    over: tuple[str, ...]
    quantity: str
    stated: tuple[str, ...]


# Quantity -> (whether it is between a method and another one, how many numbers the sentence states).
QUANTITIES = {
    "better": (True, 0),
    "difference": (True, 1),  # by how much better
    "reduction_percent": (True, 1),  # (other - method) / other
    "ratio": (True, 2),  # other / method
    "value": (False, 2),
    "mean": (False, 1),  # over the methods
}
_PROTOCOL = {"version": int, "train_domain": str, "test_domain": str, "task": list[str], "metrics": list[str]}
_PROFILE = {key: int for key in ("size", "train", "val", "test", "width", "batch", "steps")}
_PROFILE |= {"perceptual": str, "seeds": list[int]}
_TABLE = {"version": int, "protocols": list[str], "rows": list[dict], "columns": list[str]}
_ROW = {"task": str, "methods": list[str]}
_SETS = {"version": int, "sets": list[dict]}
_SET = {key: str for key in ("name", "title", "note", "variable", "list", "degraded", "references")} | {"shown": bool}
_CLAIMS = {"version": int, "claims": list[dict]}
_CLAIM = {"section": str, "sentence": str, "reading": str, "table": int, "protocol": str, "tasks": list[str]}
_CLAIM |= {"metrics": list[str], "methods": list[str], "over": list[str], "quantity": str, "stated": list[str]}


def protocol_names() -> list[str]:
    """Names of the protocols there are, as the command line and the scores write them."""
    return [name.upper() for name in stems("runs")]


def profile_names() -> list[str]:
    """Names of the profiles there are."""
    return stems("profiles")


def table_names() -> list[str]:
    """Names of the tables there are: table1, table2, table2_photographs, ..."""
    return stems("tables")


def load_protocol(name: str) -> Protocol:
    """Read protocols/runs/<name>.toml; `name` in any case.

    Raises InputError for an unknown name and for unknown, missing or mistyped keys.
    """
    if name.upper() not in protocol_names():
        raise unknown("protocol", name, protocol_names())
    return parse_protocol(f"protocols/runs/{name.lower()}.toml", text_of("runs", f"{name.lower()}.toml"))


def load_profile(name: str) -> Profile:
    """Read protocols/profiles/<name>.toml; InputError as in load_protocol."""
    if name.lower() not in profile_names():
        raise unknown("profile", name, profile_names())
    return parse_profile(f"protocols/profiles/{name.lower()}.toml", text_of("profiles", f"{name.lower()}.toml"))


def load_table(name: str) -> TableSpec:
    """Read protocols/tables/<name>.toml; InputError as in load_protocol."""
    if name.lower() not in table_names():
        raise unknown("table", name, table_names())
    return parse_table(f"protocols/tables/{name.lower()}.toml", text_of("tables", f"{name.lower()}.toml"))


def parse_protocol(place: str, text: str) -> Protocol:
    """A protocol from the text of its file; `place` names the file in messages."""
    values = checked(place, parsed(place, text), _PROTOCOL)
    for key, known in (("train_domain", DOMAINS), ("test_domain", (*DOMAINS, *load_sets()))):
        if values[key] not in known:
            raise InputError(f"{place}: {key}: expected one of {', '.join(known)}, got '{values[key]}'")
    return Protocol(stem(place).upper(), **values)


def parse_profile(place: str, text: str) -> Profile:
    """A profile from the text of its file."""
    values = checked(place, parsed(place, text), _PROFILE)
    for key in ("size", "test", "train", "val", "width", "batch", "steps"):
        least = 0 if key in ("test", "train", "val") else 1
        if values[key] < least:
            raise InputError(f"{place}: {key}: expected at least {least}, got {values[key]}")
    if not values["seeds"]:
        raise InputError(f"{place}: seeds: expected at least one training seed, got none")
    return Profile(stem(place), **values)


def parse_table(place: str, text: str) -> TableSpec:
    """A table from the text of its file."""
    values = checked(place, parsed(place, text), _TABLE)
    rows = [Row(**checked(f"{place}: rows[{index}]", row, _ROW)) for index, row in enumerate(values["rows"])]
    return TableSpec(stem(place), **(values | {"rows": tuple(rows)}))


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


def load_claims() -> tuple[Claim, ...]:
    """Read protocols/paper/claims.toml: what the paper says of its numbers, in its order; InputError as in
    load_protocol.
    """
    return parse_claims("protocols/paper/claims.toml", text_of("paper", "claims.toml"))


def parse_claims(place: str, text: str) -> tuple[Claim, ...]:
    """The claims from the text of their file."""
    listed = checked(place, parsed(place, text), _CLAIMS)["claims"]
    return tuple(_claim(f"{place}: claims[{index}]", found) for index, found in enumerate(listed))


def _claim(place: str, found: Mapping[str, Any]) -> Claim:
    claim = Claim(**checked(place, found, _CLAIM))
    if claim.quantity not in QUANTITIES:
        raise InputError(f"{place}: {unknown('quantity', claim.quantity, QUANTITIES)}")
    pairwise, count = QUANTITIES[claim.quantity]
    if len(claim.stated) != count or not all(map(_is_number, claim.stated)):
        raise InputError(f"{place}: stated: expected {count} numbers in quotes, got {list(claim.stated)}")
    if pairwise != bool(claim.over):
        raise InputError(f"{place}: over: expected {'' if pairwise else 'no '}methods with {claim.quantity}")
    return claim


def _is_number(text: str) -> bool:
    try:
        return float(text) == float(text)
    except ValueError:
        return False
