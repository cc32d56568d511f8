"""albumentations_feeding.py FOLDER SIDE: every face once, from its file to a pair of floats, by the nearest chain."""

import sys
from pathlib import Path

import cv2
import numpy as np
from albumentations_chain import chain
from serve import serve

cv2.setNumThreads(1)
paths, degrade = sorted(Path(sys.argv[1]).iterdir()), chain(int(sys.argv[2]))


def pair(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """What becomes tensors at no cost: albumentations' environment has no torch."""
    image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    return as_floats(degrade(image=image)["image"]), as_floats(image)


def as_floats(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(image.transpose(2, 0, 1)).astype(np.float32) / 255


serve({"albumentations": lambda: [pair(path) for path in paths]})
