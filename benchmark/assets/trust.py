"""Programs that come as weights: TorchScript and the like are run only when the user says so."""

import os
import sys

from degrade.core.errors import shown
from ispl_model.runtime.known_files import Refused

VARIABLE = "BENCHMARK_TRUST"
_said: set[str] = set()


def grant() -> None:
    """Run them from now on, in this process and in those it starts."""
    os.environ[VARIABLE] = "1"


def require(what: str, kind: str = "TorchScript") -> None:
    """Say on stderr, once, that `what` is run. Raises Refused unless the user trusts such files."""
    program = f"{what} is a program ({kind})"
    if os.environ.get(VARIABLE, "0") in ("", "0"):
        raise Refused(f"{program}, which may do anything that you may; if you trust it, say benchmark --trust ...")
    if what not in _said:
        _said.add(what)
        print(shown(f"{program} and is run, as --trust says"), file=sys.stderr, flush=True)
