"""A whole photograph: its faces are aligned, restored and pasted back; the rest stays as it is or is enlarged."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np

from degrade.core.arrays import as_image, in_kind_of
from degrade.core.image import Image, to_uint8
from degrade.core.resize import resize_bicubic, resize_plane
from degrade.faces import detection
from degrade.faces.alignment import covered, crop_affine, face_landmarks, ffhq_affine, near_affine, uncrop
from ispl_model.restoration.tiles import Restore

FEATHER = 6  # a crop fades out over a sixth of its side
_MARGIN = 4  # px beyond a part of a photograph that its enlargement looks at
_LEAST = 1e-6  # weight of a patch below which it changes nothing

Pixels = np.ndarray  # (H, W, 3), RGB, uint8 or float32 in [0, 1]: of a large photograph 8 bits take a quarter


@dataclass(frozen=True)
class Face:
    """A face in a photograph. landmarks: (68, 2) as degrade.faces.detection.landmarks68 has them, px."""

    box: detection.Box
    landmarks: np.ndarray

    def affine(self, side: int) -> np.ndarray:
        """FFHQ's crop of that side (degrade.faces.alignment.ffhq_affine)."""
        return ffhq_affine(self.landmarks, side)


@dataclass(frozen=True)
class Patch:
    """What a network changed in a crop, (side, side, 3), and the map from the crop to the photograph (2, 3)."""

    change: np.ndarray
    affine: np.ndarray


def find_faces(pixels: Pixels) -> list[Face]:
    """The faces of a photograph, from the left to the right.

    See degrade.faces.detection.detect_reduced; below a 51st of the longer side there are none.
    """
    boxes = detection.detect_reduced(pixels)
    return located(pixels, sorted(boxes, key=lambda box: (box.left + box.right, box.top)))


def located(pixels: Pixels, boxes: Sequence[detection.Box]) -> list[Face]:
    """The faces in boxes that a detector gave."""
    return [Face(box, face_landmarks(pixels, box)) for box in boxes]


def cut_out(pixels: Pixels, face: Face, side: int) -> Image:
    """FFHQ's crop of a face at that side."""
    rows, columns, affine = near_affine(face.affine(side), side, *pixels.shape[:2])
    return crop_affine(as_image(pixels[rows, columns]), affine, side)


def restore_photograph(
    image: Image, boxes: Sequence[detection.Box], restore: Restore, size: int, upscale: int = 1
) -> Image:
    """`image` (H, W, 3), `upscale` times as large by resize_bicubic, with the faces in `boxes` restored.

    Each face is cut out by FFHQ's alignment at `size` px. Laid back is what the network changed (restored minus
    cut out), faded out towards the border of the crop: where the network changes nothing the photograph keeps every
    pixel, and detail finer than the network sees stays. Where crops overlap, the weighted mean of their changes counts.
    """
    faces = located(image, boxes)
    crops = [cut_out(image, face, size) for face in faces]
    changes = [restored - crop for restored, crop in zip(restore(crops), crops, strict=True)]
    patches = [Patch(change, face.affine(size)) for change, face in zip(changes, faces, strict=True)]
    canvas = enlarged(image, *(side * upscale for side in image.shape[:2])) if upscale > 1 else image.copy()
    lay_back(canvas, patches, upscale)
    return canvas


def lay_back(canvas: Pixels, patches: Sequence[Patch], upscale: int = 1, under: Pixels | None = None) -> None:
    """Lay patches on a photograph, `upscale` times as large as theirs, in place.

    under: the photograph, where `canvas` is what another network made of it: below a face it shows, enlarged by
    bicubic, as it is that to which the change belongs.
    """
    sides = canvas.shape[:2]
    placed = [Patch(patch.change, patch.affine * upscale) for patch in patches]
    for group in _touching(placed, *sides):
        parts = [covered(patch.affine, len(patch.change), *sides) for patch in group]
        region = _hull([part[0] for part in parts]), _hull([part[1] for part in parts])
        change, cover = _joined(group, region, sides)
        before = as_image(canvas[region])
        if under is not None:
            before = before + cover[:, :, None] * (_part_enlarged(under, *region, upscale) - before)
        change += before
        canvas[region] = in_kind_of(canvas, np.clip(change, 0, 1, out=change))


