"""The content of a page from the folder of an evaluation, or from the score lines of a profile."""

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

from benchmark.analysis.runs import Run, Runs, scored_split
from benchmark.methods.registry import adapter_argument
from benchmark.metrics.facts import facts_of
from benchmark.records.run_file import read_run_files, run_facts
from benchmark.records.run_folder import run_folder
from benchmark.records.scores import read_scores
from benchmark.records.words import EVALUATION
from benchmark.reports.evaluation.results import Results, TestSetResults
from benchmark.reports.evaluation.table import legend, page, sentences
from benchmark.reports.html.content import Chapter, Content, TestSet
from benchmark.reports.markup import Grid
from benchmark.reports.shown import why_domain_hidden
from benchmark.reports.tables.render import table_page, table_specs
from benchmark.specs.protocols import Profile, load_profile, load_protocol
from benchmark.specs.tables import TableSpec
from benchmark.specs.test_sets import is_own
from benchmark.specs.titles import PROFILES
from degrade.core.errors import InputError
from degrade.core.storage.listing import folder_name
from degrade.splits.split import Split

_LEFT_OUT = "Left out, as it cannot be computed here: "
_NOT_SHOWN = "No pictures: {}"
_NOT_KEPT = "No pictures: no restored images of this test set lie below {}/restored; {}"
_NO_SPLIT = "No pictures, and not how each image was degraded: {}"


def of_evaluation(folder: Path, work: Path) -> Content:
    """The page of the folder of an evaluation; `work` holds its splits and restored images.

    Raises InputError for a folder that is no evaluation.
    """
    results = Results(folder)
    _, _, blocks = page(results)
    found = [
        _evaluated(results, test_set, block, work)
        for test_set, block in zip(results.test_sets, blocks.items(), strict=True)
    ]
    chapter = Chapter("Results", (), (*legend(results), *_left_out(results)), tuple(found))
    return Content("Evaluation", folder_name(folder), tuple(_asked(results)), (chapter,))


def of_profile(name: str, results: Path, work: Path, own: Sequence[str] = ()) -> Content:
    """The page of the tables of a profile, from its score lines below `results`.

    own: files of tables of the user's, which are then the only ones.
    Raises InputError for an unknown profile, and one without scores.
    """
    profile = load_profile(name)
    scores = read_scores(results, profile.name)
    runs = Runs(scores, read_run_files(results, profile.name))
    chapters = tuple(_chapter(spec, profile, runs, results, work) for spec in table_specs(runs, own))
    if not scores:
        raise InputError(f"profile {profile.name}: has no scores below {results}; `benchmark run` makes them")
    if not any(run.scores for chapter in chapters for found in chapter.sets for run in found.runs.values()):
        other = f"its scores are of {', '.join(sorted({score.protocol for score in scores}))}, in none of the tables"
        raise InputError(f"profile {profile.name}: {other}; name a table that shows them with --table FILE.toml")
    return Content("Profile", profile.name, tuple(_sizes(profile)), chapters)


def _asked(results: Results) -> list[tuple[str, str]]:
    asked = results.evaluation
    methods = [
        f"{label} ({name})" if label != name or adapter_argument(name) else results.names[label]
        for label, name in results.methods.items()
    ]
    headers = dict.fromkeys(facts_of(metric).header for found in results.test_sets for metric in found.metrics)
    metrics = ", ".join(headers) if asked.metrics else f"those of Table 2: {', '.join(headers)}"
    sets = [sentence for sentence in sentences(results) if not sentence.startswith(_LEFT_OUT)]
    left_out = [sentence.removeprefix(_LEFT_OUT).partition(" (")[0] for sentence in _left_out(results)]
    why = f"{', '.join(left_out)}: weights or packages are missing here, which the notes below name"
    return [
        ("Methods", "; ".join(methods)),
        ("Metrics", metrics),
        *(("Test sets", sentence) for sentence in sets),
        *([("Not computed", why)] if left_out else []),
    ]


def _left_out(results: Results) -> list[str]:
    return [sentence for sentence in sentences(results) if sentence.startswith(_LEFT_OUT)]


def _sizes(profile: Profile) -> list[tuple[str, str]]:
    what = PROFILES.get(profile.name, "").format(train=profile.train)
    trained = f"width {profile.width}, batch {profile.batch}, {profile.steps} steps"
    seeds = ", ".join(map(str, profile.seeds))
    return [
        *([("What", f"{what[0].upper()}{what[1:]}")] if what else []),
        ("Images", f"{profile.size} px; {profile.test or 'all'} to test, {profile.train or 'all'} to train on"),
        ("Networks", f"{trained}, perceptual loss {profile.perceptual}; training seeds {seeds}"),
    ]


def _evaluated(results: Results, found: TestSetResults, block: tuple[str, Grid], work: Path) -> TestSet:
    heading, grid = block
    split, restored, why = _behind(results.folder, EVALUATION, found.runs, work, "name their folder with --work")
    hidden = results.why_hidden(results.test_sets.index(found), split)
    why = _NOT_SHOWN.format(hidden) if hidden else why
    return TestSet(found.name, heading, grid, found.runs, found.size, split, restored, why, results.names)


def _chapter(spec: TableSpec, profile: Profile, runs: Runs, results: Path, work: Path) -> Chapter:
    made = table_page(spec, profile, runs)
    first, sections = made.title.partition(":")[0].partition(" (")[0], []
    for (section, methods), (heading, grid) in zip(made.rows.items(), made.blocks.items(), strict=False):
        split, restored, why = _behind(results, profile.name, methods, work, "run the methods with --keep")
        own = profile.name == "paper" or any(is_own(run.split or "") for run in methods.values())
        hidden = why_domain_hidden(load_protocol(section[0]).test_domain, own)
        why = _NOT_SHOWN.format(hidden) if hidden else why
        title = f"{first}: {section[1]} under {section[0]}"
        sections.append(TestSet(title, heading, grid, methods, profile.size, split, restored, why))
    more = dict(islice(made.blocks.items(), len(made.rows), None))
    title = made.title.removesuffix(f" (profile {profile.name})")
    images = made.sentences[1].partition("; ")[0]
    return Chapter(title, (images,), made.sentences[2:], tuple(sections), more)


def _behind(
    results: Path, profile: str, runs: Mapping[str, Run], work: Path, remedy: str
) -> tuple[Split | None, dict[str, Path], str]:
    """The split that was scored, where the restored images of each method lie, and why there are no pictures."""
    scored = {key: run for key, run in runs.items() if run.scores}
    if not scored:
        return None, {}, ""
    restored = {key: _restored(results, profile, run, work) for key, run in scored.items()}
    try:
        split = scored_split(results, profile, next(iter(scored.values())), work)
    except InputError as error:
        return None, {}, _NO_SPLIT.format(error)
    kept = {key: folder for key, folder in restored.items() if folder.is_dir()}
    return split, kept, "" if kept else _NOT_KEPT.format(work, remedy)


def _restored(results: Path, profile: str, run: Run, work: Path) -> Path:
    """Of the first training seed."""
    first = min(run.scores, key=lambda score: (score.seed or 0, score.run))
    return run_folder(work, "restored", run_facts(results, profile, first.run))
