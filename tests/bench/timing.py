"""Times of small pieces of work, and how they are printed: always ratios of one run on one machine."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any


def milliseconds(work: Callable[[], object], repeats: int = 5) -> float:
    """Median wall time of `work()` in ms over `repeats` calls, after one that is not counted."""
    return interleaved({"": work}, repeats)[""]


def interleaved(
    works: Mapping[str, Callable[[], object]], repeats: int = 5, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """The same for several, one call of each in turn, so that what else the machine does slows all alike.

    clock: time.process_time counts the processor's time instead, of all threads.
    """
    spent = {name: [] for name in works}
    for repeat in range(repeats + 1):
        for name, work in works.items():
            start = clock()
            work()
            if repeat:
                spent[name].append(1e3 * (clock() - start))
    return {name: statistics.median(times) for name, times in spent.items()}


def processor_ms(work: Callable[[], object]) -> float:
    """Processor time of one call in this process, ms."""
    start = time.process_time()
    work()
    return 1e3 * (time.process_time() - start)


@dataclass(frozen=True)
class Cost:
    """Of a whole process. seconds: of the processor, with its children's. megabytes: the most that it held."""

    seconds: float
    megabytes: float


# A small process between: what a process is started from counts as its own memory until its program has begun.
_LAUNCHER = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6)
sys.exit(code)
"""


def own_process(measure: Callable[..., Any], *arguments: Any) -> Any:
    """What a function of a module gives in a new process, so that its start and its peak of memory are its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measure, *arguments).result()


def process_cost(command: Sequence[str]) -> Cost:
    """What a command costs, whose output is thrown away; of several processes the memory of the largest."""
    return Cost(*map(float, finished([sys.executable, "-c", _LAUNCHER, *command]).split()))


def finished(command: Sequence[str]) -> str:
    """What a command prints; of one that fails, what it says is shown, and CalledProcessError raised."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.stderr.write(done.stderr)
        raise subprocess.CalledProcessError(done.returncode, command, stderr=done.stderr)
    return done.stdout


def process_seconds(command: Sequence[str]) -> float:
    """Processor time of a whole process and its children that it waited for, seconds."""
    return process_cost(command).seconds


def least(works: Mapping[str, Callable[[], float]], rounds: int = 5) -> dict[str, float]:
    """The least of what each work gives over `rounds`, one of each in turn; one round more is not counted.

    For processor time, to which a busy machine only ever adds.
    """
    found = [{name: work() for name, work in works.items()} for _ in range(rounds + 1)][1:]
    return {name: min(each[name] for each in found) for name in works}


@dataclass(frozen=True)
class Reached:
    """A figure beside its target, and whether it is reached.

    >>> print(reached("two workers against one", 1.84, 1.8))
    two workers against one                                     1.84   at least 1.80  reached
    """

    name: str
    value: float
    asked: float
    at_most: bool = False

    @property
    def good(self) -> bool:
        return self.value <= self.asked if self.at_most else self.value >= self.asked

    @property
    def wanted(self) -> str:
        return f"{'at most' if self.at_most else 'at least'} {self.asked:.2f}"

    @property
    def facts(self) -> dict[str, str | float | bool]:
        """As plain data, of numpy's numbers too."""
        value, good = round(float(self.value), 6), bool(self.good)
        return {"name": self.name, "value": value, "asked": self.wanted, "reached": good}

    def __str__(self) -> str:
        return f"{self.name:<56} {self.value:>7.2f}   {self.wanted}  {'reached' if self.good else 'NOT REACHED'}"


def reached(name: str, value: float, asked: float, at_most: bool = False) -> Reached:
    """A line of a suite, see Reached."""
    return Reached(name, value, asked, at_most)
