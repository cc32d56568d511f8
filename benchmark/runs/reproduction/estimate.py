"""What a reproduction takes, estimated beforehand: every stage with its size, hours and disk."""

from collections.abc import Iterable
from dataclasses import dataclass

from benchmark.methods.row import TRAINED, TUNED
from benchmark.methods.table import METHODS
from benchmark.runs.reproduction.reproduce import RunJob
from benchmark.runs.reproduction.throughput import Throughput, load_throughput, multiply_adds_per_second, network_of
from benchmark.runs.settings import Settings
from benchmark.runs.splits import recipe_of, set_size
from benchmark.specs.protocols import Profile, load_protocol
from benchmark.specs.test_sets import FACERENOV, load_sets
from degrade.recipes.library import find_recipe

# Measured on profile lite, 256 px: PNGs of its splits hold 1.5 bytes a pixel, noisy ones up to 2.5.
_REFERENCE, _DEGRADED = 1.5, 2.5
_SCORING = 0.33  # seconds an image of 256 px takes one core, all metrics that need no Inception (results/lite)
_PASSES = 3  # a training step takes at least so many times the forward pass: backward is twice as much


@dataclass(frozen=True)
class Estimate:
    """One stage. hours: of the network's device, cores: hours of one processor core, disk: bytes; all rounded up."""

    text: str
    hours: float = 0.0
    cores: float = 0.0
    disk: float = 0.0

    def __str__(self) -> str:
        parts = [self.text]
        parts += [f"{self.hours:,.1f} h"] * (self.hours > 0) + [f"{self.cores:,.1f} h of one core"] * (self.cores > 0)
        parts += [f"{self.disk / 1e9:,.2f} GB"] * (self.disk > 0)
        return ", ".join(parts)


def lines(settings: Settings, jobs: Iterable[RunJob]) -> list[str]:
    """The stages of the jobs as text, those of one kind under one heading, and the total."""
    jobs, measured = list(jobs), best_measured()
    rate = multiply_adds_per_second(measured)
    kinds = {
        "Splits to make": _splits(settings, jobs),
        "Trainings": _trainings(settings, jobs, rate),
        "Choices of parameters": _tunings(settings.profile, jobs),
        "Restoring and scoring": _runs(settings, jobs, rate),
    }
    text = []
    for title, stages in kinds.items():
        text += [str(_total(f"{title}: {len(stages)}", stages)), *(f"  {stage}" for stage in stages), ""]
    whole = _total("All stages", [stage for stages in kinds.values() for stage in stages])
    return [*text, str(whole), *_basis(measured, rate)]


def best_measured() -> Throughput:
    """The first measured GPU, or else what was measured first."""
    measured = load_throughput()
    return next((one for one in measured if one.device == "gpu"), measured[0])


def _basis(measured: Throughput, rate: float) -> list[str]:
    network = f"{measured.method}, width {measured.width}, {measured.size} px, batch {measured.batch}"
    where = f"Hours are of {measured.machine}"
    if measured.device != "gpu":
        where = f"No GPU was measured yet (`benchmark throughput` there); hours are of {measured.machine}"
    return [
        f"{where}: {measured.images_per_second:g} training images/s of {network}, which is {rate / 1e9:,.1f} G "
        "multiply-adds/s of the network's forward pass; other networks are scaled by their multiply-adds",
        "Small networks take longer, their time goes into other work: EDSR of profile lite 0.12 h where this says 0.02",
        f"Scoring: {_SCORING} s an image of 256 px, scaled by its pixels; what is there already is not subtracted",
    ]


def _total(text: str, stages: Iterable[Estimate]) -> Estimate:
    stages = list(stages)
    return Estimate(text, *(sum(getattr(stage, key) for stage in stages) for key in ("hours", "cores", "disk")))


def _splits(settings: Settings, jobs: Iterable[RunJob]) -> list[Estimate]:
    """Test splits of all jobs, train splits of trained methods, validation splits of tuned ones."""
    wanted: dict[tuple[str, str, str], None] = {}
    for job in jobs:
        protocol = load_protocol(job.protocol)
        wanted[protocol.test_domain, job.task, "test"] = None
        role = {TRAINED: "train", TUNED: "val"}.get(METHODS[job.method].kind)
        if role:
            wanted[protocol.train_domain, job.task, role] = None
    named = {_split_name(settings, *each): each for each in wanted}
    return [_split(settings, name, *each) for name, each in named.items()]


def _split_name(settings: Settings, domain: str, task: str, role: str) -> str:
    chosen = load_sets().get(domain)
    if chosen:
        return f"{chosen.title} {task}" if chosen.list else chosen.title
    return f"{recipe_of(settings, domain, task)} {role}"


def _split(settings: Settings, name: str, domain: str, task: str, role: str) -> Estimate:
    size, count = settings.profile.size, _count(settings, domain, role)
    recipe = task if domain in load_sets() else recipe_of(settings, domain, task)
    if recipe == FACERENOV:
        return Estimate(f"{name}: yours, up to {count:,} pairs at {size} px")
    disk = count * size**2 * (_REFERENCE + _DEGRADED / find_recipe(recipe).scale ** 2)
    return Estimate(f"{name}: up to {count:,} pairs at {size} px", disk=disk)


def _count(settings: Settings, domain: str, role: str) -> int:
    """Images of a domain or test set; of a domain as many as the profile asks for."""
    if domain in load_sets():
        return set_size(settings, load_sets()[domain])
    return getattr(settings.profile, role)


def _trainings(settings: Settings, jobs: Iterable[RunJob], rate: float) -> list[Estimate]:
    """Each checkpoint once, whatever it is tested on."""
    trained = {
        (recipe_of(settings, load_protocol(job.protocol).train_domain, job.task), job.method, job.seed): None
        for job in jobs
        if job.seed is not None
    }
    return [_training(settings.profile, rate, *each) for each in trained]


def _training(profile: Profile, rate: float, recipe: str, method: str, seed: int) -> Estimate:
    network, images = network_of(method, profile.width, profile.size), profile.steps * profile.batch
    size = f"{network.parameters / 1e6:,.2f} M parameters, {network.trained / 1e9:,.2f} G multiply-adds an image"
    text = f"{recipe} {method} seed {seed}: {images:,} images, {size}"
    return Estimate(text, hours=images * network.trained / rate / 3600, disk=4 * network.parameters)


def _tunings(profile: Profile, jobs: Iterable[RunJob]) -> list[Estimate]:
    tuned = {(job.task, job.method): None for job in jobs if METHODS[job.method].kind == TUNED}
    return [Estimate(f"{task} {method}: up to {profile.val:,} images") for task, method in tuned]


def _runs(settings: Settings, jobs: Iterable[RunJob], rate: float) -> list[Estimate]:
    return [_run(settings, job, rate) for job in jobs]


def _run(settings: Settings, job: RunJob, rate: float) -> Estimate:
    profile, images = settings.profile, _count(settings, load_protocol(job.protocol).test_domain, "test")
    hours = 0.0
    if job.seed is not None:
        hours = images * network_of(job.method, profile.width, profile.size).restored / (_PASSES * rate) / 3600
    scoring = images * _SCORING * (profile.size / 256) ** 2 / 3600
    return Estimate(f"{job}: up to {images:,} images", hours, scoring)