def enlarged(pixels: Pixels, height: int, width: int) -> Pixels:
    """resize_bicubic to pixels of the same kind, one channel at a time where they are 8 bits."""
    if pixels.dtype != np.uint8:
        return resize_bicubic(pixels, height, width)
    result = np.empty((height, width, pixels.shape[2]), np.uint8)
    for channel in range(pixels.shape[2]):
        result[:, :, channel] = to_uint8(resize_plane(pixels[:, :, channel], height, width))
    return result


def feathered(size: int) -> np.ndarray:
    """(size, size) float32: 1 inside, falling to 0 at the border as a squared sine."""
    fade = size // FEATHER
    rise = np.sin(np.pi / 2 * (np.arange(fade) + 0.5) / fade) ** 2
    ramp = np.concatenate([rise, np.ones(size - 2 * fade), rise[::-1]])
    return np.outer(ramp, ramp).astype(np.float32)


def _joined(
    group: Sequence[Patch], region: tuple[slice, slice], sides: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """The weighted mean of the changes in a region of the photograph, (h, w, 3), and how far they cover it, (h, w).

    A patch that touches no other is its own mean, at a third of the cost.
    """
    if len(group) == 1:
        return _laid(group[0], sides)[1:]
    shape = [part.stop - part.start for part in region]
    changes, covers, weights = (np.zeros((*shape, channels), np.float32) for channels in (3, 1, 1))
    for patch in group:
        (rows, columns), change, cover = _laid(patch, sides)
        inside, weight = (_moved(rows, region[0].start), _moved(columns, region[1].start)), cover[:, :, None]
        changes[inside] += change * weight
        covers[inside] += weight * weight
        weights[inside] += weight
    weights = np.maximum(weights, np.float32(_LEAST))
    return changes / weights, (covers / weights)[:, :, 0]


def _laid(patch: Patch, sides: tuple[int, int]) -> tuple[tuple[slice, slice], np.ndarray, np.ndarray]:
    """Rows and columns of a patch in the photograph; there its change faded out, (h, w, 3), and its mask, (h, w)."""
    mask = feathered(len(patch.change))[:, :, None]
    rows, columns, values = uncrop(np.concatenate([patch.change * mask, mask], axis=2), patch.affine, *sides)
    cover = np.clip(values[:, :, 3], 0, 1)  # the cubic warp overshoots a little
    change = cv2.cvtColor(values, cv2.COLOR_RGBA2RGB)
    return (rows, columns), cv2.copyTo(change, (cover > _LEAST).astype(np.uint8)), cover


def _touching(patches: Sequence[Patch], height: int, width: int) -> list[list[Patch]]:
    """Patches in groups: the rectangles around two groups share no pixel."""
    groups = [(*covered(patch.affine, len(patch.change), height, width), [patch]) for patch in patches]
    while pair := next((pair for pair in combinations(groups, 2) if _meet(*pair)), None):
        first, second = pair
        groups = [group for group in groups if group is not first and group is not second]
        groups.append((_hull([first[0], second[0]]), _hull([first[1], second[1]]), first[2] + second[2]))
    return [members for _, _, members in groups]


def _meet(first: tuple, second: tuple) -> bool:
    return all(a.start < b.stop and b.start < a.stop for a, b in zip(first[:2], second[:2], strict=True))


def _hull(parts: Sequence[slice]) -> slice:
    return slice(min(part.start for part in parts), max(part.stop for part in parts))


def _moved(part: slice, start: int) -> slice:
    return slice(part.start - start, part.stop - start)


def _part_enlarged(pixels: Pixels, rows: slice, columns: slice, times: int) -> Image:
    """Those rows and columns of the photograph enlarged so many times by bicubic, in float."""
    low = [max(0, part.start // times - _MARGIN) for part in (rows, columns)]
    high = [-(-part.stop // times) + _MARGIN for part in (rows, columns)]
    part = as_image(pixels[low[0] : high[0], low[1] : high[1]])
    wide = resize_bicubic(part, *(side * times for side in part.shape[:2])) if times > 1 else part
    return wide[_moved(rows, low[0] * times), _moved(columns, low[1] * times)]
