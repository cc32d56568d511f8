"""One method under one protocol, asked for from Python."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.methods.registry import find_method
from benchmark.records.load_scores import score_table
from benchmark.runs.request import RunRequest
from benchmark.runs.run import run
from benchmark.runs.settings import DataFolders, Settings
from benchmark.specs.protocols import load_profile, load_protocol
from degrade.core.names import as_names
from degrade.recipes.library import find_recipe

if TYPE_CHECKING:
    import pandas


def run_protocol(  # noqa: PLR0913 - one argument for each option of `benchmark run`
    protocol: str,
    method: str,
    tasks: Sequence[str] | str = (),
    *,
    profile: str = "quick",
    metrics: Sequence[str] | str = (),
    seed: int = 0,
    ffhq: Path | str | None = None,
    facerenov: Path | str | None = None,
    work: Path | str = "runs",
    results: Path | str = "results",
    device: str = "auto",
    workers: int = 1,
    limit: int | None = None,
) -> "pandas.DataFrame":
    """Restore and score the test images of a protocol, and give the scores as a table with the columns of load_scores.

    As `benchmark run`: splits and trainings that are missing are made below `work`, scores go to `results`, and what
    is there is not computed again. protocol: "S2S", "S2R", "R2R", ..., or FILE.toml; method: a name of METHODS, or
    folder:DIR, cmd:..., python:module:function; tasks: names of recipes, or one, none for the protocol's own; metrics:
    likewise; profile: a name or FILE.toml; seed: of training; limit: test images at most. profile "quick" uses painted
    portraits, without `ffhq`, and proves nothing about a method. An image or metric that fails is a row whose value is
    NaN and whose `error` says why. Raises InputError for what concerns all of it.
    The protocols: the paper's Section 4.1 and protocols/runs/.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     asked = {"metrics": ["psnr.rgb"], "work": folder, "results": folder, "limit": 2}
    ...     scores = run_protocol("S2S", "bicubic", ["sr4"], **asked)
    >>> len(scores), bool(scores["value"].between(20, 40).all())
    (2, True)
    """
    find_method(method)
    once = tuple(dict.fromkeys(as_names(tasks)))
    for task in once:
        find_recipe(task)
    faces = DataFolders(Path(ffhq) if ffhq else None, Path(facerenov) if facerenov else None)
    places = Path(work), Path(results)
    settings = Settings(
        load_profile(profile).limited(limit), faces, *places, device, workers, ("benchmark.run_protocol",)
    )
    request = RunRequest(settings, load_protocol(protocol), method, once, seed, as_names(metrics))
    return score_table(run(request).scores)
