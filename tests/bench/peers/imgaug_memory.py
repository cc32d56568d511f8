"""imgaug_memory.py IMAGE DRAWS: the authors' pipeline, DRAWS images at a time."""

import sys

import cv2
from imgaug_pipeline import pipeline
from serve import serve

cv2.setNumThreads(1)
image, draws = cv2.imread(sys.argv[1]), int(sys.argv[2])
degrade = pipeline(len(image))
serve({"dual_blind_hifacegan": lambda: [degrade(image=image) for _ in range(draws)]})
