"""The files of a training beside its checkpoint, from which it resumes exactly wherever it stopped.

OUT                the finished network                      train.json    request and result
state.safetensors  weights and optimisers, until finished    losses.csv    one line for each step
samples/           sheets of restored images, where asked    losses.png    plot of these lines, by `ispl train`
"""

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import torch

from degrade.core.errors import InputError
from degrade.core.storage import strict_json
from degrade.core.storage.files import hold, write_json
from degrade.core.storage.paths import refuse_links
from ispl_model.runtime.checkpoint import load_header, read_tensors, save, write_tensors
from ispl_model.training.health import Health
from ispl_model.training.trainer import NotFinite, Trainer

_FROM_THE_START = "delete it to train from the start"
_TABLE_START = "step,learning_rate"  # of every losses.csv
_CHANGING = ("step", "commit", "schema")  # keys of a header that do not distinguish one training from another


class _Result(TypedDict, total=False):
    steps: int
    images_seen: int
    seconds: float
    losses: dict[str, float]
    warning: str | None


class _Report(TypedDict):
    header: dict[str, Any]
    result: _Result | None


class _State(TypedDict):
    header: dict[str, Any]
    step: int
    seconds: float
    losses: dict[str, float]
    health: NotRequired[dict[str, int | None]]


class Interrupted(KeyboardInterrupt):
    """SIGINT or SIGTERM came; the state is saved and the sentence says where."""


@dataclass(frozen=True)
class TrainState:
    """How far a training has come: steps done, seconds spent, losses of the last step, the discriminator's health."""

    step: int = 0
    seconds: float = 0.0
    losses: dict[str, float] = field(default_factory=dict)
    health: Health = Health()


