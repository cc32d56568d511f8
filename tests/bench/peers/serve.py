"""The other end of tests.bench.environments.Peer: runs what it is asked for and answers with its processor time in ms.

Lies beside the scripts of the peers, which have an interpreter of their own and nothing of this project.
"""

import sys
import time
import warnings
from collections.abc import Callable, Mapping


def serve(works: Mapping[str, Callable[[], object]]) -> None:
    """Print the names of the works, then for each name on standard input the ms of one call."""
    warnings.simplefilter("ignore")
    print(*works, flush=True)
    for line in sys.stdin:
        start = time.process_time()
        works[line.strip()]()
        print(1e3 * (time.process_time() - start), flush=True)
