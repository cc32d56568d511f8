"""Whether the methods of one table were restored in one precision."""

from collections.abc import Mapping

from benchmark.analysis.runs import Run


def precision_note(runs: Mapping[str, Run]) -> str:
    """Which were restored in bfloat16 and which in float32, by the names given; empty where all known are alike."""
    by_precision: dict[str, list[str]] = {}
    for name, run in runs.items():
        for precision in run.precision:
            by_precision.setdefault(precision, []).append(name)
    if len(by_precision) < 2:
        return ""
    named = "; ".join(f"{precision}: {', '.join(names)}" for precision, names in sorted(by_precision.items()))
    return f"Not restored in one precision, which moves a network's images by up to about 0.1 dB ({named})"
