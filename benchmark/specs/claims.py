"""What the paper says of its numbers: `protocols/paper/claims.toml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmark.specs.strict_toml import checked, parsed, text_of
from degrade.core.errors import InputError, unknown

# Quantity -> (whether it is between a method and another one, how many numbers the sentence states).
QUANTITIES = {
    "better": (True, 0),
    "difference": (True, 1),  # by how much better
    "reduction_percent": (True, 1),  # (other - method) / other
    "ratio": (True, 2),  # other / method
    "value": (False, 2),
    "mean": (False, 1),  # over the methods
}


_CLAIMS = {"version": int, "claims": list[dict]}
_CLAIM = {"section": str, "sentence": str, "reading": str, "table": int, "protocol": str, "tasks": list[str]}


@dataclass(frozen=True)
class Claim:
    """One sentence of the paper and how it is checked on numbers.

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


_CLAIM |= {"metrics": list[str], "methods": list[str], "over": list[str], "quantity": str, "stated": list[str]}


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
