"""Pixels by clean-fid's own resizer, to hold ours against: cleanfid_values.json.

pip install clean-fid==0.1.35 && python tests/reference/cleanfid_values.py
"""

import json
from pathlib import Path

import numpy as np

SIDES = {"smaller": (64, 48), "the same": (299, 299), "larger": (512, 400)}
PLACES = ((0, 0), (0, 298), (7, 150), (149, 149), (200, 33), (298, 298))


def image(height: int, width: int) -> np.ndarray:
    """Seeded 8-bit noise, half of it black or white, so that bicubic overshoots."""
    rng = np.random.default_rng([height, width])
    noise = rng.integers(0, 256, (height, width, 3))
    return np.where(rng.random(noise.shape) < 0.5, 255 * (noise > 127), noise).astype(np.uint8)


def main() -> None:
    from cleanfid.resize import build_resizer

    values = {}
    for name, sides in SIDES.items():
        resized = build_resizer("clean")(image(*sides))
        values[name] = {
            "pixels": [resized[place].tolist() for place in PLACES],
            "mean": float(resized.mean(dtype="f8")),
        }
    Path(__file__).with_suffix(".json").write_text(json.dumps(values, indent=1) + "\n")


if __name__ == "__main__":
    main()
