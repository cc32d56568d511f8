"""<run>.json beside the score lines of a run: what was scored, and how to repeat it."""

import json
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmark.records.compatibility import Facts, comparable
from benchmark.records.environment import package_versions
from benchmark.records.scores import PACKED, Score, content, newest, scores_folder
from degrade.core.errors import InputError
from degrade.core.files import locked, write_bytes, write_json


def open_run_file(folder: Path, digits: str, anew: bool = False) -> Path:
    """The file of the score lines of a run: that of an earlier session, or an empty one; `anew` always the latter.

    Its name is UTC time and `digits`, which stand for the run's key. Two processes get one file. A packed one is
    unpacked.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder):
            earlier = sorted(folder.glob(f"*-{digits}.jsonl*"))
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
            raise InputError(f"{self.path.name}: {error}; --anew scores it into a new file") from error

    def begin(self, session: Mapping[str, Any], metrics: Mapping[str, str]) -> None:
        """Write it with counts not known yet. What earlier sessions say of themselves and other metrics is kept."""
        earlier = self._earlier or {"metrics": {}}
        self._facts["metrics"] = earlier["metrics"] | metrics
        self._facts["sessions"] = [*earlier.get("sessions", ()), dict(session)]
        write_json(self.path, self._facts)

    def end(self, lines: Iterable[Score], seconds: Mapping[str, float]) -> None:
        """Write it with the counts and times after the last line."""
        scores = newest(lines)
        failed = sum(score.value is None and score.error != "+inf" for score in scores)
        self._facts["counts"] |= {"scored": len(scores) - failed, "failed": failed}
        self._facts["sessions"][-1]["seconds"] = {stage: round(spent, 2) for stage, spent in seconds.items()}
        write_json(self.path, self._facts)


def _unpacked(path: Path) -> Path:
    """The same file of score lines as it was before gzip, in its place."""
    if path.suffix != PACKED:
        return path
    plain = path.with_suffix("")
    write_bytes(plain, content(plain))
    path.unlink()
    return plain


def read_run_file(path: Path) -> dict[str, Any]:
    """What <run>.json says, the commits and machines of its sessions included; InputError unless it describes a run."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        facts["run"], facts["split"], facts["split_sha256"], facts["metrics"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        remedy = "remove it and its .jsonl, and score again"
        raise InputError(f"{path}: expected the description of a run ({error}); {remedy}") from error
    return facts


def run_facts(results: Path, profile: str, name: str) -> Facts:
    """As read_run_file, of a run of a profile."""
    return read_run_file(scores_folder(results, profile) / f"{name}.json")


def definitions(results: Path, profile: str) -> dict[str, dict[str, str]]:
    """Of all runs of a profile: name of the run -> metric -> digest of its definition."""
    paths = sorted(scores_folder(results, profile).glob("*.json"))
    return {path.stem: read_run_file(path)["metrics"] for path in paths}
