"""Methods by name. A module is imported when its method is used, so listing them costs nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

from benchmark.assets import entry_points
from benchmark.methods.row import MethodRow
from benchmark.methods.table import ADAPTERS, METHODS
from degrade.core.errors import InputError, unknown
from degrade.core.storage.paths import user_path


def full_name(name: str) -> str:
    """The full name of a method in any case: `ispl` means `ispl:isp_unet_pac`; an unknown name stays as it is."""
    folded = name.lower()
    if folded in METHODS or folded in _short_names():
        return folded if folded in METHODS else _short_names()[folded]
    kind, colon, rest = name.partition(":")
    return kind.lower() + colon + rest if _kind(kind, rest) else name


def spelled(text: str) -> tuple[str, str]:
    """(label, name) of a method as a user spells it: `Label=NAME:ARGUMENT`, or the name, which is then its label.

    A label ends at the first `=`, where that stands before any colon.

    >>> spelled("Ours=folder:outs"), spelled("spandrel:net.pth?w=0.7")
    (('Ours', 'folder:outs'), ('spandrel:net.pth?w=0.7', 'spandrel:net.pth?w=0.7'))
    """
    label, equals, name = text.partition("=")
    return (label, name) if equals and label and ":" not in label else (text, text)


def labelled(methods: Sequence[str]) -> dict[str, str]:
    """Label -> full name of each method; InputError for two labels or two methods alike."""
    found: dict[str, str] = {}
    for text in methods:
        label, name = spelled(text)
        name = full_name(name)
        if label in found:
            raise InputError(f"--method: two are called '{label}'; give one another label, as Mine={name}")
        if name in found.values():
            raise InputError(f"--method: {name} is named twice; leave one out")
        found[label] = name
    return found


def adapter_argument(name: str) -> str | None:
    """What follows the colon in the name of a method from outside; None for a method of the table.

    A "~/" that it begins with is the home folder.
    """
    kind, _, rest = full_name(name).partition(":")
    if full_name(name) in METHODS or not _kind(kind, rest):
        return None
    return f"{user_path('~')}{rest[1:]}" if rest.startswith("~/") else rest


def _kind(kind: str, argument: str) -> MethodRow | None:
    """The row of a way to bring a method from outside; None where there is none, or not with such an argument."""
    row = ADAPTERS.get(kind.lower())
    return row if row and argument.endswith(row.ends_in) else None


def find_method(name: str) -> MethodRow:
    """The row of a method by its full or short name, or of its kind when it comes from outside.

    Raises InputError when there is none, naming the nearest, and when it cannot run here, saying why.
    """
    label, spelled_name = spelled(name)
    if label != name:
        where = "labels are for `benchmark evaluate`, whose tables have a row for each"
        raise InputError(f"method '{name}': {where}; leave out '{label}=', as in {spelled_name}")
    given = adapter_argument(name)
    known = full_name(name)
    row = ADAPTERS[known.partition(":")[0]] if given is not None else row_of(known)
    if row is None:
        raise unknown("method", name, method_names())
    if given == "":
        raise InputError(f"method '{name}': expected more after a colon, got nothing; it is {row.source}")
    if reason := why_unavailable(row):
        raise InputError(f"method '{name}': unavailable: {reason}")
    return row


def row_of(known: str) -> MethodRow | None:
    """The row of a full name, in the table or of an installed package; None where there is none."""
    return METHODS.get(known) or entry_points.row_of(entry_points.METHODS, known, MethodRow)


def why_unavailable(row: MethodRow) -> str:
    """Why a method cannot run here; empty when it can, also where it must be trained first."""
    packages = [package for package in row.packages if find_spec(package) is None]
    if packages:
        return f"needs pip install {' '.join(packages)}"
    return "; ".join(filter(None, map(_missing, row.weights)))


def _missing(file: str) -> str:
    from benchmark.assets.weights import missing, weight_path

    if file.startswith("ispl_model/"):
        return "" if files("ispl_model").joinpath(file.partition("/")[2]).is_file() else f"comes without {file}"
    return "" if weight_path(file).is_file() else missing(file)


def _short_names() -> dict[str, str]:
    """The full name of each method that has a short one."""
    return {row.short_name: name for name, row in METHODS.items() if row.short_name}


def method_title(name: str) -> str:
    """The printed name of a method, which may be another for its short name; its id where it has none."""
    try:
        row = row_of(full_name(name))
    except InputError:  # a broken package; what is stored of it is shown all the same
        row = None
    if row is None:
        return name
    return (row.short_title if name.lower() == row.short_name else row.title) or name


def title_of(label: str, methods: Mapping[str, str]) -> str:
    """How a method is printed: by the label that a user gave it, else by its title.

    methods: label -> full name in an evaluation, where one without a label goes by its name; empty of a profile, whose
    methods have no labels.

    >>> methods = {"Identity": "python:mine:sharpen", "identity": "identity"}
    >>> [title_of(label, methods) for label in methods]
    ['Identity', 'Degraded input']
    """
    return method_title(label) if methods.get(label, label) == label else label


def check_titles(methods: Mapping[str, str]) -> None:
    """InputError where two methods of an evaluation, label -> full name, would be printed alike."""
    printed = Counter(title_of(label, methods) for label in methods)
    twice = next((title for title, count in printed.items() if count > 1), None)
    if twice is not None:
        raise InputError(f"--method: two rows would be called '{twice}'; give one another label")


def paper_title(name: str) -> str:
    """As method_title, without what ours says in brackets of how it differs.

    >>> paper_title("ispl:ep_map")
    'EP-map'
    """
    return method_title(name).partition(" (")[0]


def method_names() -> list[str]:
    """Every name that find_method takes: full and short ones, and how those from outside begin."""
    return sorted([*METHODS, *_short_names(), *packaged_methods(), *(f"{kind}:" for kind in ADAPTERS)])


def packaged_methods() -> list[str]:
    """The methods that installed packages add, but for those called as one of ours."""
    return [name for name in entry_points.names(entry_points.METHODS) if name not in METHODS]


def method_module(name: str) -> Any:
    """What a method is made of.

    `load`; for a trained one `configure`, `build`, `TRAINING`; for a tuned one `restore`, `GRID`; for one from outside
    `digest`.
    """
    return module_of(find_method(name))


def module_of(row: MethodRow) -> Any:
    """As method_module, of a row whether it can run here or not."""
    module, _, member = row.module.partition(":")
    imported = import_module(module)
    return getattr(imported, member) if member else imported
