"""Image files in, restored files out, and beside them a line for each that says what made it."""

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Required, TypedDict

from degrade.core.errors import InputError
from degrade.core.image import tell
from degrade.core.storage.files import JsonLines, check_writable_name, object_parser, remove, sha256, write_bytes
from degrade.core.storage.paths import refuse_links
from ispl_model.restoration.fidelity.strength import default_strength
from ispl_model.restoration.files.cluster import RemoteModels
from ispl_model.restoration.files.earlier import Earlier, check_own
from ispl_model.restoration.files.plan import RestorePlan, RestoreSummary
from ispl_model.restoration.files.prepare import Finished, Job
from ispl_model.restoration.files.results import Result, results_here
from ispl_model.restoration.files.saved import Beside, folders, of_word
from ispl_model.restoration.files.targets import check_targets, target_names
from ispl_model.restoration.models import AdaptedModel, FaceRestorer

RECORD, FACES = "restored.jsonl", "faces.jsonl"


def restore_files(
    restorer: FaceRestorer | RemoteModels,
    paths: Sequence[Path],
    out: Path,
    plan: RestorePlan | None = None,
    root: Path | None = None,
    upsampler: AdaptedModel | None = None,
) -> Generator[RestoreSummary, None, None]:
    """Restore image files to `out`/NAME; gives the summary so far after each of them, the last one is whole.

    NAME keeps the folders below `root` and is no other's, see target_names. No result is smaller than its image.
    upsampler: enlarges all of a photograph, over which its faces are laid.
    RemoteModels are both; then the workers of a cluster restore, which must see `out` and the images.
    What cannot be read, is no square where a face was promised, has no face that is found, is NaN when restored, or
    would replace what another request made (see Earlier), is listed by name and the rest is written.
    `out`/restored.jsonl says what made each result, `out`/faces.jsonl has a line for each face. Of two processes
    that write to one folder the second waits.
    Raises InputError when a result would replace an image that is read, or a file that is there (see check_targets).
    """
    plan = plan or RestorePlan()
    names = target_names(paths, root, plan.suffix, plan.ending)
    with JsonLines(out / RECORD, object_parser(Made)) as record, JsonLines(out / FACES, object_parser(_Face)) as faces:
        check_targets(names, out, {line.get("file_name") for line in record.values}, plan.again)
        if taken := {name.partition("/")[0] for name in names.values() if "/" in name} & folders(plan.saved):
            raise InputError(f"{out}: the folder {min(taken)} is of --save; give its images another folder's name")
        far: RemoteModels | None = None
        if isinstance(restorer, RemoteModels):
            far = restorer
            restorer, upsampler = far.here
        run = _Run(restorer, upsampler, out, plan, (record, faces))
        jobs = run.jobs(names, target_names(paths, root, ".png", plan.ending))
        shared = [out, *paths[:1], *paths[-1:]]
        results = far.results(jobs, shared) if far else results_here(restorer, upsampler, jobs, plan.workers)
        with closing(results):
            for result in results:
                run.take(result)
                yield run.summary
        yield run.summary


class Made(TypedDict, total=False):
    """A line of restored.jsonl, as far as it is relied on."""

    file_name: Required[str]
    source: str  # the image's own name
    source_sha256: str
    sha256: str
    made_by: dict[str, Any]
    saved: dict[str, list[str]]  # word of plan.SAVED -> names of the files written beside the result
    saved_sha256: dict[str, str]  # of those files; lines of older versions lack it


class _Face(TypedDict, total=False):
    """A line of faces.jsonl, as far as it is relied on."""

    file_name: Required[str]


