"""Sums and powers that come out alike on every machine: computed in double, then rounded to float32.

OpenCV reckons in float32 with what it finds: Intel's IPP or none, fused multiply-add or none, a Fourier transform for a
kernel of 64 pixels on one processor and of 144 on another. So the last bits differ, and with them an 8-bit value here
and there, or a block of a JPEG. A double's last bits differ too, but are a thousand million times smaller than half a
step of float32.
"""

import numpy as np

# Weights such as 0.1 and 0.9 bring many sums to the middle between two float32, where a double's last bit would decide.
_PAST_THE_MIDDLE = 1 + 2.0**-40


def single(values: np.ndarray) -> np.ndarray:
    """Doubles to the nearest float32; the middle between two goes to the one farther from 0.

    >>> middle = 1 + 2.0**-24
    >>> bool(single(np.array([middle - 2.0**-52]))[0] == single(np.array([middle]))[0] == np.float32(1 + 2.0**-23))
    True
    """
    return np.multiply(values, _PAST_THE_MIDDLE, out=np.empty(values.shape, np.float32), casting="same_kind")
