"""The colours of the input for what was restored: a network may sharpen a face, but not dye it."""

import cv2
import numpy as np

from degrade.core.colour import LUMA, in_channels, luma
from degrade.core.image import Image
from degrade.core.resize import resize_bicubic

COARSE = 1 / 16  # of the side: standard deviation of the Gaussian below which colours are the input's
TONED = 2 / 255  # a picture whose chroma lies this near a curve over luma (root mean square) is grey or toned
_SMOOTH = 1 / 64  # of the side: so that noise of the chroma is not taken for colours
_DEGREE = 2  # of the curve: prints are toned most at their middle greys, or evenly


def keep_tone(restored: Image, degraded: Image) -> Image:
    """`restored` (H, W, 3) in the colours of `degraded`, which may be of another size.

    What a Gaussian of COARSE of the side leaves of it is the input's, what is finer the network's, as in the colour
    correction by wavelets of Wang et al., "Exploiting Diffusion Prior for Real-World Image Super-Resolution"
    (StableSR), 2023, Sec. 3.3. The chroma of a grey or toned picture is a function of its luma, and so is that of the
    result: a grey one comes back with three equal channels.
    """
    height, width = restored.shape[:2]
    given = degraded if degraded.shape == restored.shape else resize_bicubic(degraded, height, width)
    made = restored + _blurred(given - restored, COARSE * max(height, width))
    tone = tone_of(given)
    return np.clip(made if tone is None else _coloured(luma(made), tone), 0, 1)


def keep_grey(restored: Image, degraded: Image) -> Image:
    """`restored` (H, W, 3), with three equal channels where `degraded`, of any size, has them at every pixel."""
    is_grey = (degraded == degraded[:, :, :1]).all()
    return in_channels(luma(restored)) if is_grey else restored


class Tone:
    """The chroma of a toned picture (H, W, 3) by its luma: a polynomial, continued as a constant beyond its lumas.

    error: how far the picture's own chroma is from it, root mean square over both differences of `_chroma` together.
    """

    def __init__(self, image: Image) -> None:
        whole = luma(image)
        self.low, self.high = float(whole.min()), float(whole.max())
        deviation = _SMOOTH * max(image.shape[:2])
        step = max(1, round(deviation))  # smoothed, one pixel in so many tells as much as all
        light, chroma = (_blurred(plane, deviation)[::step, ::step] for plane in (whole, _chroma(image)))
        self.weights = np.linalg.lstsq(self._powers(light), chroma.reshape(-1, 2), rcond=None)[0]
        self.error = float(np.sqrt(2 * np.square(self(light) - chroma).mean()))

    def __call__(self, light: np.ndarray) -> np.ndarray:
        """Luma (H, W) to chroma (H, W, 2)."""
        return (self._powers(light) @ self.weights).reshape(*light.shape, 2).astype(np.float32)

    def _powers(self, light: np.ndarray) -> np.ndarray:
        return np.vander(np.clip(light, self.low, self.high).ravel().astype(np.float64), _DEGREE + 1)


def tone_of(image: Image) -> Tone | None:
    """The tone of a grey or toned picture (H, W, 3); None where it has colours."""
    tone = Tone(image)
    return tone if tone.error <= TONED else None


def _chroma(image: Image) -> np.ndarray:
    """(H, W, 2): red - green and blue - green, which are exactly 0 in a grey pixel, as rounded Cb and Cr are not."""
    return image[:, :, ::2] - image[:, :, 1:2]


def _coloured(light: np.ndarray, tone: Tone) -> Image:
    """The image (H, W, 3) of that luma, in that tone."""
    red, _, blue = np.array(LUMA, np.float32)
    chroma = tone(light)
    green = light - red * chroma[:, :, 0] - blue * chroma[:, :, 1]
    return np.dstack([green + chroma[:, :, 0], green, green + chroma[:, :, 1]])


def _blurred(values: np.ndarray, deviation: float) -> np.ndarray:
    return cv2.GaussianBlur(values, (0, 0), deviation, borderType=cv2.BORDER_REFLECT)
