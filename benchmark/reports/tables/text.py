"""A table's sections as text: header sentences, column heads with arrows, cells with bold and footnotes."""

from collections.abc import Sequence

from benchmark.analysis.cells import MEASURED, NOT_RUN, Cell
from benchmark.analysis.domain_gap import FRECHET
from benchmark.analysis.gap_table import GapTable
from benchmark.analysis.transfer import Carried
from benchmark.metrics.registry import find_metric
from benchmark.metrics.table import value_text
from benchmark.reports.markup import Block, Entry, Footnotes, Page
from benchmark.reports.tables.gap_block import carried_block, gap_block
from benchmark.reports.tables.rows import LIMIT, Line, Section, metric_note, shown
from benchmark.specs.protocols import Profile, load_protocol
from benchmark.specs.tables import TableSpec
from benchmark.specs.test_sets import load_sets
from benchmark.specs.titles import COMPANIONS, PROFILES, TABLES, TASKS, method_title

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
    sections: Sequence[Section],
    gaps: GapTable | None,
    carried: Sequence[Carried] = (),
) -> Page:
    """The whole table as text. The same sections give the same page."""
    footnotes = Footnotes()
    columns = shown(spec, sections)
    names = (Entry("Method"), Entry("images"), Entry("failed"))
    notes = {metric: metric_note(metric, profile.size, sections) for metric in columns}
    header = (*names, *(_header(metric, notes[metric], sections, footnotes) for metric in columns))
    blocks = [
        Block(
            _heading(section, profile), header, tuple(_row(line, section, columns, footnotes) for line in section.lines)
        )
        for section in sections
    ]
    if gaps:
        blocks.append(gap_block(gaps, footnotes))
    if carried:
        blocks.append(carried_block(carried, footnotes))
    sentences = (*_sentences(profile, sections), *(gaps.sentences if gaps else ()))
    title = (TABLES | COMPANIONS)[spec.name]
    return Page(f"{title} (profile {profile.name})", sentences, tuple(blocks), footnotes.sentences)


def _header(metric_id: str, note: str, sections: Sequence[Section], footnotes: Footnotes) -> Entry:
    metric = find_metric(metric_id)
    arrow = {True: " ↑", False: " ↓", None: ""}[metric.higher_is_better]
    printed = [line.printed[metric_id] for section in sections for line in section.lines if metric_id in line.printed]
    beside = ""
    if printed:
        beside = "paper" if printed[0].comparable else f"paper, other {metric.header}"
    return Entry(metric.header + arrow, marks=footnotes.mark([note] if note else []), printed=beside)


def _heading(section: Section, profile: Profile) -> str:
    protocol = load_protocol(section.protocol)
    domains = [_domain(name, profile) for name in (protocol.train_domain, protocol.test_domain)]
    title = TASKS.get(section.task, section.task)
    return f"{section.task} under {section.protocol} ({domains[0]} to {domains[1]}): {title}"


def _domain(name: str, profile: Profile) -> str:
    """How a domain or test set is called: outside the profile `paper` a simulation stands for FaceRenov."""
    if name != "real":
        return load_sets()[name].title if name in load_sets() else name
    return "FaceRenov" if profile.name == "paper" else "simulated"


def _row(line: Line, section: Section, columns: Sequence[str], footnotes: Footnotes) -> tuple[Entry, ...]:
    name = method_title(line.method) + (_ADDED if _is_added(line, section) else "")
    if not line.run.scores:
        start = (Entry(name), Entry(NOT_RUN, marks=footnotes.mark(line.run.notes)), Entry())
        return (*start, *(Entry(printed=_printed(line, metric)) for metric in columns))
    failed = sum(line.cells[metric].failed for metric in columns)
    start = (Entry(name), Entry(str(line.run.images)), Entry(str(failed)))
    return (*start, *(_entry(line, section, metric, footnotes) for metric in columns))


def _is_added(line: Line, section: Section) -> bool:
    """Whether the paper prints the section but not this row of it."""
    return not line.printed and any(other.printed for other in section.lines)


def _entry(line: Line, section: Section, metric: str, footnotes: Footnotes) -> Entry:
    if not section.measures(metric):
        return Entry("-")
    cell = line.cells[metric]
    bold = line.method in section.best(metric)
    return Entry(_text(metric, cell), bold, footnotes.mark(cell.notes), _printed(line, metric), _spread(metric, cell))


def _text(metric: str, cell: Cell) -> str:
    return value_text(metric, cell.number) if cell.state == MEASURED else cell.state


def _spread(metric: str, cell: Cell) -> str:
    """±0.412 for half of the interval; of a kernel distance its deviation over subsets as well."""
    reach = f"±{value_text(metric, cell.interval.half)}" if cell.interval else ""
    deviation = "" if cell.deviation is None else f"(sd {value_text(metric, cell.deviation)})"
    return " ".join(filter(None, (reach, deviation)))


def _printed(line: Line, metric: str) -> str:
    return line.printed[metric].text if metric in line.printed else ""


def _sentences(profile: Profile, sections: Sequence[Section]) -> tuple[str, ...]:
    seeds = ", ".join(map(str, profile.seeds))
    lines = [line for section in sections for line in section.lines]
    sentences = [
        f"Profile {profile.name}: {PROFILES.get(profile.name, '').format(train=profile.train)}".rstrip(": "),
        f"{_images(lines)}, {profile.size} px; networks of width {profile.width}, batch {profile.batch}, "
        f"{profile.steps} steps, perceptual loss {profile.perceptual}, training seeds {seeds}",
    ]
    if any(_is_real(section) for section in sections):
        sentences.append(_real_domain(profile))
    tested = dict.fromkeys(load_protocol(section.protocol).test_domain for section in sections)
    sentences += [load_sets()[name].note for name in tested if name in load_sets()]
    sentences += _LEGEND
    reduced = [find_metric(metric).header for metric in FRECHET if _is_reduced(lines, metric)]
    if reduced:
        sentences.append(_REDUCED.format(" and ".join(reduced)))
    if any(cell.deviation is not None for line in lines for cell in line.cells.values()):
        sentences.append("sd: standard deviation over the subsets that a kernel distance is a mean of")
    if any(line.method == LIMIT for line in lines):
        sentences.append("The reference row is what the others are measured against and is left out of the best")
    if any(_is_added(line, section) for section in sections for line in section.lines):
        sentences.append(f"{_ADDED.strip()} added here, not a row of the paper")
    return tuple(sentences)


def _is_reduced(lines: Sequence[Line], metric: str) -> bool:
    return any(metric in line.cells and line.cells[metric].plain is not None for line in lines)


def _images(lines: Sequence[Line]) -> str:
    found = sorted({line.run.images for line in lines if line.run.scores})
    if not found:
        return "Nothing was run yet"
    return f"N = {' to '.join(map(str, dict.fromkeys((found[0], found[-1]))))} test images"


def _is_real(section: Section) -> bool:
    protocol = load_protocol(section.protocol)
    return "real" in (protocol.train_domain, protocol.test_domain)


def _real_domain(profile: Profile) -> str:
    if profile.name == "paper":
        return "Real domain: FaceRenov"
    return "Real domain: simulated (facerenov_simulated, a recipe outside the synthetic family, stands for FaceRenov)"
