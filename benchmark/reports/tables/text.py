"""A table's sections as text: header sentences, column heads with arrows, cells with bold and footnotes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from benchmark.analysis.cells import MEASURED, NOT_RUN, Cell
from benchmark.analysis.precision import precision_note
from benchmark.analysis.runs import Run
from benchmark.methods.registry import full_name, method_title
from benchmark.methods.table import METHODS
from benchmark.metrics.facts import facts_of, value_text
from benchmark.reports.markup import Grid, TableCell
from benchmark.reports.tables.rows import (
    LIMIT,
    STATES,
    PaperNumbers,
    Rows,
    Section,
    all_runs,
    best,
    failed,
    is_facerenov,
    is_printed,
    measures,
)
from benchmark.specs.protocols import Profile, load_protocol
from benchmark.specs.published import Printed
from benchmark.specs.tables import TableSpec
from benchmark.specs.test_sets import is_own, load_sets
from benchmark.specs.titles import PROFILES, TASKS

_ADDED = " †"
_BRACKETS = (
    "In brackets: the number the paper prints (FFHQ at 512 px); under 'other' it was measured with other code and "
    "cannot be compared with ours"
)
_NO_BRACKETS = (
    "The paper's numbers are of {} at 512 px and do not stand beside those of other faces; they are in "
    "protocols/paper/published.csv"
)
_LEGEND = (
    "Bold: the best measured value of a task among rows scored on equally many images",
    "±: half of the 95 % interval over the choice of images, not of training; its ends are in the .csv. Means over "
    "images: bootstrap (BCa), none where all values are equal. Distances of sets, gap, gain: jackknife over 20 groups "
    "of images",
    f"'not run' = no score lines yet, 'unavailable' = weights are missing here, {STATES}",
)
_OVER_SEEDS = (
    "(N seeds ±): the value is the mean of N trainings, and this half of its 95 % interval over the choice of the "
    "training seed, by Student's t; fewer than three trainings, or equal ones, have none"
)
_REDUCED = (
    "Reduced in bias: {}. A Frechet distance of few images is too large, which the jackknife over 20 groups of images "
    "lessens and does not remove; as it was scored it stands in the .csv (plain)"
)

_PROFILE_KEYS = ("size", "train", "width", "batch", "steps", "perceptual")  # all but the first of trainings alone


def blocks_of(paper: PaperNumbers, profile: Profile, rows: Rows, notes: Mapping[str, str]) -> dict[str, Grid]:
    """The sections of a table by heading. notes: what must be known of each metric shown."""
    printed = [paper.of(section, method) for section, methods in rows.items() for method in methods]
    names = (TableCell("Method"), TableCell("images"), TableCell("failed"))
    header = (*names, *(_header(metric, note, printed) for metric, note in notes.items()))
    return {
        _heading(section, profile, methods.values()): (header, *_section(paper, section, methods, tuple(notes)))
        for section, methods in rows.items()
    }


def _header(metric_id: str, note: str, rows: Sequence[Mapping[str, Printed]]) -> TableCell:
    metric = facts_of(metric_id)
    printed = [row[metric_id] for row in rows if metric_id in row]
    beside = ""
    if printed:
        beside = "paper" if printed[0].comparable else f"paper, other {metric.header}"
    return TableCell(metric.header + metric.arrow, notes=(note,) if note else (), printed=beside, key=metric_id)


def _heading(section: Section, profile: Profile, runs: Iterable[Run]) -> str:
    """What is tested on what, and the test split; all runs of a section are on one."""
    name, task = section
    protocol = load_protocol(name)
    there = [run for run in runs if run.split]
    real = _real_name(profile, there)
    domains = [_domain(domain, real) for domain in (protocol.train_domain, protocol.test_domain)]
    split = f"; split {there[0].split}" if there else ""
    return f"{task} under {name} ({domains[0]} to {domains[1]}): {TASKS.get(task, task)}{split}"


def _domain(name: str, real: str) -> str:
    """How a domain or test set is called; real: the real domain."""
    if name == "real":
        return real
    return load_sets()[name].title if name in load_sets() else name


def _real_name(profile: Profile, runs: Sequence[Run]) -> str:
    """Of the runs of a section: outside the profile `paper` a simulation stands for FaceRenov, unless own faces do."""
    own = [place for run in runs if is_own(run.split or "") for place in run.faces or ("",)]
    if own and not all(map(is_facerenov, own)):
        return "own real faces"
    return "FaceRenov" if own or profile.name == "paper" else "simulated"


def _section(
    paper: PaperNumbers, section: Section, methods: Mapping[str, Run], columns: Sequence[str]
) -> Iterator[tuple[TableCell, ...]]:
    """The rows of one section."""
    measured = [metric for metric in columns if measures(section, metric)]
    bold = {metric: best(methods, metric) for metric in measured}
    added = _added(paper.spec, section, methods)
    for method, run in methods.items():
        name = TableCell(method_title(method) + (_ADDED if method in added else ""), key=method)
        printed = {metric: found.text for metric, found in paper.of(section, method).items()}
        if not run.scores:
            start = (name, TableCell(NOT_RUN, notes=run.notes), TableCell())
            yield (*start, *(TableCell(printed=printed.get(metric, "")) for metric in columns))
            continue
        entries = [
            _entry(metric, run.cell(metric), method in bold[metric], printed.get(metric, ""))
            if metric in bold
            else TableCell("-")
            for metric in columns
        ]
        yield (name, TableCell(str(run.images)), TableCell(str(failed(run, columns))), *entries)


def _added(spec: TableSpec, section: Section, methods: Iterable[str]) -> list[str]:
    """The methods of a section that the paper does not print; none where it prints nothing of the section."""
    printed = {method: is_printed(spec, section, method) for method in methods}
    return [method for method, known in printed.items() if not known] if any(printed.values()) else []


def _entry(metric: str, cell: Cell, bold: bool, printed: str) -> TableCell:
    return TableCell(_text(metric, cell), bold, cell.notes, printed, _spread(metric, cell))


def _text(metric: str, cell: Cell) -> str:
    return value_text(metric, cell.number) if cell.state == MEASURED else cell.state


def _spread(metric: str, cell: Cell) -> str:
    """±0.412 for half of the interval; beside it that over seeds, and a kernel distance's deviation over subsets."""
    reach = f"±{value_text(metric, cell.interval.half)}" if cell.interval else ""
    seeds = f"({cell.seeds} seeds ±{value_text(metric, cell.over_seeds.half)})" if cell.over_seeds else ""
    deviation = "" if cell.deviation is None else f"(sd {value_text(metric, cell.deviation)})"
    return " ".join(filter(None, (reach, seeds, deviation)))


