"""How often intervals of a mean hold the true one: mean_coverage.json.

    python tests/reference/mean_coverage.py

Populations: for each metric of images the values of two runs in results/lite/scores, the one of median skewness and
the most skewed one, drawn from with replacement; a normal and two lognormal distributions. For each number of images
1000 sets, 2000 resamples: the share of intervals that hold the mean of the population, and the median width over that
of 2 x 1.96 standard errors (null where it is infinite). Sets of equal values have no interval and are left out.
"""

import json
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy import stats

from benchmark.records.scores import read_scores

SETS, RESAMPLES, IMAGES = 1000, 2000, (8, 20, 67, 100)
METRICS = (
    *("psnr.rgb", "ssim.gauss11.rgb", "fed.dlib", "lle.dlib68", "niqe.y", "lpips.squeeze", "gmsd", "found.dlib"),
)
RESULTS = Path(__file__).parents[2] / "results"


class Population:
    def __init__(self, draw, mean: float) -> None:
        self.draw, self.mean = draw, mean

    @classmethod
    def of(cls, values: np.ndarray) -> "Population":
        return cls(lambda rng, shape: values[rng.integers(len(values), size=shape)], values.mean())

    @classmethod
    def lognormal(cls, sigma: float) -> "Population":
        return cls(lambda rng, shape: np.exp(sigma * rng.standard_normal(shape)), math.exp(sigma**2 / 2))


def populations() -> dict[str, Population]:
    runs = defaultdict(dict)
    for score in read_scores(RESULTS, "lite"):
        if score.image is not None and score.value is not None:
            runs[score.metric, *score.run_key][score.image] = score.value
    found = {}
    for metric in METRICS:
        values = [np.array(list(run.values())) for key, run in runs.items() if key[0] == metric]
        skewed = sorted((one for one in values if one.std() > 0), key=lambda one: abs(stats.skew(one)))
        found |= {f"{metric}, median": Population.of(skewed[len(skewed) // 2])}
        found |= {f"{metric}, most skewed": Population.of(skewed[-1])}
    normal = Population(lambda rng, shape: rng.standard_normal(shape), 0.0)
    return found | {"normal": normal} | {f"lognormal {sigma}": Population.lognormal(sigma) for sigma in (0.5, 1.0)}


def intervals(sets: np.ndarray, rng: np.random.Generator) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Lower and upper ends of every set's interval, by method."""
    n = sets.shape[1]
    drawn = rng.multinomial(n, np.full(n, 1 / n), RESAMPLES).astype(float)
    mean, student = sets.mean(1), stats.t.ppf(0.975, n - 1)
    around = sets - mean[:, None]
    error = around.std(1, ddof=1) / math.sqrt(n)
    shifts = around @ drawn.T / n
    ranked = np.sort(shifts, axis=1)
    widened = math.sqrt(n / (n - 1)) * student
    squares = np.square(around).sum(1)
    acceleration = (around**3).sum(1) / (6 * squares**1.5)
    same = np.abs(shifts) <= 1e-9 * error[:, None]
    bias = stats.norm.ppf(((shifts < 0) & ~same).mean(1) + same.mean(1) / 2)

    def bca(reach: float) -> tuple[np.ndarray, np.ndarray]:
        moved = (bias - reach, bias + reach)
        ends = (at(ranked, stats.norm.cdf(bias + move / (1 - acceleration * move))) for move in moved)
        return tuple(mean + end for end in ends)

    found = {
        "student": (mean - student * error, mean + student * error),
        "percentile": tuple(mean + at(ranked, np.full(len(sets), level)) for level in (0.025, 0.975)),
        "bca": bca(1.96),
        "bca_widened": bca(widened),
    }
    spreads = np.sqrt(np.maximum(np.square(around) @ drawn.T / n - shifts**2, 0) / (n - 1))
    flat = spreads < 1e-6 * error[:, None]  # all values of the resample are equal
    ratios = np.where(flat, np.where(same, 0, np.copysign(np.inf, shifts)), shifts / np.where(flat, 1, spreads))
    ratios.sort(axis=1)
    ends = (at(ratios, np.full(len(sets), level)) for level in (0.975, 0.025))
    return found | {"studentised": tuple(mean - end * error for end in ends)}


def at(ranked: np.ndarray, share: np.ndarray) -> np.ndarray:
    places = np.clip((share * ranked.shape[1]).astype(int), 0, ranked.shape[1] - 1)
    return np.take_along_axis(ranked, places[:, None], axis=1)[:, 0]


def covered(population: Population, images: int) -> dict[str, dict[str, float | None]]:
    rng = np.random.default_rng([5, images])
    sets = population.draw(rng, (SETS, images))
    sets = sets[sets.std(1) > 0]
    plain = 2 * 1.96 * sets.std(1, ddof=1) / math.sqrt(images)
    figures = {}
    for method, (low, high) in intervals(sets, rng).items():
        width = float(np.median((high - low) / plain))
        held = float(((low <= population.mean) & (population.mean <= high)).mean())
        figures[method] = {"covered": round(held, 3), "width": round(width, 2) if math.isfinite(width) else None}
    return figures


def main() -> None:
    drawn_from = populations()
    found = {
        images: {name: covered(population, images) for name, population in drawn_from.items()} for images in IMAGES
    }
    found = {str(images): {"mean of all but found": means(figures), **figures} for images, figures in found.items()}
    Path(__file__).with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")


def means(figures: dict) -> dict[str, float]:
    kept = [figure for name, figure in figures.items() if not name.startswith("found")]
    return {method: round(float(np.mean([figure[method]["covered"] for figure in kept])), 3) for method in kept[0]}


if __name__ == "__main__":
    main()