class _Run:
    """One pass over the files, which asks for results and writes them."""

    def __init__(
        self,
        restorer: FaceRestorer,
        upsampler: AdaptedModel | None,
        out: Path,
        plan: RestorePlan,
        records: tuple[JsonLines, JsonLines],
    ) -> None:
        self.restorer, self.upsampler, self.out, self.plan = restorer, upsampler, out, plan
        self.record, self.faces = records
        self.made_by = restorer.facts | plan.facts
        if upsampler is not None:
            self.made_by["upsampler"] = upsampler.facts
        self.strength = (
            default_strength(restorer.facts.get("checkpoint", "")) if plan.strength is None else plan.strength
        )
        self.images = set[str]()
        self.last = {line["file_name"]: line for line in self.record.values}
        self.beside = Beside(out, self.record.values)
        self.summary = RestoreSummary()

    def jobs(self, names: dict[Path, str], shorts: dict[Path, str]) -> Iterator[Job]:
        """One for each image."""
        self.images = {os.path.realpath(path) for path in names}
        earlier = {name: Earlier(line, self.made_by) for name, line in self.last.items() if self.plan.resume}
        size, scale = self.restorer.size, self.restorer.scale
        upsampled = self.upsampler is not None
        for path, name in names.items():
            short, known = shorts[path].removesuffix(".png"), earlier.get(name)
            yield Job(path, name, short, self.out, self.plan, size, scale, self.strength, known, upsampled)

    def take(self, result: Result) -> None:
        """Count one image, and write what was made of it."""
        if result.error:
            self._fail(result, result.error)
        elif result.made is None:
            self.summary.kept += 1
        else:
            try:
                self._write(result, result.made)
            except InputError as error:
                self._fail(result, str(error))

    def _fail(self, result: Result, sentence: str) -> None:
        self.summary.errors += ((result.job.source, sentence),)

    def _write(self, result: Result, made: Finished) -> None:
        """The line comes first: a line without its files is seen by them, a file without its line is nobody's."""
        name, path = result.job.name, result.job.path
        facts = {"file_name": name, "source": result.job.source}
        digests = {"source_sha256": result.sha256, "made_by": self.made_by, "sha256": sha256(made.data)}
        counted = {"faces": len(made.face_lines)} if result.kind == "photo" else {}
        noted = {"note": made.note} if made.note else {}
        tell(str(path), made.note)
        self._check_saved(made.more)
        if self.plan.overwrite:
            self._remove_saved(name)
        else:
            check_own(self.out / name, made.data, self.last.get(name, {}).get("sha256"))
        for line in made.face_lines:
            self.faces.append({"file_name": name, "sha256": digests["sha256"]} | line)
        self.record.append(facts | counted | noted | self._saved(made.more) | digests)
        self.beside.add(self.record.values[-1])
        for other, data in made.more:
            write_bytes(self.out / other, data)
        write_bytes(self.out / name, made.data)
        self._count(result, made)

    def _saved(self, more: Sequence[tuple[str, bytes]]) -> dict[str, Any]:
        """What the line says of the files beside the result."""
        if not self.plan.saved:
            return {}
        words = {word: [name for name, _ in more if of_word(name, word)] for word in self.plan.saved}
        return {"saved": words, "saved_sha256": {name: sha256(data) for name, data in more}}

    def _remove_saved(self, name: str) -> None:
        """Remove what lies beside the result that is replaced, but an image that is read."""
        for path in self.beside.left_by(name):
            if os.path.realpath(path) not in self.images:
                remove(path)

    def _check_saved(self, more: Sequence[tuple[str, bytes]]) -> None:
        """As check_targets, for what is saved beside a result, whose names are only known when its faces are."""
        for other, data in more:
            target = self.out / other
            check_writable_name(target)
            refuse_links(self.out, target)
            if os.path.realpath(target) in self.images:
                raise InputError(f"{target}: is an image that is read; give another folder")
            if not self.plan.overwrite:
                check_own(target, data)

    def _count(self, result: Result, made: Finished) -> None:
        summary = self.summary
        summary.faces += result.kind == "face"
        faceless = result.kind == "photo" and not made.face_lines and self.upsampler is None
        summary.faceless += faceless
        summary.photos += result.kind == "photo" and not faceless
        summary.tiled += result.kind == "tiles"
        if result.kind == "face":
            summary.resized += made.resized
        else:
            summary.found += len(made.face_lines)
            summary.spared += sum(not line["restored"] for line in made.face_lines)
        for line in made.face_lines:
            if line["restored"]:
                summary.moved.append((f"{result.job.name}, face {line['face']}", line["identity_distance"]))
