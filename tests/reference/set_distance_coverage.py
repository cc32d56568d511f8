"""How often the intervals of set distances hold the truth: set_distance_coverage.json.

    python tests/reference/set_distance_coverage.py

Sets of N faces and of N restored images are drawn from the Gaussian model in descriptor_spectrum.json (dlib's 128
numbers), as pairs (a face and its own restoration) and as strangers; `part` of the way from the faces to the images
reduced by 4 and enlarged, so that small true distances are looked at too. The interval is value -+ 1.96 deviations of
the jackknife over 20 groups around the corrected Frechet distance and around the unbiased squared MMD, and of the gap
(the ratio of the distance at part 1 to that at the smaller part, of the same faces).
"""

import json
import math
from itertools import product
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from benchmark.analysis.statistics import NORMAL
from benchmark.metrics.kernel import WIDTH
from benchmark.records.scores import GROUPS

IMAGES, PARTS, SETS = (20, 50, 67, 80, 90, 100, 200, 500), (1.0, 0.5, 0.25), 120
KERNEL_SETS = 1000  # up to 200 images: a kernel distance is soon computed
_SINGULAR = 1e-14  # added to variances, so that fewer faces than numbers have a Cholesky factor; moves 1e-6


class Model:
    """Faces and restored images of one kind, diagonal: rows of x are faces, of y restored images."""

    def __init__(self, spectrum: dict, part: float) -> None:
        restored = spectrum["restored"]["x4"]
        self.variance = np.array(spectrum["variance"])
        self.shift = part * np.array(restored["shift"])
        self.slope = 1 + part * (np.array(restored["slope"]) - 1)
        self.around = part**2 * np.array(restored["variance_around"])
        self.restored = self.slope**2 * self.variance + self.around

    def of(self, faces: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return self.shift + self.slope * faces + np.sqrt(self.around) * rng.standard_normal(faces.shape)

    def frechet(self) -> float:
        return float((self.shift**2 + (np.sqrt(self.variance) - np.sqrt(self.restored)) ** 2).sum())

    def mmd(self) -> float:
        """In closed form: of Gaussians the mean kernel is one too."""
        return (
            mean_kernel(2 * self.variance, 0 * self.shift)
            + mean_kernel(2 * self.restored, 0 * self.shift)
            - 2 * mean_kernel(self.variance + self.restored, self.shift)
        )


def mean_kernel(variance: np.ndarray, shift: np.ndarray) -> float:
    wide = WIDTH**2 + variance
    return float(np.sqrt(np.prod(WIDTH**2 / wide)) * np.exp(-0.5 * (shift**2 / wide).sum()))


def frechet_values(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The distance of the whole sets, then without each group."""
    groups = np.arange(len(x)) % GROUPS
    moments = [covariances(side, groups) for side in (x, y)]
    (means, first), (others, second) = moments
    root = np.linalg.cholesky(first + _SINGULAR * np.eye(first.shape[1]))
    inner = np.linalg.eigvalsh(root.transpose(0, 2, 1) @ second @ root)
    traces = np.trace(first + second, axis1=1, axis2=2) - 2 * np.sqrt(np.maximum(inner, 0)).sum(1)
    return ((means - others) ** 2).sum(1) + traces


def covariances(side: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means (1 + GROUPS, D) and covariances (1 + GROUPS, D, D) of all rows and without each group."""
    parts = [side[groups == group] for group in range(GROUPS)]
    sums, squares = np.stack([part.sum(0) for part in parts]), np.stack([part.T @ part for part in parts])
    counts = np.array([len(side), *(len(side) - len(part) for part in parts)])[:, None]
    left = np.concatenate([sums.sum(0)[None], sums.sum(0) - sums])
    products = np.concatenate([squares.sum(0)[None], squares.sum(0) - squares])
    means = left / counts
    outer = means[:, :, None] * means[:, None, :]
    return means, (products - counts[:, :, None] * outer) / (counts[:, :, None] - 1)


def mmd_values(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """As squared_mmd of equally many rows, from one kernel matrix summed by groups."""
    order = np.argsort(np.arange(len(x)) % GROUPS, kind="stable")
    x, y = x[order], y[order]
    sizes = np.bincount(np.arange(len(x)) % GROUPS, minlength=GROUPS)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    total = np.zeros((GROUPS, GROUPS))
    for one, other, sign in ((x, x, 1), (y, y, 1), (x, y, -2)):
        kernel = gaussian(one, other)
        np.fill_diagonal(kernel, 0)
        total += sign * np.add.reduceat(np.add.reduceat(kernel, starts, 0), starts, 1)
    whole = total.sum()
    left = whole - total.sum(0) - total.sum(1) + np.diag(total)
    counts = np.array([len(x), *(len(x) - sizes)])
    return np.concatenate([[whole], left]) / (counts * (counts - 1))


def gaussian(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    squares = np.square(x).sum(1)[:, None] + np.square(y).sum(1) - 2 * x @ y.T
    return np.exp(squares / (-2 * WIDTH**2))


class Tally:
    """Of one kind of value over all sets: its mean, and how often its interval holds the truth or stays above 0."""

    def __init__(self, truth: float) -> None:
        self.truth, self.values, self.reaches = truth, [], []

    def add(self, value: float, replicates: np.ndarray) -> None:
        spread = np.square(replicates - replicates.mean()).sum()
        self.values.append(value)
        self.reaches.append(NORMAL * math.sqrt((1 - 1 / len(replicates)) * spread))

    def facts(self) -> dict[str, float]:
        values, reaches = np.array(self.values), np.array(self.reaches)
        held = np.abs(values - self.truth) <= reaches
        above = values > reaches
        return {
            "truth": signed(self.truth),
            "mean": signed(values.mean()),
            "deviation": signed(values.std(ddof=1)),
            "covered": round(float(held.mean()), 3),
            "above_0": round(float(above.mean()), 3),
        }


def signed(value: float) -> float:
    return float(f"{value:.3g}")


def corrected(values: np.ndarray) -> tuple[float, np.ndarray]:
    """The jackknife's value, and replicates around it."""
    value = GROUPS * values[0] - (GROUPS - 1) * values[1:].mean()
    return value, values[1:] - values[1:].mean() + value


def simulate(spectrum: dict, images: int, part: float, paired: bool) -> dict:
    far, near = Model(spectrum, 1.0), Model(spectrum, part)
    rng = np.random.default_rng([images, round(100 * part), paired])
    tallies = {
        "plain_frechet": Tally(near.frechet()),
        "frechet": Tally(near.frechet()),
        "gap_frechet": Tally(far.frechet() / near.frechet()),
        "mmd": Tally(near.mmd()),
        "gap_mmd": Tally(far.mmd() / near.mmd()),
    }
    for place in range(KERNEL_SETS if images <= 200 else SETS):
        x = np.sqrt(near.variance) * rng.standard_normal((images, len(near.variance)))
        faces = x if paired else np.sqrt(near.variance) * rng.standard_normal(x.shape)
        y = near.of(faces, rng)
        z = far.of(faces, rng) if part < 1 else None
        if place < SETS:
            plain = frechet_values(x, y)
            value, replicates = corrected(plain)
            tallies["plain_frechet"].add(plain[0], plain[1:])
            tallies["frechet"].add(value, replicates)
            if z is not None:
                other, others = corrected(frechet_values(x, z))
                tallies["gap_frechet"].add(other / value, others / replicates)
        mmd = mmd_values(x, y)
        tallies["mmd"].add(mmd[0], mmd[1:])
        if z is not None:
            others = mmd_values(x, z)
            tallies["gap_mmd"].add(others[0] / mmd[0], others[1:] / mmd[1:])
    facts = {name: tally.facts() for name, tally in tallies.items() if tally.values}
    return {"images": images, "part": part, "paired": paired, **facts}


def main() -> None:
    spectrum = json.loads(Path(__file__).with_name("descriptor_spectrum.json").read_text())
    cases = list(product(IMAGES, PARTS, (True, False)))
    figures = Parallel(n_jobs=4, verbose=5)(delayed(simulate)(spectrum, *case) for case in cases)
    lines = ",\n".join(json.dumps(line) for line in figures)
    Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
