"""Fills the shapes of a person with light and shade, for pictures large enough to show them."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from .pen import Pen
from .person import Cloth, Colour
from .pose import Pose

_LEVELS = 64  # Steps of brightness from the left to the right outline of a shape.


class SoftPen(Pen):
    """A pen whose shapes are round: each row of one is shaded as if it were half a cylinder.

    Args:
        canvas: See `Pen`; contiguous.
        pose: See `Pen`.
        light: Where the light comes from, (right, towards the camera), each -1..1.
    """

    rim_tone = 0.72

    def __init__(self, canvas: np.ndarray, pose: Pose, light: tuple[float, float] = (0.0, 1.0)):
        """See the class."""
        super().__init__(canvas, pose)
        across = np.linspace(-0.98, 0.98, _LEVELS)
        ahead = np.sqrt(1 - across**2)
        lit = light[0] * across + light[1] * ahead
        self._shade = (0.62 + 0.10 * ahead + 0.40 * np.maximum(lit, -0.25)).astype(np.float32)[:, None]

    def _fill(self, points: np.ndarray, cloth: Cloth, tone: float) -> None:
        outline = np.rint(_rounding(len(points)) @ points).astype(np.int32)
        rows, columns = self.canvas.shape[:2]
        left, top = np.maximum(outline.min(axis=0), 0)
        right, bottom = np.minimum(outline.max(axis=0) + 1, (columns, rows))
        if right <= left or bottom <= top:
            return
        mask = np.zeros((bottom - top, right - left), dtype=np.uint8)
        cv2.fillPoly(mask, [outline - (left, top)], 1)
        first, wide = mask.argmax(axis=1)[:, None], cv2.reduce(mask, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
        x = np.arange(right - left, dtype=np.float32)[None]
        step = ((x - first) * (_LEVELS / np.maximum(wide, 1)).astype(np.float32)).astype(np.int8)
        colours = self._tones(cloth.colour, tone).take(step, mode="clip")
        if cloth.pattern not in ("plain", "print"):
            second = self._pattern(cloth, np.arange(left, right)[None], np.arange(top, bottom)[:, None])
            accents = self._tones(cloth.accent, tone).take(step, mode="clip")
            np.copyto(colours, accents, where=np.broadcast_to(second, mask.shape))
        pixels = self.canvas.view(np.uint32)[..., 0]
        np.copyto(pixels[top:bottom, left:right], colours, where=mask.view(bool))

    def _tones(self, colour: Colour, tone: float) -> np.ndarray:
        """A colour from the left to the right outline, with full alpha, each pixel as one number."""
        table = self._shade * np.array((*colour, 1e6), dtype=np.float32) * tone
        return np.minimum(table, 255).astype(np.uint8).view(np.uint32)[:, 0]


@lru_cache(maxsize=64)
def _rounding(count: int) -> np.ndarray:
    """The matrix that cuts the corners of a closed outline with so many points twice (Chaikin, 1974)."""
    matrix = np.eye(count)
    for _ in range(2):
        following = np.roll(matrix, -1, axis=0)
        cut = np.stack((0.8 * matrix + 0.2 * following, 0.2 * matrix + 0.8 * following), axis=1)
        matrix = cut.reshape(-1, count)
    return matrix
