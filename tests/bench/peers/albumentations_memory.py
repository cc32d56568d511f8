"""albumentations_memory.py IMAGE DRAWS: single operators of albumentations 2.0.8, and the chain nearest to GFPGAN's.

Each operator on 8 bits ("NAME.uint8") and on floats ("NAME.float32"), as each has its faster kind.
"""

import os
import sys
from functools import partial

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"

import albumentations as alb
import cv2
import numpy as np
from albumentations_chain import chain
from serve import serve

cv2.setNumThreads(1)
image, draws = cv2.cvtColor(cv2.imread(sys.argv[1]), cv2.COLOR_BGR2RGB), int(sys.argv[2])
gfpgan = chain(len(image))
speckle = {"multiplier": (0.76, 1.24), "per_channel": True, "elementwise": True}
single = {
    "AnisotropicBlur": alb.AdvancedBlur(
        blur_limit=(17, 17), sigma_x_limit=(2, 2), sigma_y_limit=(0.7, 0.7), noise_limit=(1, 1), p=1
    ),
    "DefocusBlur": alb.Defocus(radius=(3, 3), alias_blur=(0.1, 0.1), p=1),
    "GaussianBlur": alb.GaussianBlur(blur_limit=(15, 15), sigma_limit=(1.7, 1.7), p=1),
    "GaussianNoise": alb.GaussNoise(std_range=(0.31, 0.31), per_channel=True, p=1),
    "Jpeg": alb.ImageCompression(quality_range=(40, 40), compression_type="jpeg", p=1),
    "MotionBlur": alb.MotionBlur(blur_limit=(7, 7), p=1),
    "SaltPepperNoise": alb.SaltAndPepper(amount=(0.2, 0.2), p=1),
    "SensorNoise": alb.ISONoise(p=1),
    "SharpenHalo": alb.UnsharpMask(blur_limit=(11, 11), sigma_limit=(1.2, 1.2), alpha=(1, 1), p=1),
    "ShotNoise": alb.ShotNoise(scale_range=(0.1, 0.1), p=1),
    "SincBlur": alb.RingingOvershoot(blur_limit=(7, 7), cutoff=(1.2, 1.2), p=1),
    "SpeckleNoise": alb.MultiplicativeNoise(**speckle, p=1),
    "Vignette": alb.Illumination(mode="gaussian", p=1),  # of the code values; ours is of light
    "Webp": alb.ImageCompression(quality_range=(40, 40), compression_type="webp", p=1),
}
kinds = {"uint8": image, "float32": image.astype(np.float32) / 255}
works = {
    f"{name}.{kind}": partial(operator, image=pixels)
    for name, operator in single.items()
    for kind, pixels in kinds.items()
}
serve(works | {"gfpgan": lambda: [gfpgan(image=image) for _ in range(draws)]})