def sentences_of(paper: PaperNumbers, profile: Profile, rows: Rows) -> tuple[str, ...]:
    """What stands above the table: the profile, how its cells are to be read."""
    spec, runs = paper.spec, all_runs(rows)
    sentences = [
        f"Profile {profile.name}: {PROFILES.get(profile.name, '').format(train=profile.train)}".rstrip(": "),
        f"{_images(runs)}, {profile.size} px{_training(spec, profile, rows)}",
    ]
    sentences += _other_profile(profile, rows)
    if faces := dict.fromkeys(place for run in runs for place in run.faces):
        sentences.append(f"Test faces: {'; '.join(faces)}")
    if any(_is_real(protocol) for protocol, _ in rows):
        sentences.append(_real_domain(profile, runs))
    tested = dict.fromkeys(load_protocol(protocol).test_domain for protocol, _ in rows)
    sentences += [load_sets()[name].note for name in tested if name in load_sets()]
    mixed = (precision_note({method_title(name): run for name, run in own.items()}) for own in rows.values())
    sentences += [*_brackets(paper, rows), *_LEGEND, *filter(None, dict.fromkeys(mixed))]
    sentences += reduced_in_bias(spec.columns, runs)
    if any(run.cell(metric).deviation is not None for run in runs for metric in spec.columns):
        sentences.append("sd: standard deviation over the subsets that a kernel distance is a mean of")
    if any(run.cell(metric).over_seeds for run in runs for metric in spec.columns):
        sentences.append(_OVER_SEEDS)
    if any(LIMIT in methods for methods in rows.values()):
        sentences.append("The reference row is what the others are measured against and is left out of the best")
    if any(_added(spec, section, methods) for section, methods in rows.items()):
        sentences.append(f"{_ADDED.strip()} added here, not a row of the paper")
    return tuple(sentences)


