"""The type of an image, beneath all that takes one; degrade.core.image says what it holds and gives the name on."""

import numpy as np

Image = np.ndarray  # float32, H x W x 3, RGB, [0, 1]
