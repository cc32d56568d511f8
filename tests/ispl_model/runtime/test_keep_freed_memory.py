"""Memory that stays with the process while it trains."""

import subprocess
import sys

import pytest

FAULTS = """
import resource
from contextlib import nullcontext
from ispl_model.runtime.keep_freed_memory import keep_freed_memory
import torch

def faults(held):
    with held:
        for call in range(24):
            if call == 12:  # by then every piece has its place
                before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
            torch.ones(2**24)
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

print(faults(nullcontext()), faults(keep_freed_memory()))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc is Linux's")
@pytest.mark.parametrize("own", [{}, {"MALLOC_ARENA_MAX": "1"}], ids=["usual", "the user's own setting"])
def test_memory_is_taken_once_unless_the_user_has_settings_of_their_own(own, monkeypatch):
    for name in ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_"):
        monkeypatch.delenv(name, raising=False)
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    told = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True).stdout
    usual, kept = map(int, told.split())
    assert kept > usual / 2 if own else kept < usual / 10
