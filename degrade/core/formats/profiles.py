"""Colours as a file means them, brought to sRGB: ICC profiles, and the colour chunks of PNG.

The intent is relative colorimetric with black point compensation: what sRGB can show keeps its colour exactly, white
stays white and black black, and a conversion to a profile and back gives the picture that was. The perceptual intent
would move every colour, each profile in its own way. Profiles of curves and a matrix (cameras, monitors, Adobe RGB, P3)
and grey ones are computed here, also at 16 bits; those with tables (printers, CMYK) by LittleCMS, at 8 bits.
Sources: ICC.1:2010 (profiles), IEC 61966-2-1 (sRGB), W3C PNG third edition, ITU-T H.273 (cICP).
"""

import io
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageCms

from degrade.core import colour
from degrade.core.errors import InputError
from degrade.core.formats.icc import Curve, DamagedProfile, IccProfile

Converter = Callable[[np.ndarray], np.ndarray]  # (H, W, C) => (H, W, 3), both uint8 or both float32 in [0, 1]
CHANNELS = {1: "GRAY", 3: "RGB", 4: "CMYK"}  # by the number of channels, as ICC calls them
_D50 = np.array([0.9642, 1.0, 0.8249])
_D65 = (0.3127, 0.3290)
_SRGB = (*_D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)  # x and y of white, red, green, blue
_PRIMARIES = {  # colour primaries of H.273: those of sRGB, BT.2020 and P3
    1: _SRGB,
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    12: (*_D65, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
}
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0}  # transfer characteristics of H.273 that are powers
_BAND = 1 << 20  # pixels that are converted at a time


@dataclass(frozen=True)
class Tables:
    """A profile that only LittleCMS can apply."""

    data: bytes
    mode: str  # Pillow's

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        if pixels.dtype != np.uint8:
            raise InputError("its colour profile has tables, which are applied to 8 bits only; convert it to sRGB")
        photo = Pillow.fromarray(pixels[:, :, 0] if self.mode == "L" else pixels, self.mode)
        return np.asarray(ImageCms.applyTransform(photo, _transform(self.data, self.mode)))


