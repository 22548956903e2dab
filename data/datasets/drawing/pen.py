"""Fills the shapes that a person is made of, given in body space, on a canvas."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .person import Cloth, Colour
from .pose import Pose

_TURN = np.linspace(0, 2 * np.pi, 16, endpoint=False)
_RING = np.stack((np.cos(_TURN), np.sin(_TURN)), axis=1)
_HALF_TURN = np.linspace(-np.pi / 2, np.pi / 2, 6)
_HALF_RING = np.stack((np.cos(_HALF_TURN), np.sin(_HALF_TURN)), axis=1)
_RIM = 0.006  # Width of the dark line between a limb and what lies behind it, in body heights.


class Pen:
    """Draws on a canvas as a pose sees body space.

    Places are (left, up, ahead) and sizes are in body heights, as in `pose`; `tone` is a factor that the
    colours of a cloth are multiplied by.

    Args:
        canvas: uint8 (height, width, 4), BGR multiplied by alpha, then alpha; changed in place.
        pose: Maps body space to the canvas.

    Attributes:
        rim_tone: Tone of the lines that set a shape off.
    """

    rim_tone = 0.62

    def __init__(self, canvas: np.ndarray, pose: Pose):
        """See the class."""
        self.canvas = canvas
        self.pose = pose
        self._origin = pose.project(np.array([(0.0, 0.83, 0.0)]))[0]

    def limb(
        self, joints: Sequence, radii: Sequence[float], cloth: Cloth, tone: float = 1.0, rim: bool = False
    ) -> None:
        """Fill a chain of tapering, round-ended sticks; `rim` sets it off from what lies behind it."""
        points = self.pose.project(np.array(joints))
        sticks = list(zip(points, points[1:], radii, radii[1:], strict=False))
        if rim:
            for start, end, near, far in sticks:
                self._fill(self._capsule(start, end, near + _RIM, far + _RIM), cloth, tone * self.rim_tone)
        for start, end, near, far in sticks:
            self._fill(self._capsule(start, end, near, far), cloth, tone)

    def column(
        self, rows: Sequence[tuple], cloth: Cloth, ahead: float = 0.0, tone: float = 1.0, rim: bool = False
    ) -> None:
        """Fill a stack of ovals, each (up, half width, half depth), whose middle lies `ahead`."""
        heights, widths, depths = np.array(rows).T
        middle = np.stack((np.zeros_like(heights), heights, np.full_like(heights, ahead)), axis=1)
        points = self.pose.project(middle)
        half = self.pose.breadth(widths, depths) * self.pose.height
        reach = np.stack((half, np.zeros_like(half)), axis=1)
        if rim:
            wide = reach + (_RIM * self.pose.height, 0.0)
            self._fill(np.concatenate((points - wide, (points + wide)[::-1])), cloth, tone * self.rim_tone)
        self._fill(np.concatenate((points - reach, (points + reach)[::-1])), cloth, tone)

    def oval(self, middle: Sequence[float], half_width: float, half_height: float, cloth: Cloth) -> None:
        """Fill an upright oval as large as it is seen."""
        centre = self.pose.project(np.array([middle]))
        self._fill(centre + _RING * (half_width, half_height) * self.pose.height, cloth, 1.0)

    def box(self, top: Sequence[float], half_width: float, height: float, cloth: Cloth) -> None:
        """Fill a bag: a box that is a little wider at the bottom, with a darker flap, below `top`."""
        x, y = self.pose.project(np.array([top]))[0]
        half, tall = half_width * self.pose.height, height * self.pose.height
        for reach, low, factor in ((1.12, 1.04, self.rim_tone), (1.0, 1.0, 1.0), (0.93, 0.38, 0.78)):
            corners = [(-0.9, 0.0), (0.9, 0.0), (1.0, low), (-1.0, low)]
            self._fill(np.array((x, y)) + np.array(corners) * (half * reach, tall), cloth, factor)

    def patch(self, corners: Sequence[tuple], half_width: float, half_depth: float, cloth: Cloth) -> None:
        """Fill a piece of the chest with corners (left, up); nothing if the chest is out of sight."""
        if np.cos(self.pose.yaw) < 0.2:
            return
        left, up = np.array(corners).T
        ahead = half_depth * np.sqrt(np.clip(1 - (left / half_width) ** 2, 0, 1))
        self._fill(self.pose.project(np.stack((left, up, ahead), axis=1)), cloth, 1.0)

    def _capsule(
        self, start: np.ndarray, end: np.ndarray, start_radius: float, end_radius: float
    ) -> np.ndarray:
        along = (end - start) / max(np.hypot(*(end - start)), 1e-6)
        cap = _HALF_RING @ np.array((along, (-along[1], along[0]))) * self.pose.height
        return np.concatenate((end + cap * end_radius, start - cap * start_radius))

    def _fill(self, points: np.ndarray, cloth: Cloth, tone: float) -> None:
        outline = np.rint(points).astype(np.int32)
        cv2.fillPoly(self.canvas, [outline], _shaded(cloth.colour, tone))
        rows, columns = self.canvas.shape[:2]
        left, top = np.maximum(outline.min(axis=0), 0)
        right, bottom = np.minimum(outline.max(axis=0) + 1, (columns, rows))
        if cloth.pattern in ("plain", "print") or right <= left or bottom <= top:
            return
        mask = np.zeros((bottom - top, right - left), dtype=np.uint8)
        cv2.fillPoly(mask, [outline - (left, top)], 1)
        mask &= self._pattern(cloth, np.arange(left, right)[None], np.arange(top, bottom)[:, None])
        self.canvas[top:bottom, left:right][mask > 0] = _shaded(cloth.accent, tone)

    def _pattern(self, cloth: Cloth, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """True where the second colour of a cloth shows; broadcasts over columns `x` and rows `y`."""
        across = (x - self._origin[0]) / self.pose.height
        down = (y - self._origin[1]) / self.pose.height
        if cloth.pattern == "block":
            return down > 0.145
        column = np.floor(across / cloth.period * 2 + 0.5) % 2 == 0
        row = np.floor(down / cloth.period * 2) % 2 == 0
        return {"rows": row, "columns": column, "checks": row ^ column}[cloth.pattern]


def _shaded(colour: Colour, tone: float) -> tuple[int, int, int, int]:
    return (int(colour[0] * tone), int(colour[1] * tone), int(colour[2] * tone), 255)
