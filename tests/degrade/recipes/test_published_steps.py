"""Every number of every preset is the published one, and a changed one is seen."""

import copy
import tomllib
from collections.abc import Iterator
from importlib import resources
from itertools import zip_longest
from typing import Any

import pytest

from tests.degrade.recipes.published_steps import OWN, STEPS, Facts, facts_of

UNPUBLISHED = {  # stand in the literal all the same, so a change of them is seen too
    "bsrgan": "sigmas begin at 0.01 and 0.1, where the program draws from 0",
    "imagenet_c": "half of salt-and-pepper is salt: scikit-image's default",
}
_FILES = [path for path in (resources.files("degrade.recipes") / "presets").iterdir() if path.name.endswith(".toml")]
DOCUMENTS = {path.name.removesuffix(".toml"): tomllib.loads(path.read_text()) for path in _FILES}


def differences(found: Facts, expected: Facts) -> list[str]:
    pairs = zip_longest(found, expected, fillvalue=("nothing", ()))
    return [f"{ours} for {theirs}" for ours, theirs in pairs if not _same(ours, theirs)]


def _same(ours: tuple, theirs: tuple) -> bool:
    return ours[0] == theirs[0] and ours[1] == pytest.approx(theirs[1], rel=1e-9, abs=1e-12)


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Each list or table that holds a number, with its index or key."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(value, dict | list):
            yield from places(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield node, key


def test_the_literal_has_every_preset_but_the_projects_own() -> None:
    assert sorted((*STEPS, *OWN)) == sorted(DOCUMENTS) and set(UNPUBLISHED) <= set(STEPS)


@pytest.mark.parametrize("name", STEPS)
def test_every_number_of_a_preset_is_the_published_one(name: str) -> None:
    assert not differences(list(facts_of(DOCUMENTS[name]["steps"])), STEPS[name])


def test_sides_are_reduced_by_four_where_published() -> None:
    """The other numbers of a head, version and base, are the project's own."""
    found = {name: document["scale"] for name, document in DOCUMENTS.items() if document.get("scale", 1) != 1}
    assert found == {"sr4": 4, "bsrgan": 4, "realesrgan_x4": 4}


@pytest.mark.parametrize("name", STEPS)
def test_a_change_of_any_number_is_seen(name: str) -> None:
    """Each number in turn, by a thousandth of itself: ranges, chances, weights, widths, orders."""
    steps = copy.deepcopy(DOCUMENTS[name]["steps"])
    numbers = list(places(steps))
    assert numbers
    for holder, key in numbers:
        kept = holder[key]
        holder[key] = kept * 1.001 if kept else 0.001
        assert differences(list(facts_of(steps)), STEPS[name]), f"{key}: {kept}"
        holder[key] = kept
