"""Made fidelity_values.json with torch-fidelity 0.4.0 and numpy 2.4: python tests/reference/fidelity_values.py

torch-fidelity's own routines, on seeded features in float64, with 1000 subsets of half the smaller set.
"""

import json
from pathlib import Path

import numpy as np

CASES = {"fewer images than numbers": (40, 50, 64), "more images than numbers": (300, 260, 24)}


def features(seed: int, count: int, dimensions: int) -> np.ndarray:
    """(count, dimensions): correlated, rectified, and shifted by a fifth for the seed 2."""
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(9).standard_normal((dimensions, dimensions)) / np.sqrt(dimensions)
    return np.maximum(rng.standard_normal((count, dimensions)) @ mixing, 0) + 0.2 * (seed == 2)


def main() -> None:
    """Writes the file beside this one."""
    import torch
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
    from torch_fidelity.metric_kid import kid_features_to_metric

    values = {}
    for name, (first, second, dimensions) in CASES.items():
        sets = [torch.from_numpy(features(seed, count, dimensions)) for seed, count in ((1, first), (2, second))]
        fid = fid_statistics_to_metric(*map(fid_features_to_statistics, sets), verbose=False)
        subsets = {"kid_subsets": 1000, "kid_subset_size": min(first, second) // 2}
        values[name] = fid | kid_features_to_metric(*sets, **subsets, verbose=False)
    Path(__file__).with_suffix(".json").write_text(json.dumps(values, indent=2) + "\n")


if __name__ == "__main__":
    main()
