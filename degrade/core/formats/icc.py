"""An ICC profile read: its kind, its curves and its primaries. Source: ICC.1:2010, sections 7 to 10."""

import struct
from collections.abc import Callable

import numpy as np

Curve = Callable[[np.ndarray], np.ndarray]  # values in [0, 1] to linear light
_PICTURES = ("scnr", "mntr", "prtr", "spac")  # classes of profiles that say what a picture's numbers mean
_PARAMETERS = (1, 3, 4, 5, 7)  # of each kind of parametric curve


class DamagedProfile(Exception):
    """A profile that is to be ignored; the message says why, after "its colour profile"."""


class IccProfile:
    """The parts of a profile that are needed here; raises DamagedProfile for one that cannot be read.

    space: of the pixels, "RGB", "GRAY", "CMYK" or another of ICC's names.
    """

    def __init__(self, data: bytes) -> None:
        if len(data) < 132 or data[36:40] != b"acsp":
            raise DamagedProfile("is damaged")
        kind, space, connection = (data[at : at + 4].decode("latin-1").strip() for at in (12, 16, 20))
        if kind not in _PICTURES:
            raise DamagedProfile("is no profile of a picture")
        self.space, self._connection, self._data = space, connection, data
        (count,) = struct.unpack_from(">I", data, 128)
        if 132 + 12 * count > len(data):
            raise DamagedProfile("is damaged")
        entries = (struct.unpack_from(">4sII", data, 132 + 12 * place) for place in range(count))
        self._tags = {tag.decode("latin-1"): (start, start + size) for tag, start, size in entries}
        if max((end for _, end in self._tags.values()), default=0) > len(data):
            raise DamagedProfile("is damaged")

    @property
    def has_tables(self) -> bool:
        """Whether it says what its numbers mean by tables, which go before its curves."""
        return any(tag in self._tags for tag in ("A2B0", "A2B1", "A2B2"))

    def colorants(self) -> np.ndarray:
        """(3, 3) from linear RGB to XYZ under D50."""
        columns = []
        for tag in ("rXYZ", "gXYZ", "bXYZ"):
            body = self._body(tag, b"XYZ ", 20)
            columns.append(np.array(struct.unpack_from(">3i", body, 8)) / 65536)
        matrix = np.stack(columns, axis=1)
        if not 0.5 < matrix[1].sum() < 1.5 or abs(np.linalg.det(matrix)) < 1e-4:
            raise DamagedProfile("is damaged")
        return matrix

    def grey_curve(self) -> Curve:
        """The curve of a grey profile, to linear light whether it is given as that or as lightness L*."""
        curve = self.curve("kTRC")
        if self._connection != "Lab":
            return curve
        return lambda values: _light(curve(values))

    def curve(self, tag: str) -> Curve:
        """One curve; raises DamagedProfile where it does not rise from dark to light."""
        body = self._body(tag, None, 12)
        try:
            curve = {b"curv": _sampled, b"para": _parametric}[body[:4]](body)
            with np.errstate(all="ignore"):
                shown = curve(np.linspace(0, 1, 256))
        except (ArithmeticError, LookupError, ValueError, struct.error) as error:
            raise DamagedProfile("is damaged") from error
        if not np.isfinite(shown).all() or np.diff(shown).min() < -0.01 or not 0.5 < shown[-1] - shown[0] < 1.5:
            raise DamagedProfile("is damaged")
        return curve

    def _body(self, tag: str, kind: bytes | None, least: int) -> bytes:
        start, end = self._tags.get(tag, (0, 0))
        body = self._data[start:end]
        if len(body) < least or (kind is not None and body[:4] != kind):
            raise DamagedProfile("is damaged")
        return body


def _sampled(body: bytes) -> Curve:
    (count,) = struct.unpack_from(">I", body, 8)
    if count == 0:
        return lambda values: values
    samples = np.frombuffer(body, ">u2", count, 12).astype(np.float64)
    if count == 1:
        return lambda values: values ** (samples[0] / 256)
    return lambda values: np.interp(values, np.linspace(0, 1, count), samples / 65535)


def _parametric(body: bytes) -> Curve:
    (kind,) = struct.unpack_from(">H", body, 8)
    given = [number / 65536 for number in struct.unpack_from(f">{_PARAMETERS[kind]}i", body, 12)]
    g, a, b, c, d, e, f = given + [1.0, 0.0, 0.0, 0.0, 0.0, 0.0][len(given) - 1 :]
    if kind in (1, 2):  # below -b / a the curve is c, above it c is added (kind 2)
        c, d, e, f = 0.0, -b / a, c, c
    return lambda values: np.where(values >= d, np.maximum(a * values + b, 0) ** g + e, c * values + f)


def _light(lightness: np.ndarray) -> np.ndarray:
    """Y of L* / 100; CIE 15."""
    root = (lightness * 100 + 16) / 116
    return np.where(root > 6 / 29, root**3, 3 * (6 / 29) ** 2 * (root - 4 / 29))