@dataclass(frozen=True)
class Shaper:
    """A curve for each channel to linear light, then a matrix to linear sRGB (none: grey)."""

    curves: tuple[Curve, ...]
    matrix: np.ndarray | None

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        levels = 256 if pixels.dtype == np.uint8 else 65536
        grid = np.linspace(0, 1, levels)
        tables = [np.clip(curve(grid), 0, 1).astype(np.float32) for curve in self.curves]
        converted = np.empty((*pixels.shape[:2], 3), pixels.dtype)
        rows = max(1, _BAND // pixels.shape[1])
        for top in range(0, len(pixels), rows):
            band = pixels[top : top + rows]
            indices = band if levels == 256 else np.rint(band * np.float32(65535)).astype(np.uint16)
            channels = [table[indices[:, :, place]] for place, table in enumerate(tables)]
            light = channels[0]
            if self.matrix is not None:
                light = np.clip(cv2.transform(np.stack(channels, axis=2).astype(np.float64), self.matrix), 0, 1)
            shown = colour.encode(light).reshape(*band.shape[:2], -1)
            converted[top : top + rows] = shown if levels != 256 else np.rint(shown * 255)
        return converted


@lru_cache(maxsize=16)
def from_icc(profile: bytes, channels: int) -> Converter | None:
    """What brings pixels of so many channels to sRGB; None where the profile is sRGB.

    Raises DamagedProfile for one that cannot be read or that is for another kind of picture, InputError for one that
    cannot be applied.
    """
    icc = IccProfile(profile)
    if icc.space != CHANNELS[channels]:
        raise DamagedProfile(f"is for {icc.space}, the picture {CHANNELS[channels]}")
    converter: Converter
    if icc.has_tables or channels == 4:
        converter = Tables(profile, {1: "L", 3: "RGB", 4: "CMYK"}[channels])
        _transform(profile, converter.mode)
    elif channels == 1:
        converter = Shaper((icc.grey_curve(),), None)
    else:
        matrix = np.linalg.inv(_to_d50(_SRGB)) @ icc.colorants()
        converter = Shaper(tuple(icc.curve(tag) for tag in ("rTRC", "gTRC", "bTRC")), matrix)
    return _unless_srgb(converter, channels)


def from_code_points(code: Sequence[int], channels: int) -> Converter | None:
    """As `from_icc`, of PNG's chunk cICP; what is HDR is refused."""
    primaries, transfer, matrix, full = code
    if transfer in (16, 18):
        raise InputError("its picture is HDR (PQ or HLG, chunk cICP); map it to sRGB first")
    if primaries not in _PRIMARIES or matrix != 0 or full != 1 or (transfer != 13 and transfer not in _GAMMAS):
        raise InputError(f"its colours (chunk cICP {', '.join(map(str, code))}) are not known; convert it to sRGB")
    curve = _srgb_curve if transfer == 13 else _power(_GAMMAS[transfer])
    return _unless_srgb(_shaper(curve, _PRIMARIES[primaries], channels), channels)


@lru_cache(maxsize=16)
def from_gamma(gamma: float | None, points: Sequence[float] | None, channels: int) -> Converter | None:
    """As `from_icc`, of the numbers of PNG's chunks gAMA and cHRM; without one of them sRGB's are taken.

    gamma: of the encoding; 0.45455 with sRGB's primaries, or without primaries, stands for sRGB.
    """
    points = points or _SRGB
    if gamma is not None and not 0.1 <= gamma <= 10:
        raise DamagedProfile(f"has gAMA {gamma:g}")
    if (channels == 1 or np.allclose(points, _SRGB, atol=0.002)) and (gamma is None or abs(gamma * 2.2 - 1) < 0.02):
        return None
    return _unless_srgb(_shaper(_srgb_curve if gamma is None else _power(1 / gamma), points, channels), channels)


def from_lab(pixels: Pillow.Image) -> np.ndarray:
    """(H, W, 3) sRGB of a Pillow image of mode LAB, CIE L*a*b* relative to D50."""
    return np.asarray(ImageCms.applyTransform(pixels, _lab_transform()))


def adobe_rgb(channels: int) -> Converter | None:
    """Of Adobe RGB (1998), which cameras say by EXIF's "R03" in place of a profile. Source: DCF 2.0."""
    if channels != 3:
        return None
    return from_gamma(1 / 2.19921875, (*_D65, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06), channels)


@cache
def srgb_profile() -> bytes:
    """An ICC profile of sRGB; the same bytes with the same LittleCMS."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return data[:24] + struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + data[36:]  # else the time of this call


@cache
def grey_profile() -> bytes:
    """An ICC profile of grey with sRGB's curve, which LittleCMS has none of. Source: ICC.1:2010, sections 7 to 10."""
    white = struct.pack(">3i", *np.rint(_D50 * 65536).astype(int))
    curve = struct.pack(">5i", *(round(65536 * each) for each in (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)))
    bodies = {
        b"desc": _words("Grey with the curve of sRGB"),
        b"cprt": _words("No copyright, use freely"),
        b"wtpt": b"XYZ " + bytes(4) + white,
        b"kTRC": b"para" + struct.pack(">IHH", 0, 3, 0) + curve,
    }
    start = 132 + 12 * len(bodies)
    table, data = struct.pack(">I", len(bodies)), b""
    for tag, body in bodies.items():
        table += struct.pack(">4sII", tag, start + len(data), len(body))
        data += body + bytes(-len(body) % 4)
    kind = struct.pack(">4s4s4s4s6H4s", b"\x04\x30", b"mntr", b"GRAY", b"XYZ ", 2000, 1, 1, 0, 0, 0, b"acsp")
    return struct.pack(">I4x", start + len(data)) + kind + bytes(28) + white + bytes(48) + table + data


def _words(text: str) -> bytes:
    """A text in English as ICC's multiLocalizedUnicodeType."""
    encoded = text.encode("utf-16-be")
    return struct.pack(">4sIII4sII", b"mluc", 0, 1, 12, b"enUS", len(encoded), 28) + encoded


def _shaper(curve: Curve, points: Sequence[float], channels: int) -> Shaper:
    if channels == 1:
        return Shaper((curve,), None)
    return Shaper((curve,) * 3, np.linalg.inv(_to_d50(_SRGB)) @ _to_d50(points))


def _power(exponent: float) -> Curve:
    return lambda values: values**exponent


def _srgb_curve(values: np.ndarray) -> np.ndarray:
    """sRGB's curve to linear light, of a vector."""
    return colour.decode(values[:, None])[:, 0]


def _to_d50(points: Sequence[float]) -> np.ndarray:
    """(3, 3) from linear RGB to XYZ under D50 (Bradford), of the x and y of white, red, green and blue."""
    try:
        white, *primaries = (
            np.array([x / y, 1, (1 - x - y) / y]) for x, y in zip(points[::2], points[1::2], strict=True)
        )
        columns = np.stack(primaries, axis=1)
        columns *= np.linalg.solve(columns, white)
    except (ZeroDivisionError, np.linalg.LinAlgError) as error:
        raise DamagedProfile("has impossible primaries") from error
    cones = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    adapted = np.linalg.solve(cones, np.diag((cones @ _D50) / (cones @ white)) @ cones @ columns)
    if not np.isfinite(adapted).all() or abs(np.linalg.det(adapted)) < 1e-4:
        raise DamagedProfile("has impossible primaries")
    return adapted


def _unless_srgb(converter: Converter, channels: int) -> Converter | None:
    """None where it moves no colour by more than one 8-bit level: profiles of sRGB differ in bytes and rounding."""
    if channels == 4:
        return converter
    greys = np.arange(256, dtype=np.uint8)
    grid = np.stack(np.meshgrid(*[greys[::15]] * 3), axis=-1).reshape(-1, 1, 3)
    probe = np.concatenate([greys[:, None, None].repeat(3, axis=2), grid])
    shown = converter(probe[:256, :, :1] if channels == 1 else probe)
    moved = np.abs(shown.astype(int) - probe[: len(shown)]).max()
    return None if moved <= 1 else converter


@lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    except (OSError, ImageCms.PyCMSError) as error:
        raise DamagedProfile("cannot be read") from error
    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
    intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
    try:
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB", intent, flags)
    except ImageCms.PyCMSError as error:
        raise InputError("its colour profile cannot be applied; convert it to sRGB first") from error


@cache
def _lab_transform() -> ImageCms.ImageCmsTransform:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.buildTransform(lab, srgb, "LAB", "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC)
