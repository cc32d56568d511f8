"""<run>.json beside the score lines of a run: what was scored, and how to repeat it."""

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired, Required, TypedDict, TypeVar

import msgspec

from benchmark.records.compatibility import Facts, comparable
from benchmark.records.environment import package_versions
from benchmark.records.order import PACKED, current, highest_order, in_order, run_files, score_files
from benchmark.records.restoring_cost import Kept, Spent
from benchmark.records.scores import Score, content, newest, scores_folder
from degrade.core.errors import InputError
from degrade.core.storage import strict_json
from degrade.core.storage.files import locked, write_bytes, write_json

Said = TypeVar("Said")  # of a run in its file


class _Weights(TypedDict):
    path: str
    sha256: str
    train_split: str
    steps: int | None
    images_seen: NotRequired[int | None]
    hours: NotRequired[float | None]
    warning: NotRequired[str | None]


class _Restored(Spent):
    kept: NotRequired[Kept]


class _Session(TypedDict, total=False):
    date: str
    command: list[str]
    commit: str | None
    uncommitted_changes: bool | None
    packages: Required[dict[str, str | None]]
    device: str
    weight_files: dict[str, str]
    seconds: dict[str, float]
    restored: _Restored


class _Counts(TypedDict):
    faces_asked: int
    images: int
    scored: int | None
    failed: int | None


class _ProfileValues(TypedDict):
    size: int


class _Faces(TypedDict):
    folder: str | None
    list: str | None


class _MetricFacts(TypedDict, total=False):
    header: str
    unit: str
    higher_is_better: bool | None
    needs_reference: bool
    per: Literal["image", "set"]
    decimals: Annotated[int, msgspec.Meta(ge=0, le=12)]
    note: str
    note_from_px: int
    note_below_px: int | None
    note_below_images: int | None
    frechet_over: int
    interval_from: int | None
    judged_from: int


class _RunFacts(TypedDict, total=False):
    """<run>.json, as far as it is relied on; see schemas/run.json."""

    run: Required[str]
    profile: str
    protocol: str
    task: str
    split: Required[strict_json.FileName]
    method: str
    seed: int | None
    checkpoint: str | None
    profile_values: Required[_ProfileValues]
    protocol_values: dict[str, Any]
    split_sha256: Required[str]
    split_seed: int | None
    split_folder: str
    set_references: str
    weights: _Weights | None
    metrics: Required[dict[str, str]]
    counts: Required[_Counts]
    method_version: int
    order: int
    metric_facts: dict[str, _MetricFacts]
    precision: str
    faces: _Faces
    sessions: Required[list[_Session]]


def open_run_file(folder: Path, digits: str, anew: bool = False) -> Path:
    """The file of the score lines of a run: that of an earlier session, or an empty one; `anew` always the latter.

    Its name is UTC time and `digits`, which stand for the run's key. Two processes get one file. A packed one is
    unpacked.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder):
            earlier = in_order(path for path in score_files(folder) if path.stem.endswith(f"-{digits}"))
            if earlier and not anew:
                return _unpacked(earlier[-1])
            while (path := folder / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{digits}.jsonl").exists():
                time.sleep(0.1)
            path.touch()
            return path
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror or error})") from error


class RunFile:
    """<run>.json of one file of score lines. facts: what it says beside its sessions and the definitions of metrics."""

    def __init__(self, scores: Path, facts: Mapping[str, Any]) -> None:
        self.path = scores.with_suffix(".json")
        self._earlier = read_run_file(self.path) if self.path.exists() else None
        self._facts = dict(facts)

    def check(self, continued: Mapping[str, str]) -> None:
        """Refuse to add to lines that were scored on another split, by other definitions or with other weights.

        continued: digests of the definitions of metrics that have lines already and shall get more.
        """
        if self._earlier is None:
            return
        now = {**self._facts, "run": "of now", "metrics": continued, "sessions": [{"packages": package_versions()}]}
        try:
            comparable(self._earlier, now)
        except InputError as error:
            raise InputError(
                f"{self.path.name}: {error}; `benchmark run` with --anew scores it into a new file"
            ) from error

    def check_precision(self) -> None:
        """Refuse to add images that are restored in another precision than those of the lines that are there."""
        now = self._facts.get("precision")
        before = now if self._earlier is None else self._earlier.get("precision", now)
        if before != now:
            other = f"its images were restored in {before}, this machine restores them in {now}"
            raise InputError(f"{self.path.name}: {other}; --anew restores and scores all of them here")

    def begin(
        self, session: Mapping[str, Any], metrics: Mapping[str, str], described: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Write it with counts not known yet, as the newest of its folder.

        described: what is shown of metrics that are not the benchmark's own (metrics.facts.to_record).
        What earlier sessions say of themselves and of other metrics is kept.
        """
        earlier = self._earlier or {"metrics": {}}
        self._facts["metrics"] = earlier["metrics"] | metrics
        if facts := earlier.get("metric_facts", {}) | described:
            self._facts["metric_facts"] = facts
        self._facts["sessions"] = [*earlier.get("sessions", ()), dict(session)]
        with locked(self.path.parent):
            highest, own = highest_order(self.path.parent), earlier.get("order")
            self._facts["order"] = own if own and own == highest else highest + 1
            write_json(self.path, self._facts)

    def end(self, lines: Iterable[Score], seconds: Mapping[str, float], restored: Mapping[str, Any]) -> None:
        """Write it with the counts and times after the last line. restored: what that cost (runs.scoring.cost)."""
        scores = current(newest(lines))
        failed = sum(score.value is None and score.error != "+inf" for score in scores)
        self._facts["counts"] |= {"scored": len(scores) - failed, "failed": failed}
        self._facts["sessions"][-1]["seconds"] = {stage: round(spent, 2) for stage, spent in seconds.items()}
        self._facts["sessions"][-1]["restored"] = dict(restored)
        write_json(self.path, self._facts)