class Progress:
    """The files of one training. One folder holds one training; another one there is an InputError.

    out: the final checkpoint. header: the checkpoint's header, which says what the training is.
    surroundings: where and how it runs, for train.json. writes: False in all processes of a training but one.
    """

    def __init__(
        self, out: Path, header: Mapping[str, Any], surroundings: Mapping[str, Any] | None = None, writes: bool = True
    ) -> None:
        self.out, self.header, self.surroundings, self.writes = out, dict(header), dict(surroundings or {}), writes
        self.state = out.parent / "state.safetensors"
        self.losses = out.parent / "losses.csv"
        self.report = out.parent / "train.json"
        self.plot = out.parent / "losses.png"
        self.samples = out.parent / "samples"
        self.rows: list[str] = []
        self.names: tuple[str, ...] = ()  # of the losses
        if out.is_dir():
            raise InputError(f"{out}: expected the name of a checkpoint file, got a folder")
        beside = (self.state, self.losses, self.report, self.plot, self.samples)
        if out.name.lower() in (path.name for path in beside):
            raise InputError(f"{out}: is the name of a file that a training writes beside its checkpoint; give another")
        self._refuse_what_is_not_of_this_training()

    @contextmanager
    def alone(self, wait: Callable[[], None]) -> Iterator[None]:
        """Train here while no other one does: a second one waits, and then finds what the first has done.

        What is locked is losses.csv, which is never replaced. wait: until all processes of this training have come.
        """
        if not self.writes:
            wait()
            yield
            return
        try:
            self.losses.parent.mkdir(parents=True, exist_ok=True)
            refuse_links(self.losses.parent, self.losses)
            file = open(self.losses, "ab")  # noqa: SIM115 - closed below
        except OSError as error:
            raise InputError(f"{self.losses}: cannot be written ({error.strerror or error})") from error
        with file:
            hold(file.fileno(), self.losses.parent)
            wait()
            self._refuse_what_is_not_of_this_training()  # it may have come between
            yield

    def result(self) -> dict[str, Any] | None:
        """The result in train.json when the training has reached its end, else None."""
        report = read_report(self.report)
        return report["result"] if self.out.exists() and report else None

    def resume(self, trainer: Trainer) -> TrainState:
        """Fill the trainer with the saved state, if there is one, and say where that is."""
        self.names = trainer.loss_names
        if not self.state.exists():
            if self.writes:
                self._write_report(None)
                os.truncate(self.losses, 0)
            return TrainState()
        tensors, saved = self._read_state()
        try:
            trainer.load(tensors)
        except (RuntimeError, KeyError, ValueError) as error:
            raise InputError(f"{self.state}: does not fit this network; {_FROM_THE_START}") from error
        if self.writes:
            self._cut_losses(saved["step"])
        return TrainState(saved["step"], saved["seconds"], saved["losses"], Health.from_saved(saved.get("health", {})))

    def record(self, state: TrainState, rate: float) -> None:
        """Remember one line of losses.csv; written by the next save. A loss that a step has not is left empty."""
        if state.step == 1:
            self.rows.append(",".join((_TABLE_START, *self.names)))
        values = (rate, *(state.losses.get(name) for name in self.names))
        self.rows.append(",".join((str(state.step), *("" if value is None else f"{value:.6g}" for value in values))))

    def save(self, trainer: Trainer, state: TrainState) -> None:
        """Write losses, then the state; with weights that are not finite InputError, and the last good state stays."""
        tensors = self._finite_tensors(trainer, state)
        if not self.writes:
            return
        self._write_losses()
        facts = asdict(state)
        write_tensors(self.state, tensors, {"header": self.header, **facts})

    def finish(self, trainer: Trainer, state: TrainState, images_seen: int, warning: str | None) -> None:
        """Write losses, train.json and last of all the checkpoint; then the state is no longer needed.

        warning: a sentence for train.json on what went wrong on the way.
        """
        self._finite_tensors(trainer, state)
        if not self.writes:
            return
        self._write_losses()
        result = {"steps": state.step, "images_seen": images_seen, "seconds": round(state.seconds, 2)}
        self._write_report(result | {"losses": state.losses, "warning": warning})
        save(self.out, trainer.weights(), self.header)
        self.state.unlink(missing_ok=True)

    def stopped(self, step: int, reason: str) -> InputError:
        """The sentence for a training that cannot go on."""
        kept = f"the last good state is kept in {self.state}" if self.state.exists() else "no state was saved before"
        return InputError(
            f"{self.out}: training stopped in step {step} because {reason}; {kept}; "
            f"try another seed or a smaller learning rate"
        )

    def _read_state(self, only_header: bool = False) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        return read_tensors(self.state, _State, only_header, _FROM_THE_START)

    def _write_report(self, result: Mapping[str, Any] | None) -> None:
        write_json(self.report, {"header": self.header, "result": result, "run": self.surroundings})

    def _finite_tensors(self, trainer: Trainer, state: TrainState) -> dict[str, torch.Tensor]:
        try:
            return trainer.tensors()
        except NotFinite as error:
            raise self.stopped(state.step, f"{error} is not finite") from error

    def _refuse_what_is_not_of_this_training(self) -> None:
        self._refuse_other_trainings()
        if not self.state.exists() and not self.report.exists():
            self._refuse_files_of_others()

    def _refuse_files_of_others(self) -> None:
        """No training has begun here; only where the table is one of a training do plot and sheets belong to it."""
        if self.losses.is_symlink() or self.losses.exists() and not self.losses.is_file():
            return  # refused where it is opened
        start = self.losses.read_bytes()[: len(_TABLE_START)] if self.losses.exists() else b""
        if start == _TABLE_START.encode():
            return
        others = [self.losses] if start else [path for path in (self.plot, *self._sheets()) if os.path.lexists(path)]
        if others:
            raise InputError(f"{others[0]}: is there and is not of this training; give --out in a folder of its own")

    def _sheets(self) -> list[Path]:
        return sorted(self.samples.glob("[0-9]" * 8 + ".png"))

    def _refuse_other_trainings(self) -> None:
        readers: dict[Path, Callable[[Path], Any]] = {
            self.out: load_header,
            self.state: lambda _: self._read_state(only_header=True)[1]["header"],
            self.report: lambda path: (read_report(path) or {}).get("header"),
        }
        for path, reader in readers.items():
            found = reader(path) if path.exists() else self.header
            different = _differences(found or {}, self.header)
            if different:
                longer = path == self.out and different == ["training.steps"]
                go_on = f"give another --out with --from {path} to train on from its end; " if longer else ""
                raise InputError(
                    f"{path}: belongs to another training (other {', '.join(different)}); "
                    f"{go_on}give each training a folder of its own, or delete that file"
                )

    def _cut_losses(self, step: int) -> None:
        """Cut off the lines of steps after the saved state: they are about to be done again."""
        kept = 0
        for line in self.losses.read_bytes().splitlines(keepends=True):
            number = line.split(b",")[0]
            if not line.endswith(b"\n") or (number.isdigit() and int(number) > step):
                break
            kept += len(line)
        os.truncate(self.losses, kept)

    def _write_losses(self) -> None:
        try:
            with open(self.losses, "a", encoding="utf-8") as file:
                file.writelines(f"{row}\n" for row in self.rows)
        except OSError as error:
            raise InputError(f"{self.losses}: cannot be written ({error.strerror or error})") from error
        self.rows.clear()


@contextmanager
def stop_signals() -> Iterator[Callable[[], bool]]:
    """Inside, the first SIGINT or SIGTERM only makes the given function answer True; a second one acts at once.

    Outside the main thread, where Python cannot catch signals, it always answers False.
    """
    came = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield came.is_set
        return
    before: dict[int, Any] = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def answer(number: int, _: Any) -> None:
        came.set()
        signal.signal(number, before[number])

    for number in before:
        signal.signal(number, answer)
    try:
        yield came.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def read_report(path: Path) -> dict[str, Any] | None:
    """Header and result of a train.json, None where there is none. Raises InputError when it is something else."""
    if not path.exists():
        return None
    report = strict_json.read_object(path, _Report, "the report of a training", "delete it")
    return {"header": report["header"], "result": report["result"]}


def _differences(found: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """Names of what two headers disagree in, such as "training.steps".

    What one lacks and the other has empty, false or 0 is no difference: older versions knew fewer settings.
    """
    names = []
    for key in sorted((found.keys() | asked.keys()) - set(_CHANGING)):
        ours, theirs = (json.loads(json.dumps(header.get(key))) for header in (asked, found))
        if isinstance(ours, dict) and isinstance(theirs, dict):
            names += [
                f"{key}.{name}"
                for name in sorted(ours.keys() | theirs.keys())
                if (ours.get(name) or None) != (theirs.get(name) or None)
            ]
        elif ours != theirs:
            names.append(key)
    return names