def reduced_in_bias(metrics: Iterable[str], runs: Sequence[Run]) -> list[str]:
    """The sentence about the Frechet distances of some that were reduced in bias; empty where none was."""
    reduced = [facts_of(metric).header for metric in metrics if any(run.cell(metric).plain is not None for run in runs)]
    return [_REDUCED.format(" and ".join(reduced))] if reduced else []


def _training(spec: TableSpec, profile: Profile, sections: Rows) -> str:
    """How the networks were trained, of a table that has some that are trained here, or that nobody knows."""
    rows = [METHODS.get(full_name(method)) for row in spec.rows for method in row.methods]
    if all(row and not row.trainable for row in rows):
        return ""
    return (
        f"; networks of width {profile.width}, batch {profile.batch}, {profile.steps} steps, "
        f"perceptual loss {profile.perceptual}, training seeds {_seeds(profile, sections)}"
    )


def _seeds(profile: Profile, sections: Rows) -> str:
    """The profile's, and behind them the rows that have others."""
    usual = ", ".join(map(str, profile.seeds))
    rows = ((task, method, run) for (_, task), methods in sections.items() for method, run in methods.items())
    others: dict[str, None] = {}
    for task, method, run in rows:
        seeds = ", ".join(map(str, sorted(seed for seed in run.checkpoints if seed is not None)))
        if seeds not in ("", usual):
            others[f"{method_title(method)} on {task}: {seeds}"] = None
    return f"{usual} ({'; '.join(others)})" if others else usual


def _other_profile(profile: Profile, sections: Rows) -> list[str]:
    """The sentence about rows that were run with other values than the profile's file has now; empty without any."""
    now = {f"{key} {getattr(profile, key)}" for key in _PROFILE_KEYS}
    found: dict[str, dict[str, None]] = {}
    for (_, task), methods in sections.items():
        for method, run in methods.items():
            keys = _PROFILE_KEYS if any(seed is not None for seed in run.checkpoints) else _PROFILE_KEYS[:1]
            said = [value for own in run.profiles for value in own if value.partition(" ")[0] in keys]
            if others := ", ".join(value for value in dict.fromkeys(said) if value not in now):
                found.setdefault(others, {})[f"{method_title(method)} on {task}"] = None
    rows = "; ".join(f"{others} ({', '.join(own)})" for others, own in found.items())
    return [f"Run with other values than the file of profile {profile.name} has now: {rows}"] if rows else []


def _images(runs: Sequence[Run]) -> str:
    found = sorted({run.images for run in runs if run.scores})
    if not found:
        return "Nothing was run yet"
    return f"N = {' to '.join(map(str, dict.fromkeys((found[0], found[-1]))))} test images"


def _is_real(name: str) -> bool:
    protocol = load_protocol(name)
    return "real" in (protocol.train_domain, protocol.test_domain)


def _real_domain(profile: Profile, runs: Sequence[Run]) -> str:
    own = [run for run in runs if is_own(run.split or "")]
    if places := dict.fromkeys(place for run in own for place in run.faces or ("folder not known",)):
        return f"Real domain: real faces of the user's own (--facerenov: {'; '.join(places)})"
    if profile.name == "paper":
        return "Real domain: FaceRenov"
    return "Real domain: simulated (facerenov_simulated, a recipe outside the synthetic family, stands for FaceRenov)"


def _brackets(paper: PaperNumbers, rows: Rows) -> Iterator[str]:
    """What the numbers in brackets are, or why there are none; nothing of a table that the paper has not."""
    printed = {section for section, methods in rows.items() if any(is_printed(paper.spec, section, m) for m in methods)}
    if any(paper.of(section, method) for section in printed for method in rows[section]):
        yield _BRACKETS
    left_out = {load_protocol(protocol).test_domain for protocol, _ in printed} - paper.domains
    names = [name for domain, name in (("synthetic", "FFHQ"), ("real", "FaceRenov")) if domain in left_out]
    if names:
        yield _NO_BRACKETS.format(" and ".join(names))
