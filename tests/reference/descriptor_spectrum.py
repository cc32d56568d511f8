"""How dlib's descriptors of real faces are spread, and what reducing does to them: descriptor_spectrum.json.

    FACES_HQ=DIR python tests/reference/descriptor_spectrum.py

Faces: the first 700 named in DIR/test.txt, val.txt and train.txt, at 256 px in 8 bits; restored: the same reduced by
the factor and enlarged again (bicubic, 8 bits), as the floors of Table 2 are. Along each eigenvector of the faces'
covariance it keeps the variance of the faces, and of the restored images the shift of the mean, the slope on their
own face and the variance around that line: a Gaussian model of pairs, diagonal in that basis, 128 numbers each.

Beside it, of the descriptors themselves and so without a model: the Frechet distance of all pairs and its mean over
disjoint subsets of 100, as scored and corrected by the jackknife over 20 groups.
"""

import json
import os
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from benchmark.metrics.face import own_descriptor
from benchmark.metrics.frechet import frechet_distance
from benchmark.records.scores import GROUPS, corrected
from degrade.core.image import from_uint8, read, to_uint8
from degrade.core.resize import resize_bicubic

FACES, SIDE, FACTORS = 700, 256, (4, 2)


def main() -> None:
    folder = Path(os.environ["FACES_HQ"])
    names = [line for kind in ("test", "val", "train") for line in (folder / f"{kind}.txt").read_text().split()]
    rows = Parallel(n_jobs=2)(delayed(descriptors)(folder / name) for name in names[:FACES])
    faces, *restored = np.swapaxes(rows, 0, 1).astype(np.float64)
    spectrum = {"faces": len(faces), **spread(faces, dict(zip(FACTORS, restored, strict=True)))}
    Path(__file__).with_suffix(".json").write_text(json.dumps(spectrum, indent=1) + "\n")


def descriptors(path: Path) -> list[np.ndarray]:
    face = rounded(resize_bicubic(read(path), SIDE, SIDE))
    smaller = [rounded(resize_bicubic(face, SIDE // factor, SIDE // factor)) for factor in FACTORS]
    return [own_descriptor(image) for image in (face, *(rounded(resize_bicubic(one, SIDE, SIDE)) for one in smaller))]


def rounded(image: np.ndarray) -> np.ndarray:
    return from_uint8(to_uint8(image))


def spread(faces: np.ndarray, restored: dict[int, np.ndarray]) -> dict:
    _, basis = np.linalg.eigh(np.cov(faces, rowvar=False))
    x = (faces - faces.mean(0)) @ basis[:, ::-1]
    found = {"variance": listed(x.var(0, ddof=1)), "restored": {}}
    for factor, images in restored.items():
        y = (images - faces.mean(0)) @ basis[:, ::-1]
        slope = (x * (y - y.mean(0))).sum(0) / np.square(x).sum(0)
        rest = (y - y.mean(0) - slope * x).var(0, ddof=2)
        found["restored"][f"x{factor}"] = {
            **{f"frechet_of_{count}": subsets(faces, images, count) for count in (len(faces), 100)},
            "shift": listed(y.mean(0)),
            "slope": listed(slope),
            "variance_around": listed(rest),
        }
    return found


def subsets(faces: np.ndarray, images: np.ndarray, count: int) -> dict[str, float]:
    parts = [slice(start, start + count) for start in range(0, len(faces) - count + 1, count)]
    groups = np.arange(count) % GROUPS
    found = []
    for part in parts:
        x, y = faces[part], images[part]
        left = [frechet_distance(x[groups != group], y[groups != group]) for group in range(GROUPS)]
        found.append((frechet_distance(x, y), corrected(frechet_distance(x, y), left)))
    return dict(zip(("plain", "corrected"), listed(np.mean(found, axis=0)), strict=True))


def listed(values: np.ndarray) -> list[float]:
    return [float(f"{value:.5g}") for value in values]


if __name__ == "__main__":
    main()
