"""What failed, each reason once with the images it concerns."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from degrade.cli.console import fitting


def by_reason(errors: Iterable[tuple[str, str]]) -> list[str]:
    """Lines for (image, sentence) of what failed: each reason once, with the images it concerns.

    Two images of one name are called as their sentences do.

    >>> by_reason([("a", "in/a.png: is torn"), ("b", "in/b.png: is torn"), ("c", "no face")])
    ['2 images: is torn: a, b', 'c: no face']
    """
    found: dict[str, dict[str, str]] = {}
    for name, said in errors:
        sentence = fitting(said)
        place, _, rest = sentence.partition(": ")
        is_its = f"/{place}".endswith(f"/{name}")
        reason = rest if is_its or Path(place).stem == name else sentence
        found.setdefault(reason, {})[sentence if is_its else f"{name}: {sentence}"] = name
    return [
        f"{len(lines)} images: {reason}: {', '.join(_apart(lines))}" if len(lines) > 1 else next(iter(lines))
        for reason, lines in found.items()
    ]


def _apart(lines: Mapping[str, str]) -> Iterator[str]:
    """The names of the images that lines are about, or what the line says before its reason where two are alike."""
    counts = Counter(lines.values())
    for line, name in lines.items():
        yield name if counts[name] == 1 else line.removeprefix(f"{name}: ").partition(": ")[0]
