"""The authors' degradations in imgaug 0.4.0, whose numpy has to be older than 2."""

import numpy as np

np.bool = bool  # imgaug reads it, and numpy 1.24 has it no more

from imgaug import augmenters as iaa  # noqa: E402


def pipeline(side: int) -> iaa.Augmenter:
    """Called with image=(H, W, 3) of uint8."""
    every = {"per_channel": True}
    return iaa.Sequential(
        [
            iaa.OneOf([iaa.GaussianBlur((3, 8)), iaa.MotionBlur(k=(10, 20))]),
            iaa.OneOf(
                [
                    iaa.AdditiveGaussianNoise(scale=(20, 40), **every),
                    iaa.AdditiveLaplaceNoise(scale=(20, 40), **every),
                    iaa.AdditivePoissonNoise(lam=(15, 30), **every),
                ]
            ),
            iaa.JpegCompression((50, 85)),
            iaa.Sequential([iaa.Resize((0.125, 0.25), "cubic"), iaa.Resize({"height": side, "width": side}, "cubic")]),
        ],
        random_order=True,
    )
