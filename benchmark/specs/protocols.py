"""Protocols and profiles of `protocols/`: read, checked key by key, and turned into values."""

from dataclasses import dataclass, replace
from functools import cache

from benchmark.specs.strict_toml import checked, is_file, own_text, parsed, stem, stems, text_of
from benchmark.specs.test_sets import load_sets
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

    def limited(self, test: int | None) -> "Profile":
        """The same with at most so many test images; None for no limit."""
        return self if test is None else replace(self, test=min(test, self.test or test))


_PROTOCOL: dict[str, object] = {
    "version": int,
    "train_domain": str,
    "test_domain": str,
    "task": list[str],
    "metrics": list[str],
}
_PROFILE: dict[str, object] = {key: int for key in ("size", "train", "val", "test", "width", "batch", "steps")}
_PROFILE |= {"perceptual": str, "seeds": list[int]}


_OWN: dict[str, Protocol] = {}  # users' protocols by name, read from files in this process


def protocol_names() -> list[str]:
    """Names of the protocols there are, as the command line and the scores write them."""
    return [name.upper() for name in stems("runs")]


def profile_names() -> list[str]:
    """Names of the profiles there are."""
    return stems("profiles")


@cache
def load_protocol(name: str) -> Protocol:
    """Read protocols/runs/<name>.toml, `name` in any case; or a user's FILE.toml, which is then known by its stem.

    Raises InputError for an unknown name, for unknown, missing or mistyped keys, and for a file whose name is taken.
    """
    if is_file(name):
        text = own_text(name, "protocol", [known.lower() for known in protocol_names()])
        protocol = parse_protocol(name, text)
        _OWN[protocol.name] = protocol
        return protocol
    if name.upper() in _OWN:
        return _OWN[name.upper()]
    if name.upper() not in protocol_names():
        raise unknown("protocol", name, protocol_names())
    return parse_protocol(f"protocols/runs/{name.lower()}.toml", text_of("runs", f"{name.lower()}.toml"))


@cache
def load_profile(name: str) -> Profile:
    """Read protocols/profiles/<name>.toml, or a user's FILE.toml; InputError as in load_protocol."""
    if is_file(name):
        return parse_profile(name, own_text(name, "profile", profile_names()))
    if name.lower() not in profile_names():
        raise unknown("profile", name, profile_names())
    return parse_profile(f"protocols/profiles/{name.lower()}.toml", text_of("profiles", f"{name.lower()}.toml"))


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


def scored_task(task: str) -> str:
    """What the scores of a task stand under: the name in the recipe file FILE.toml[:SEVERITY], else `task` itself."""
    if ".toml" not in task.lower():
        return task
    from degrade.recipes.library import find_recipe  # here, as --help need not load what reads images

    return find_recipe(task).name