def _unpacked(path: Path) -> Path:
    """The file of score lines, as it was before gzip where only the packed one is there."""
    if not path.exists():
        write_bytes(path, content(path))
        path.with_name(f"{path.name}{PACKED}").unlink()
    return path


def read_run_file(path: Path) -> dict[str, Any]:
    """What <run>.json says, the commits and machines of its sessions included; InputError unless it describes a run."""
    remedy = "remove it and its .jsonl, and score again"
    return strict_json.read_object(path, _RunFacts, "the description of a run", remedy)


def run_facts(results: Path, profile: str, name: str) -> Facts:
    """As read_run_file, of a run of a profile."""
    return read_run_file(scores_folder(results, profile) / f"{name}.json")


@dataclass(frozen=True)
class RunFiles:
    """What the run files of a profile say, the newest last.

    definitions: name of a run -> metric -> digest of its definition. metrics: metric -> what is shown of it, as far as
    it is not the benchmark's own. faces: name of a run -> the folder and the list that its test faces are from.
    precision: name of a run -> bf16 or fp32, in which its network computed; not of runs that do not say it.
    splits: name of a run -> the name of its test split and the SHA-256 of its content.
    profiles: name of a run -> keys of the profile that it was run by, each with its value, as "steps 8".
    """

    definitions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    faces: Mapping[str, str] = field(default_factory=dict)
    precision: Mapping[str, str] = field(default_factory=dict)
    splits: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    profiles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of_runs(self, names: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[str, ...], ...]]:
        """Faces, precision and profiles of some runs, each once."""
        return _once(self.faces, names), _once(self.precision, names), _once(self.profiles, names)


def _once(said: Mapping[str, Said], names: Iterable[str]) -> tuple[Said, ...]:
    return tuple(filter(None, dict.fromkeys(said[name] for name in names if name in said)))


def read_run_files(results: Path, profile: str) -> RunFiles:
    """Those of a profile. Raises InputError for one that describes no run."""
    found = [read_run_file(path) for path in run_files(scores_folder(results, profile))]
    found.sort(key=lambda facts: (facts.get("order", 0), facts["run"]))
    return RunFiles(
        {facts["run"]: facts["metrics"] for facts in found},
        {metric: own for facts in found for metric, own in facts.get("metric_facts", {}).items()},
        {facts["run"]: _faces(facts) for facts in found},
        {facts["run"]: facts["precision"] for facts in found if "precision" in facts},
        {facts["run"]: (facts["split"], facts["split_sha256"]) for facts in found},
        {facts["run"]: tuple(f"{key} {value}" for key, value in facts["profile_values"].items()) for facts in found},
    )


def _faces(facts: Facts) -> str:
    """In words; empty where neither the run file nor the command in an older one says it."""
    if facts.get("split_folder"):
        return f"folder {Path(facts['split_folder']).name}"
    faces = facts.get("faces") or _asked(facts)
    if faces is None:
        return ""
    if not faces.get("folder"):
        return "the embedded portraits"
    return f"folder {faces['folder']}" + (f", list {faces['list']}" if faces.get("list") else "")


def _asked(facts: Facts) -> dict[str, str] | None:
    """The folder and list that the command of an older run names; a test set has faces of its own."""
    if facts.get("protocol_values", {}).get("test_domain") not in ("synthetic", "real"):
        return None
    words: list[str] = next((session.get("command", []) for session in facts.get("sessions", ())), [])
    options = dict(zip(words, words[1:], strict=False))
    asked = {"folder": options.get("--ffhq"), "list": options.get("--list")}
    return {key: Path(value).name for key, value in asked.items() if value} or None
