"""Where what a run makes besides scores lies: restored images, features."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.records.scores import run_key
from degrade.core.storage.files import digest_of

_LONGEST = 60  # bytes of a method's name in that of a folder


def run_folder(work: Path, kind: str, facts: Mapping[str, Any]) -> Path:
    """WORK/<kind>/<split>-<method>-<8 digits>: for what one run makes besides scores.

    facts: of <run>.json; the digits stand for the run's key, the content of its split, and the
    precision that its network restores in.
    """
    slower = [facts["precision"]] if facts.get("precision") == "fp32" else []  # bf16 adds nothing: older files say none
    digits = digest_of([*run_key(facts), facts["split_sha256"], *slower])[:8]
    method = re.sub(r"[^\w.-]+", "-", facts["method"]).encode()[-_LONGEST:].decode(errors="ignore")
    return Path(work) / kind / f"{facts['split']}-{method}-{digits}"
