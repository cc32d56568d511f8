"""The figures of a profile, drawn from its score lines and from the very checkpoints that these name.

Nothing is trained and nothing is scored: a method whose checkpoint is not under --work is left out, and said.
Faces are from a list of those that may be shown; the painted portraits of profile quick may.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from benchmark.analysis.runs import Run, Runs
from benchmark.methods.method import Method
from benchmark.methods.registry import find_method, full_name, method_module, method_title
from benchmark.methods.row import TRAINED, TUNED
from benchmark.methods.table import METHODS
from benchmark.records.run_file import run_facts
from benchmark.records.scores import read_scores
from benchmark.reports.figures.colours import colours
from benchmark.reports.figures.made import Figures
from benchmark.reports.figures.plane import places, plane
from benchmark.reports.figures.sheets import Column, SheetSize, heading, residual_sheet, sheet
from benchmark.reports.shown import why_domain_hidden
from benchmark.runs.settings import Settings
from benchmark.runs.splits import clean_folder, domain_split
from benchmark.specs.tables import load_table
from degrade.core.errors import InputError
from degrade.core.image import Image, encode_compact_jpeg, encode_png
from degrade.core.packages import MissingPackage
from degrade.core.storage.files import sha256_file, write_bytes
from degrade.splits.split import Split

SHOW = "show.txt"  # the list of faces that may be shown, in the folder of the faces
_ISPL = "ispl:isp_unet_pac"


class Gallery:
    """Draws the figures of one profile; `settings.faces.names` is the list of the faces shown.

    folder: where they go, by default RESULTS/PROFILE/figures.
    """

    def __init__(self, settings: Settings, size: SheetSize, folder: Path | None = None) -> None:
        self.settings, self.size = _of_list(settings, size.faces), size
        self.folder = folder or settings.results / settings.profile.name / "figures"
        self.runs = Runs(read_scores(settings.results, settings.profile.name))
        self.made = Figures()

    def draw(self) -> Figures:
        """Every figure there can be. Raises InputError where there is none, or no face that may be shown."""
        self._plane()
        self._curves()
        for task, names in _compared().items():
            self._task(task, names)
        self._domains()
        self._factors()
        if not (self.made.files or self.made.left_out):
            of = "has no scores to draw, of methods of Tables 1 to 3 under S2S, S2R or R2R"
            remedy = "`benchmark run` makes them; `benchmark sheet` draws any method under any protocol"
            raise InputError(f"profile {self.settings.profile.name}: {of}; {remedy}")
        return self.made

    def _plane(self) -> None:
        perception, found = places(self.runs, load_table("table2"))
        if found:
            title = f"Profile {self.settings.profile.name}, S2S: better to the left and below; bars: 95 % intervals"
            names = {place.method: method_title(place.method) for own in found.values() for place in own}
            hues = colours(names)
            try:
                self._write("plane.png", encode_png(plane(found, perception, title, names, hues)))
            except MissingPackage as error:
                self.made.left_out.append(str(error))

    def _curves(self) -> None:
        """The losses of every training whose checkpoint was scored, from its losses.csv."""
        from ispl_model.training.reports import plot_losses

        tabled = [
            *self._tabled("table1", ("S2S",)),
            *self._tabled("table2", ("S2S",)),
            *self._tabled("table3", ("R2R",)),
        ]
        named = {self._weights(run): name for name, run in tabled if run.scores and _trained(name)}
        for weights, name in ((weights, name) for weights, name in named.items() if weights):
            losses = weights.parent / "losses.csv"
            if losses.is_file():
                path = self.folder / f"curves-{weights.parent.name}.png"
                self.made.files.append(plot_losses(losses, path, colours([name])[name]))
            else:
                self.made.left_out.append(f"curves of {weights.parent.name}: {losses} is not there")

    def _task(self, task: str, names: Sequence[str]) -> None:
        """Degraded, methods, reference; and how far each is from the reference (paper, Fig. 2a)."""
        runs = {name: self.runs.find("S2S", task, name) for name in names if name not in ("identity", "reference")}
        if not any(run.scores for run in runs.values()):
            return
        split = self._split("synthetic", task)
        columns = [column for name, run in runs.items() for column in self._column(name, run, split)]
        if columns:
            columns = [self._fixed("identity", split), *columns]
            reference = [split.reference(name) for name in split.names]
            title = self._heading(task, "S2S", split)
            self._write_faces(task, sheet([*columns, ("Reference", reference)], self.size, title))
            self._write_faces(f"residuals-{task}", residual_sheet(columns, reference, self.size, title))

    def _domains(self) -> None:
        """Trained on synthetic beside trained on real degradation, on real inputs (paper, Fig. 7)."""
        pairs = [(name, self.runs.under(("S2R", "R2R"), "sr4", name)) for name in load_table("table3").rows[0].methods]
        if not any(run.scores for _, under in pairs for run in under.values()):
            return
        if hidden := why_domain_hidden("real", self.settings.has_own_real_faces):
            self.made.left_out.append(f"S2R beside R2R: {hidden}")
            return
        split = self._split("real", "sr4")
        columns = [
            column
            for name, under in pairs
            for protocol, run in under.items()
            for column in self._column(name, run, split, f", {protocol}")
        ]
        if columns:
            reference = ("Reference", [split.reference(name) for name in split.names])
            title = self._heading("sr4", "trained under S2R or R2R, tested on the real domain", split)
            self._write_faces("domains", sheet([self._fixed("identity", split), *columns, reference], self.size, title))

    def _factors(self) -> None:
        """One network on inputs reduced 2 to 16 times (paper, Fig. 8 right)."""
        run = self.runs.find("S2S", "sr4", _ISPL)
        weights = self._weights(run) if run.scores else None
        if weights is None:
            return
        from benchmark.reports.figures.tradeoff_plot import factor_sheet
        from ispl_model.restoration.restorer import load_restorer

        split = self._split("synthetic", "sr4")
        restorer = load_restorer(weights, self.settings.device)
        names = split.names[:2]
        title = self._heading("sr4", "the network of S2S on other factors", split, len(names))
        self._write_faces("factors", factor_sheet(restorer, [split.reference(name) for name in names], title))

    def _tabled(self, table: str, protocols: Sequence[str]) -> Iterator[tuple[str, Run]]:
        for row in load_table(table).rows:
            for protocol in protocols:
                yield from ((name, self.runs.find(protocol, row.task, name)) for name in row.methods)

    def _column(self, name: str, run: Run, split: Split, suffix: str = "") -> Iterator[Column]:
        """The method's images by the checkpoint that was scored; nothing where there are no scores or no checkpoint."""
        if not run.scores:
            return
        made = METHODS[full_name(name)].kind in (TRAINED, TUNED)
        weights = self._weights(run) if made else None
        if made and weights is None:
            return
        restored = _restored(self._load(name, weights), split)
        yield method_title(name) + suffix, restored

    def _fixed(self, name: str, split: Split) -> Column:
        return method_title(name), _restored(self._load(name, None), split)

    def _load(self, name: str, weights: Path | None) -> Method:
        has_network = find_method(name).has_network
        device = self.settings.device if has_network else "cpu"
        return method_module(name).load(device, weights, self.settings.profile.size)

    def _weights(self, run: Run) -> Path | None:
        """The file that was scored, of the first training seed; None, and said, where it is not under --work."""
        first = min(run.scores, key=lambda score: (score.seed or 0, score.run))
        facts = run_facts(self.settings.results, self.settings.profile.name, first.run)
        folder = (facts.get("weights") or {"path": first.method})["path"]
        held = self.settings.work / "checkpoints" / folder
        places = (held / name for name in ("model.safetensors", "parameters.json"))
        found = next((path for path in places if path.is_file() and sha256_file(path) == first.checkpoint), None)
        if found is None:
            sentence = f"{folder}: the checkpoint that was scored is not below {self.settings.work}"
            self.made.left_out += [sentence] if sentence not in self.made.left_out else []
        return found

    def _split(self, domain: str, task: str) -> Split:
        return domain_split(self.settings, domain, task, "test").split

    def _heading(self, task: str, where: str, split: Split, shown: int | None = None) -> str:
        profile, count = self.settings.profile.name, len(split.names)
        return heading(task, f"{where}, profile {profile}", split.path.name, shown or count, count)

    def _write_faces(self, name: str, image: Image) -> None:
        """As JPEG, a third of the bytes of a PNG: a repository holds these sheets."""
        self._write(f"{name}.jpg", encode_compact_jpeg(image))

    def _write(self, name: str, data: bytes) -> None:
        write_bytes(self.folder / name, data)
        self.made.files.append(self.folder / name)


def _restored(method: Method, split: Split) -> list[Image]:
    return [method.restored(split, name) for name in split.names]


def _trained(name: str) -> bool:
    row = METHODS.get(full_name(name))
    return row is not None and row.trainable


def _compared() -> dict[str, list[str]]:
    """The methods that Tables 1 and 2 compare on each task, each once and by the first name that it has there."""
    named: dict[str, dict[str, str]] = {}
    for row in [*load_table("table1").rows, *load_table("table2").rows]:
        for name in row.methods:
            named.setdefault(row.task, {}).setdefault(full_name(name), name)
    return {task: list(names.values()) for task, names in named.items()}


def _of_list(settings: Settings, count: int) -> Settings:
    """The settings with as many faces of the list that may be shown; InputError where there is none."""
    settings = replace(settings, profile=replace(settings.profile, test=count))
    if settings.profile.name == "quick" or settings.faces.names:
        return settings
    names = clean_folder(settings.profile, settings.faces) / SHOW
    if not names.is_file():
        raise InputError(
            f"{names}: expected the list of faces that may be shown, got no such file; name one with --list"
        )
    return replace(settings, faces=replace(settings.faces, names=names))
