"""Which runs may be compared: the same images, the same definition of every number, the same weights."""

from collections.abc import Mapping
from typing import Any

from degrade.core.errors import InputError

Facts = Mapping[str, Any]  # what <run>.json holds


def comparable(run_a: Facts, run_b: Facts) -> None:
    """Raise InputError, naming the difference, unless the scores of two runs may be compared or joined.

    run_a, run_b: contents of their <run>.json. Compared are the split (its name and its content), the definition of
    each metric that both have (versions of packages and hashes of weights are part of it), and, of one method
    with one training seed, the checkpoint.
    """
    names = f"runs {run_a['run']} and {run_b['run']}"
    reason = _different_split(run_a, run_b) or _different_metric(run_a, run_b) or _different_weights(run_a, run_b)
    if reason:
        raise InputError(f"{names}: {reason}; they cannot be compared, score both in one way")


def _different_split(a: Facts, b: Facts) -> str:
    if a["split"] != b["split"]:
        return f"scored on different splits ({a['split']}, {b['split']})"
    if a["split_sha256"] != b["split_sha256"]:
        hashes = f"{a['split_sha256'][:8]}, {b['split_sha256'][:8]}"
        return f"the split {a['split']} was made anew between them with other pixels or by an older version ({hashes})"
    return ""


def _different_metric(a: Facts, b: Facts) -> str:
    for metric in sorted(a["metrics"].keys() & b["metrics"].keys()):
        first, second = a["metrics"][metric], b["metrics"][metric]
        if first != second:
            packages = _different_packages(a, b)
            cause = f"packages: {packages}" if packages else "its text, version or weight files"
            return f"{metric} is not computed alike ({first[:8]}, {second[:8]}; {cause})"
    return ""


def _different_packages(a: Facts, b: Facts) -> str:
    """The packages whose versions differ between the last sessions, which are the first suspects."""
    first, second = (run["sessions"][-1]["packages"] if run.get("sessions") else {} for run in (a, b))
    names = sorted(name for name in first.keys() & second.keys() if first[name] != second[name])
    return ", ".join(f"{name} {first[name]} and {second[name]}" for name in names)


def _different_weights(a: Facts, b: Facts) -> str:
    one_method = all(a.get(key) == b.get(key) for key in ("method", "seed"))
    if not one_method or a.get("checkpoint") == b.get("checkpoint"):
        return ""
    hashes = ", ".join((run.get("checkpoint") or "none")[:8] for run in (a, b))
    return f"{a.get('method')} was used with different weights ({hashes})"
