"""Images in, results out, before anything is written: their faces go through the network in batches."""

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

from degrade.core.errors import InputError
from degrade.core.image import Image
from ispl_model.restoration.files.prepare import Finished, Job, Prepared, finish, with_picture
from ispl_model.restoration.files.workers import Pool, here, preparing
from ispl_model.restoration.models import AdaptedModel, FaceRestorer
from ispl_model.restoration.whole_image import restore_whole_image, upsample

_WAITING = 2**24  # pixels of photographs that wait for a batch of faces to be full


@dataclass(frozen=True)
class Result:
    """What came of an image. kind: of Prepared. made: the result, None where there is an error, or it was kept."""

    job: Job
    kind: str
    error: str = ""
    sha256: str = ""
    made: Finished | None = None


def results_here(
    restorer: FaceRestorer, upsampler: AdaptedModel | None, jobs: Iterable[Job], workers: int = 1
) -> Generator[Result, None, None]:
    """One for each job, in their order but for those that fail or are kept, which wait for nothing.

    The networks run in this process; workers: processes that read, find faces and encode, none beside it for 1.
    Raises InputError when one of them dies.
    """
    with preparing(workers) as pool:
        yield from _Networks(restorer, upsampler, pool).results(jobs)


class _Networks:
    """One pass over images; those with faces wait until there is a batch of them."""

    def __init__(self, restorer: FaceRestorer, upsampler: AdaptedModel | None, pool: Pool) -> None:
        self.restorer, self.upsampler, self.pool = restorer, upsampler, pool
        self.waiting: list[Prepared] = []
        self.finishing = deque[tuple[Prepared, Future[Finished]]]()

    def results(self, jobs: Iterable[Job]) -> Iterator[Result]:
        """One for each job."""
        for prepared in self.pool.prepared(jobs):
            if prepared.kind in ("kept", "failed"):
                yield _result(prepared, prepared.error)
            else:
                yield from self._taken(prepared)
            yield from self._finished(self.pool.ahead)
        yield from self._restored()
        yield from self._finished(0)

    def _taken(self, prepared: Prepared) -> Iterator[Result]:
        """Restore one image with those that wait, where they are a batch."""
        self.waiting.append(prepared)
        faces = sum(len(each.given) for each in self.waiting)
        whole = not prepared.given or faces >= self.restorer.batch
        if whole or sum(each.held for each in self.waiting) > _WAITING:
            yield from self._restored()

    def _restored(self) -> Iterator[Result]:
        """Restore what waits, its faces in one batch, each image alone where one of them fails; gives what fails."""
        waiting, self.waiting = self.waiting, []
        try:
            restored = iter(self.restorer.restore_faces([face for each in waiting for face in each.given]))
            of_each = [[next(restored) for _ in each.given] for each in waiting]
        except InputError as error:
            if len(waiting) == 1:
                yield _result(waiting[0], f"{waiting[0].job.path}: {error}")
                return
            for one in waiting:
                self.waiting = [one]
                yield from self._restored()
            return
        for prepared, faces in zip(waiting, of_each, strict=True):
            self.finishing.append((prepared, self._finish(prepared, faces)))

    def _finished(self, left: int) -> Iterator[Result]:
        """The results that are there, in order; waits until no more than `left` are not."""
        while self.finishing and (len(self.finishing) > left or self.finishing[0][1].done()):
            prepared, future = self.finishing.popleft()
            try:
                yield _result(prepared, made=future.result())
            except InputError as error:
                yield _result(prepared, str(error))

    def _finish(self, prepared: Prepared, faces: Sequence[Image]) -> Future[Finished]:
        """In the pool; here where the whole image goes through a network."""
        if prepared.kind != "tiles" and self.upsampler is None:
            # What another process prepared it cuts out again, which costs less than to send the crops.
            apart = prepared.kind == "photo" and prepared.picture is None
            return self.pool.submit(finish, replace(prepared, given=()) if apart else prepared, faces)
        return here(self._whole, prepared, faces)

    def _whole(self, prepared: Prepared, faces: Sequence[Image]) -> Finished:
        prepared = with_picture(prepared)
        assert prepared.picture is not None
        job, pixels, upscale = prepared.job, prepared.picture.pixels, prepared.job.plan.upscale
        try:
            if prepared.kind == "tiles":
                canvas = restore_whole_image(pixels, self.restorer, upscale, job.strength)
            elif self.upsampler is not None:
                canvas = upsample(pixels, self.upsampler, upscale)
        except InputError as error:
            raise InputError(f"{job.path}: {error}") from error
        return finish(prepared, faces, canvas)


def _result(prepared: Prepared, error: str = "", made: Finished | None = None) -> Result:
    return Result(prepared.job, prepared.kind, error, prepared.sha256, made)
