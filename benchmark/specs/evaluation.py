"""What an evaluation asks: some methods, some test sets, some metrics; a file of TOML, or the options of a command."""

import json
import os
from collections import Counter
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any

from benchmark.specs.strict_toml import checked, parsed
from degrade.core.choices import CROPS, SMALLEST_SIDE
from degrade.core.errors import InputError
from degrade.core.storage.files import write_bytes
from degrade.core.storage.paths import escaped, read_text, user_path

FILE_NAME = "evaluation.toml"  # in the folder of an evaluation: what was asked last
LONGEST_NAME = 150  # bytes of a test set's: names of folders of what is made for it take up to 100 more
_VERSION = 1
_KINDS: dict[str, Any] = {
    "version": int, "splits": list[str], "methods": list[str], "metrics": list[str], "faces": str,
    "recipes": list[str], "list_file": str, "size": int, "crop": str, "align": bool, "limit": int,
}  # fmt: skip


@dataclass(frozen=True)
class Evaluation:
    """A user's own question.

    splits: folders; each a split, a folder with hq/ and lq/, or degraded images alone.
    methods: as spelled, `Label=NAME:ARGUMENT` or without a label.
    metrics: ids; none for those of the paper's Table 2 that the test sets allow.
    faces, recipes: a folder of clean faces, and what degrades them: a test set for each recipe.
    list_file: names the images to use, one a line; empty for all of them.
    size, crop, align: how faces and images become squares of one side; size 0: 512 px for faces, the images' own side
        for folders.
    limit: so many images of each test set; 0 for all.
    """

    methods: tuple[str, ...]
    splits: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    faces: str = ""
    recipes: tuple[str, ...] = ()
    list_file: str = ""
    size: int = 0
    crop: str = "none"
    align: bool = False
    limit: int = 0

    def __post_init__(self) -> None:
        if not self.methods:
            raise InputError("evaluate: expected at least one method, got none; name it with --method")
        if bool(self.faces) != bool(self.recipes):
            wanted = "a recipe for the faces" if self.faces else "a folder of faces for the recipe"
            option = "--recipe" if self.faces else "--faces"
            raise InputError(f"evaluate: expected {wanted}, got none; name it with {option}")
        if not (self.splits or self.faces):
            raise InputError("evaluate: expected a test set, got none; name a SPLIT, or --faces with --recipe")
        if self.crop not in CROPS:
            raise InputError(f"evaluate: crop: expected {' or '.join(CROPS)}, got '{self.crop}'")
        if self.size and self.size < SMALLEST_SIDE:
            raise InputError(f"evaluate: size: expected at least {SMALLEST_SIDE} px, got {self.size}")
        if self.limit < 0:
            raise InputError(f"evaluate: limit: expected 0 or more, got {self.limit}")

    @property
    def shown_methods(self) -> tuple[str, ...]:
        """The methods, and the untouched input where a metric says little without its value beside it."""
        names = [method.partition("=")[2] or method for method in self.methods]
        needs_input = any(metric.startswith("consistency.") for metric in self.metrics)
        return (*self.methods, *(["identity"] if needs_input and "identity" not in names else []))

    @property
    def set_names(self) -> tuple[str, ...]:
        """How its test sets are called: by their folders, those alike with the folder above, and by their recipes.

        Raises InputError for two of one name, for one too long to name files, and for a recipe that is not there.
        """
        from degrade.core.storage.listing import folder_name  # both here, as --help need not load what reads images
        from degrade.recipes.library import find_recipe

        paths = [Path(os.path.abspath(user_path(folder))) for folder in self.splits]
        own = [(folder_name(path.parent), folder_name(path)) for path in paths]
        count = Counter(name for _, name in own)
        folders = (name if count[name] == 1 else f"{above}-{name}" for above, name in own)
        names = (*folders, *(find_recipe(recipe).name for recipe in self.recipes))
        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            raise InputError(f"evaluate: two test sets are called '{twice[0]}'; rename a folder or a recipe")
        if long := [name for name in names if len(name.encode()) > LONGEST_NAME]:
            what = f"the name '{long[0][:40]}...' of a test set is longer than {LONGEST_NAME} bytes"
            raise InputError(f"evaluate: {what}, and files are called by it; rename the folder, or name a link to it")
        return names

    def to_toml(self) -> str:
        """The text of a file that asks the same."""
        values = {"version": _VERSION, **asdict(self)}
        return "".join(f"{key} = {_toml(values[key])}\n" for key in _KINDS)


_DEFAULTS: dict[str, Any] = {"version": _VERSION} | {
    field.name: list(field.default) if isinstance(field.default, tuple) else field.default
    for field in fields(Evaluation)
    if field.default is not MISSING
}


def read_evaluation(path: Path) -> Evaluation:
    """The evaluation that a file asks for; its paths are relative to the current folder, as on the command line.

    Every key but `methods` may be left out. Raises InputError for an unknown or mistyped key and what Evaluation
    refuses.
    """
    try:
        text = read_text(path, most=1 << 20)
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: cannot be read as an evaluation ({error})") from error
    found = parsed(str(path), text)
    values = checked(str(path), _DEFAULTS | found, _KINDS)
    if values.pop("version") != _VERSION:
        raise InputError(f"{path}: version: expected {_VERSION}, got {found.get('version')}")
    return Evaluation(**values)


def asks(path: Path, evaluation: Evaluation) -> bool:
    """Whether a file is there that asks for the same evaluation, in whatever spelling."""
    try:
        return path.is_file() and read_evaluation(path).to_toml() == escaped(evaluation.to_toml())
    except InputError:
        return False


def write_evaluation(folder: Path, evaluation: Evaluation) -> None:
    """Record in the folder of an evaluation what was asked; a file that says so stays, as its comments are a user's."""
    if not asks(folder / FILE_NAME, evaluation):
        write_bytes(folder / FILE_NAME, escaped(evaluation.to_toml()).encode())


def is_evaluation(folder: Path) -> bool:
    """Whether a folder of results is that of an evaluation, whose score lines lie in it and not below a profile."""
    return Path(folder, FILE_NAME).is_file()


def _toml(value: Any) -> str:
    """A value as TOML: strings, whole numbers, booleans and lists of strings are written as in JSON."""
    return json.dumps(value, ensure_ascii=False)
