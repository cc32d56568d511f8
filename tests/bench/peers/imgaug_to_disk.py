"""What one writes at first: imgaug_to_disk.py FACES OUT reads each face, degrades it and writes both."""

import os
import sys

import cv2
from imgaug_pipeline import pipeline

faces, out = sys.argv[1:]
degrade = pipeline(512)
for side in ("hq", "lq"):
    os.makedirs(f"{out}/{side}")
for name in sorted(os.listdir(faces)):
    image = cv2.imread(f"{faces}/{name}")
    stem = os.path.splitext(name)[0]
    cv2.imwrite(f"{out}/hq/{stem}.png", image)
    cv2.imwrite(f"{out}/lq/{stem}.png", degrade(image=image))
