"""Local brightness and contrast, taken out of what a stand-in compares and held by a term of their own.

A classifier that stands in for VGG-19 has its least loss for images that are darker or harder than the reference, and a
training without a strong loss on pixels follows it. Here the restored image is first given the reference's local mean
and standard deviation, in a Gaussian window whose standard deviation is WINDOW of the shorter side, so that the
classifier sees no difference in tone, and the L1 distance between these statistics is a loss of its own. The gradient
of both passes through the restored image's statistics: were they taken for constants, the loss would have the right
value and its gradient would ask for darker images as before.

The law that a stand-in's weights of that term are chosen for: of an image with its reference's local mean and
deviation, and nothing clipped, no shift of -20 to 20 levels and no contrast of 0.8 to 1.25 lowers the loss, be it of
the whole image or of a part that covers at least a tenth of it, in windows of 96, 128 and 256 px. Smaller parts remain:
of 500 changes of a face in corner and middle windows of 96 px (ten faces, reduced to a quarter) 14 lower the loss
beside L1 maps and 12 beside squared ones, by 0.5 and 1.4 % at most, the worst a sliver of 4 % of the window. A sliver
hardly moves the statistics: contrast 0.97 of one would need 16 times the weights given.
"""

import torch

WINDOW = 24 / 256
_FLOOR = 2 / 255  # of a standard deviation, so that noise in an even area is not blown up
_Window = tuple[torch.Tensor, torch.Tensor]  # weights from pixels to the grid and back
_CELLS = 2  # of the grid on which the statistics are taken, in one standard deviation of the window


def match_tone(restored: torch.Tensor, reference: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The restored image with the reference's local mean and deviation, and the distance of their own.

    (N, 3, H, W) each => (N, 3, H, W) and (): mean |mean - mean'| + mean |deviation - deviation'|, per channel, in the
    images' unit. The first does not change when the whole restored image gets brighter or harder, but for _FLOOR.
    """
    with torch.autocast(restored.device.type, enabled=False):  # a variance has no digits to spare
        restored, reference = restored.float(), reference.float()
        windows = [_window(side, WINDOW * min(restored.shape[2:]), restored.device) for side in restored.shape[2:]]
        mean, deviation = _statistics(restored, windows)
        wanted_mean, wanted_deviation = _statistics(reference, windows)
        distance = (mean - wanted_mean).abs().mean() + (deviation - wanted_deviation).abs().mean()
        return (restored - mean) / deviation * wanted_deviation + wanted_mean, distance


def _statistics(image: torch.Tensor, windows: list[_Window]) -> tuple[torch.Tensor, torch.Tensor]:
    mean, square = _blurred(image, windows), _blurred(image.square(), windows)
    return mean, ((square - mean.square()).clamp(min=0) + _FLOOR**2).sqrt()


def _blurred(image: torch.Tensor, windows: list[_Window]) -> torch.Tensor:
    """A weighted mean around each pixel: first onto the grid, then from there to the pixels."""
    (down, up), (right, left) = windows
    return up @ (down @ image @ right.T) @ left.T


def _window(side: int, sigma: float, device: torch.device) -> _Window:
    """Weights from pixels to grid (cells, side) and back: two Gaussians of sigma / sqrt(2), one after the other.

    Each row has the sum 1, at a border too: what is constant stays, and a variance is never negative.
    """
    cells = max(1, round(_CELLS * side / sigma))
    places = (torch.arange(cells, device=device) + 0.5) * side / cells - 0.5
    weights = torch.exp(-((places[:, None] - torch.arange(side, device=device)) ** 2) / sigma**2)
    return weights / weights.sum(1, keepdim=True), weights.T / weights.T.sum(1, keepdim=True)
