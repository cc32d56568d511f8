"""Runs of two painted faces at 64 px."""

from benchmark.runs.request import RunRequest
from benchmark.runs.settings import Settings
from benchmark.runs.splits import domain_split
from benchmark.specs.protocols import Profile, load_protocol

TINY = Profile("quick", 64, 2, 1, 2, 4, 1, 2, "none", (0,))


def settings(root):
    return Settings(TINY, work=root / "work", results=root / "results", device="cpu")


def request(root, method, ids=("psnr.rgb",), task="jpeg"):
    return RunRequest(settings(root), load_protocol("S2S"), method, (task,), metrics=ids)


def split_of(root, task="jpeg"):
    return domain_split(settings(root), "synthetic", task, "test")
