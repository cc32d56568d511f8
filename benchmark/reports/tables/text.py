"""A table's sections as text: header sentences, column heads with arrows, cells with bold and footnotes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from benchmark.analysis.cells import MEASURED, NOT_RUN, Cell
from benchmark.analysis.gap_table import GapTable
from benchmark.analysis.runs import Run
from benchmark.analysis.transfer import Transfer
from benchmark.methods.registry import method_title
from benchmark.metrics.registry import find_metric
from benchmark.metrics.table import value_text, with_role
from benchmark.reports.markup import Footnotes, TableCell, TableDocument
from benchmark.reports.tables.gap_block import CARRIED, gap_block, transfer_block
from benchmark.reports.tables.rows import (
    LIMIT,
    Rows,
    Section,
    all_runs,
    best,
    measures,
    printed_cells,
    printed_rows,
)
from benchmark.specs.protocols import Profile, load_protocol
from benchmark.specs.published import Printed
from benchmark.specs.tables import TableSpec
from benchmark.specs.test_sets import load_sets
from benchmark.specs.titles import COMPANIONS, PROFILES, TABLES, TASKS

_ADDED = " †"
_LEGEND = (
    "In brackets: the number the paper prints (FFHQ at 512 px); under 'other' it was measured with other code and "
    "cannot be held against ours",
    "Bold: the best measured value of a task among rows scored on equally many images",
    "±: half of the 95 % interval over the choice of images, not of training; its ends are in the .csv. Means over "
    "images: bootstrap (BCa), none where all values are equal. Distances of sets, gap, gain: jackknife over 20 groups "
    "of images",
    "'not run' = no score lines yet, 'unavailable' = weights are missing here, 'n/a' = every try failed; "
    "the column 'failed' counts scores without a value",
)
_REDUCED = (
    "Reduced in bias: {}. A Frechet distance of few images is too large, which the jackknife over 20 groups of images "
    "lessens and does not remove; as it was scored it stands in the .csv (plain)"
)


def page(
    spec: TableSpec,
    profile: Profile,
    rows: Rows,
    notes: Mapping[str, str],
    gaps: GapTable | None,
    transferred: Sequence[Transfer] = (),
) -> TableDocument:
    """The whole table as text. notes: what must be known of each metric shown. The same rows give the same page."""
    footnotes, columns = Footnotes(), tuple(notes)
    names = (TableCell("Method"), TableCell("images"), TableCell("failed"))
    printed = list(printed_rows(spec, rows))
    header = (*names, *(_header(metric, note, printed, footnotes) for metric, note in notes.items()))
    blocks = {
        _heading(section, profile): (header, *_section(spec, section, methods, columns, footnotes))
        for section, methods in rows.items()
    }
    if gaps:
        blocks["Gap and gain"] = gap_block(gaps, footnotes)
    if transferred:
        blocks[CARRIED] = transfer_block(transferred, footnotes)
    sentences = (*_sentences(spec, profile, rows), *(gaps.sentences if gaps else ()))
    title = (TABLES | COMPANIONS)[spec.name]
    return TableDocument(f"{title} (profile {profile.name})", sentences, blocks, footnotes.sentences)


def _header(metric_id: str, note: str, rows: Sequence[Mapping[str, Printed]], footnotes: Footnotes) -> TableCell:
    metric = find_metric(metric_id)
    arrow = {True: " ↑", False: " ↓", None: ""}[metric.higher_is_better]
    printed = [row[metric_id] for row in rows if metric_id in row]
    beside = ""
    if printed:
        beside = "paper" if printed[0].comparable else f"paper, other {metric.header}"
    return TableCell(metric.header + arrow, marks=footnotes.mark([note] if note else []), printed=beside)


def _heading(section: Section, profile: Profile) -> str:
    name, task = section
    protocol = load_protocol(name)
    domains = [_domain(domain, profile) for domain in (protocol.train_domain, protocol.test_domain)]
    return f"{task} under {name} ({domains[0]} to {domains[1]}): {TASKS.get(task, task)}"


def _domain(name: str, profile: Profile) -> str:
    """How a domain or test set is called: outside the profile `paper` a simulation stands for FaceRenov."""
    if name != "real":
        return load_sets()[name].title if name in load_sets() else name
    return "FaceRenov" if profile.name == "paper" else "simulated"


def _section(
    spec: TableSpec, section: Section, methods: Mapping[str, Run], columns: Sequence[str], footnotes: Footnotes
) -> Iterator[tuple[TableCell, ...]]:
    """The rows of one section."""
    measured = [metric for metric in columns if measures(section, metric)]
    bold = {metric: best(methods, metric) for metric in measured}
    added = _added(spec, section, methods)
    for method, run in methods.items():
        name = TableCell(method_title(method) + (_ADDED if method in added else ""))
        printed = {metric: found.text for metric, found in printed_cells(spec, section, method).items()}
        if not run.scores:
            start = (name, TableCell(NOT_RUN, marks=footnotes.mark(run.notes)), TableCell())
            yield (*start, *(TableCell(printed=printed.get(metric, "")) for metric in columns))
            continue
        failed = sum(run.cell(metric).failed for metric in columns)
        entries = [
            _entry(metric, run.cell(metric), method in bold[metric], printed.get(metric, ""), footnotes)
            if metric in bold
            else TableCell("-")
            for metric in columns
        ]
        yield (name, TableCell(str(run.images)), TableCell(str(failed)), *entries)


def _added(spec: TableSpec, section: Section, methods: Iterable[str]) -> list[str]:
    """The methods of a section that the paper does not print; none where it prints nothing of the section."""
    printed = {method: printed_cells(spec, section, method) for method in methods}
    return [method for method, cells in printed.items() if not cells] if any(printed.values()) else []


def _entry(metric: str, cell: Cell, bold: bool, printed: str, footnotes: Footnotes) -> TableCell:
    return TableCell(_text(metric, cell), bold, footnotes.mark(cell.notes), printed, _spread(metric, cell))


def _text(metric: str, cell: Cell) -> str:
    return value_text(metric, cell.number) if cell.state == MEASURED else cell.state


def _spread(metric: str, cell: Cell) -> str:
    """±0.412 for half of the interval; of a kernel distance its deviation over subsets as well."""
    reach = f"±{value_text(metric, cell.interval.half)}" if cell.interval else ""
    deviation = "" if cell.deviation is None else f"(sd {value_text(metric, cell.deviation)})"
    return " ".join(filter(None, (reach, deviation)))


def _sentences(spec: TableSpec, profile: Profile, rows: Rows) -> tuple[str, ...]:
    seeds, runs = ", ".join(map(str, profile.seeds)), all_runs(rows)
    sentences = [
        f"Profile {profile.name}: {PROFILES.get(profile.name, '').format(train=profile.train)}".rstrip(": "),
        f"{_images(runs)}, {profile.size} px; networks of width {profile.width}, batch {profile.batch}, "
        f"{profile.steps} steps, perceptual loss {profile.perceptual}, training seeds {seeds}",
    ]
    if any(_is_real(protocol) for protocol, _ in rows):
        sentences.append(_real_domain(profile))
    tested = dict.fromkeys(load_protocol(protocol).test_domain for protocol, _ in rows)
    sentences += [load_sets()[name].note for name in tested if name in load_sets()]
    sentences += _LEGEND
    reduced = [
        find_metric(metric).header
        for metric in with_role("frechet")
        if metric in spec.columns and any(run.cell(metric).plain is not None for run in runs)
    ]
    if reduced:
        sentences.append(_REDUCED.format(" and ".join(reduced)))
    if any(run.cell(metric).deviation is not None for run in runs for metric in spec.columns):
        sentences.append("sd: standard deviation over the subsets that a kernel distance is a mean of")
    if any(LIMIT in methods for methods in rows.values()):
        sentences.append("The reference row is what the others are measured against and is left out of the best")
    if any(_added(spec, section, methods) for section, methods in rows.items()):
        sentences.append(f"{_ADDED.strip()} added here, not a row of the paper")
    return tuple(sentences)


def _images(runs: Sequence[Run]) -> str:
    found = sorted({run.images for run in runs if run.scores})
    if not found:
        return "Nothing was run yet"
    return f"N = {' to '.join(map(str, dict.fromkeys((found[0], found[-1]))))} test images"


def _is_real(name: str) -> bool:
    protocol = load_protocol(name)
    return "real" in (protocol.train_domain, protocol.test_domain)


def _real_domain(profile: Profile) -> str:
    if profile.name == "paper":
        return "Real domain: FaceRenov"
    return "Real domain: simulated (facerenov_simulated, a recipe outside the synthetic family, stands for FaceRenov)"
