"""The chain of albumentations 2.0.8 that is nearest to GFPGAN's."""

import os

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"

import albumentations as alb
import cv2


def chain(side: int) -> alb.Compose:
    """Called with image=(H, W, 3) of uint8; gives images of that side."""
    wide = {"sigma_x_limit": (0.1, 10), "sigma_y_limit": (0.1, 10), "rotate_limit": (-180, 180), "noise_limit": (1, 1)}
    return alb.Compose(
        [
            alb.OneOf(
                [
                    alb.GaussianBlur(blur_limit=(41, 41), sigma_limit=(0.1, 10)),
                    alb.AdvancedBlur(blur_limit=(41, 41), **wide),
                ],
                p=1,
            ),
            alb.RandomScale(scale_limit=(-0.875, 0.25), interpolation=cv2.INTER_LINEAR, p=1),
            alb.GaussNoise(std_range=(0, 20 / 255), p=1),
            alb.ImageCompression(quality_range=(60, 100), p=1),
            alb.Resize(side, side, interpolation=cv2.INTER_LINEAR, p=1),
            alb.RGBShift(p=0.3),
            alb.ToGray(p=0.01),
            alb.ColorJitter((0.5, 1.5), (0.5, 1.5), (0, 1.5), (-0.1, 0.1), p=0.3),
        ]
    )
