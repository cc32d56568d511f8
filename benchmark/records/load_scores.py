"""Score lines as a pandas table."""

from collections.abc import Iterable, Mapping
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.records.scores import Score, read_folder
from degrade.core.errors import InputError
from degrade.core.packages import needed_for

if TYPE_CHECKING:
    import pandas

_WHOLE = ("schema", "seed", "n")  # columns of whole numbers, some of them missing


def load_scores(source: Path | str, results: Path | str = "results", every: bool = False) -> "pandas.DataFrame":
    """The scores of a profile or an evaluation, one row each: of several tries at one number the newest.

    source: the name of a profile with scores below `results`, or a folder such as results/lite or the `--out` of
    `benchmark evaluate`. The columns are the keys of a score line (benchmark/records/schemas/score.json): value is NaN
    where `error` says why, image is missing for a metric of sets. A Frechet distance is the plain one, which tables
    show reduced in bias by its replicates (benchmark.records.scores.corrected). every: with those of older outputs of
    a method, such as a folder of images that changed; the column checkpoint tells them apart. Raises InputError where
    there are no scores, and for a file that holds something else.

    >>> load_scores("nothing")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    degrade.core.errors.InputError: nothing: expected a profile with scores below results, or a folder that holds ...
    """
    for place in (Path(results, source), Path(source).absolute()):
        if found := read_folder(place if place.name == "scores" else place / "scores", every):
            return score_table(found)
    wanted = f"a profile with scores below {results}, or a folder that holds scores/"
    raise InputError(f"{source}: expected {wanted}, got neither; make some with `benchmark run`")


def score_table(scores: Iterable[Score], labels: Mapping[str, str] | None = None) -> "pandas.DataFrame":
    """A row for each score, the fields of Score as columns, whole numbers that may be missing as Int64.

    labels: full name of a method -> what the user calls it, which is then the last column, `label`.
    """
    with needed_for("a table of scores"):
        import pandas  # here, because it takes half a second

    scores, names = list(scores), Score.__struct_fields__
    columns = {name: list(map(attrgetter(name), scores)) for name in names}  # rows would be a million tuples
    table = pandas.DataFrame(columns, columns=names)
    if labels is not None:
        table["label"] = [labels.get(score.method, "") for score in scores]
    return table.astype(dict.fromkeys(_WHOLE, "Int64") | dict.fromkeys(("value", "seconds", "deviation"), float))
