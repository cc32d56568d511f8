"""What a page shows, before it has a form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.analysis.runs import Run
from benchmark.methods.registry import method_title
from benchmark.reports.markup import Blocks, Grid
from degrade.splits.split import Split


@dataclass(frozen=True)
class TestSet:
    """One table of methods by metrics, and what lies behind its numbers.

    title: short, for a choice among several. grid: as printed; its first row and column carry ids.
    runs: by the key of a row. size: px.
    split: what was scored; None where it is not here. restored: the folder with the images of each method.
    hidden: a sentence that says why no pictures are shown; empty where they are.
    names: how a method is printed, where that is not its title.
    """

    __test__ = False  # pytest would take it for a test

    title: str
    heading: str
    grid: Grid
    runs: Mapping[str, Run]
    size: int
    split: Split | None = None
    restored: Mapping[str, Path] = field(default_factory=dict)
    hidden: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    def name(self, key: str) -> str:
        """How the method of a row is printed."""
        return self.names.get(key) or method_title(key)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The ids of the columns that are of a metric."""
        return tuple(cell.key for cell in self.grid[0] if cell.key)

    @property
    def images(self) -> tuple[str, ...]:
        """The images that some method was scored on, in name order."""
        return tuple(sorted({name for run in self.runs.values() for name in run.names}))

    @property
    def subject(self) -> str:
        """For the title of a figure: its title, the split that was scored where that is called otherwise, and N."""
        split = next((run.split for run in self.runs.values() if run.split), self.title)
        return f"{self.title}, {'' if split == self.title else f'split {split}, '}N = {len(self.images)}"


@dataclass(frozen=True)
class Chapter:
    """One table of a profile, or a whole evaluation. notes: how its numbers are to be read. more: further tables."""

    title: str
    lead: tuple[str, ...]
    notes: tuple[str, ...]
    sets: tuple[TestSet, ...]
    more: Blocks = field(default_factory=dict)

    @property
    def blocks(self) -> Blocks:
        """Every table of it by heading."""
        return {found.heading: found.grid for found in self.sets} | dict(self.more)


@dataclass(frozen=True)
class Content:
    """A whole page. kind: what it is of, in a word or two. asked: what was asked, as (term, text)."""

    kind: str
    title: str
    asked: tuple[tuple[str, str], ...]
    chapters: tuple[Chapter, ...]

    @property
    def sets(self) -> tuple[TestSet, ...]:
        return tuple(found for chapter in self.chapters for found in chapter.sets)
