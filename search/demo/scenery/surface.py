"""Textures: colours as functions of the two coordinates of a surface, in metres."""

from __future__ import annotations

from copy import copy

import cv2
import numpy as np

_TABLE = 256  # Random numbers along each side of the table that noise is read from.


def rgb(text: str) -> np.ndarray:
    """The colour ``rrggbb`` as float32 BGR in 0..255."""
    return np.array([int(text[i : i + 2], 16) for i in (4, 2, 0)], dtype=np.float32)


def mix(one: np.ndarray, other: np.ndarray, share: np.ndarray | float) -> np.ndarray:
    """Blend two colours or pictures (..., 3); `share` (...) of the other."""
    return one + (other - one) * np.asarray(share, dtype=np.float32)[..., None]


class Surface:
    """The part of a surface that is being painted.

    Args:
        u: Metres along the surface of each pixel, float32 (h, w).
        v: Metres up it, or away on the ground, float32 (h, w).
        rng: Source of the details.

    Attributes:
        fine_u: How many metres of `u` a pixel covers; lines are blended over as many, so that those far
            away do not flicker into patterns. Likewise `fine_v`.
    """

    def __init__(self, u: np.ndarray, v: np.ndarray, rng: np.random.Generator):
        """See the class."""
        self.u, self.v = u, v
        self.fine_u, self.fine_v = _footprint(u), _footprint(v)
        self._table = rng.random((_TABLE, _TABLE), dtype=np.float32)

    def within(self, u: np.ndarray, v: np.ndarray) -> Surface:
        """The same with other zero points, even one for each pixel, as in the windows of a wall."""
        other = copy(self)
        other.u, other.v = u, v
        return other

    def noise(self, period: float, along: float | None = None) -> np.ndarray:
        """Smooth random numbers in -1..1 that change over `period` metres (over `along` in `u`)."""
        x, y = self.u / (along or period), self.v / period
        fade = np.clip(1.5 - np.maximum(self.fine_u / (along or period), self.fine_v / period), 0, 1)
        value = cv2.remap(self._table, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        return (value * 2 - 1) * fade

    def cells(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """A random number in 0..1 for each whole part of `u` and `v`, as for each tile of a floor."""
        row, column = (np.floor(x).astype(np.int32) % _TABLE for x in (v, u))
        return self._table[row, column]

    def grid_u(self, period: float, width: float, offset: float = 0.0) -> np.ndarray:
        """How much of each pixel lies on lines that repeat along `u`, 0..1."""
        return _grid(self.u - offset, self.fine_u, period, width)

    def grid_v(self, period: float, width: float, offset: float = 0.0) -> np.ndarray:
        """The same along `v`."""
        return _grid(self.v - offset, self.fine_v, period, width)

    def band_u(self, low: float, high: float) -> np.ndarray:
        """How much of each pixel lies between two values of `u`, 0..1."""
        return _band(self.u, self.fine_u, low, high)

    def band_v(self, low: float, high: float) -> np.ndarray:
        """The same for `v`."""
        return _band(self.v, self.fine_v, low, high)


def _footprint(values: np.ndarray) -> np.ndarray:
    down, across = np.gradient(values) if min(values.shape) > 1 else (np.zeros_like(values),) * 2
    return np.maximum(np.abs(down) + np.abs(across), 1e-4)


def _grid(values: np.ndarray, fine: np.ndarray, period: float, width: float) -> np.ndarray:
    off = np.abs(values - np.round(values / period) * period)
    sharp = np.clip((width / 2 + fine / 2 - off) / fine, 0, np.minimum(1, width / fine))
    far = np.clip(fine / period * 2 - 0.6, 0, 1)  # Lines closer than pixels are one even tone.
    return sharp + (width / period - sharp) * far


def _band(values: np.ndarray, fine: np.ndarray, low: float, high: float) -> np.ndarray:
    rise = np.clip((values - low) / fine + 0.5, 0, 1)
    return rise * np.clip((high - values) / fine + 0.5, 0, 1)
