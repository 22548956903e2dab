"""Pictures of people who walk, as one camera sees them."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np

from data.datasets.drawing.camera import Sensor
from data.datasets.drawing.figure import draw_person
from data.datasets.drawing.soft_pen import SoftPen

from .walker import Walker

_PHASES, _YAWS = 20, 36  # How finely two steps and a turn are divided.
_PITCH = 0.1  # Radians by which pictures differ in pitch.
_LEVELS = tuple(int(24 * 2 ** (k / 2)) for k in range(12))  # Heights that people are drawn in, pixels.


@dataclass(frozen=True, eq=False)
class Sprite:
    """A picture of a person.

    Attributes:
        image: uint8 (h, w, 4), BGR multiplied by alpha, then alpha.
        shadow: Its alpha, blurred, uint8 (h, w).
        foot: Pixel (x, y) of the ground point between the feet.
        height: Body height in pixels.
    """

    image: np.ndarray
    shadow: np.ndarray
    foot: tuple[float, float]
    height: float


class Portraits:
    """Draws pictures when first asked for them, and keeps those that were asked for last.

    Args:
        sensor: The camera's colours.
        glow: Factors of blue, green and red by which people are lit.
        light: See `SoftPen`.
        most_bytes: How much memory the pictures may take.
    """

    def __init__(
        self, sensor: Sensor, glow: np.ndarray, light: tuple[float, float], most_bytes: int = 96 << 20
    ):
        """See the class."""
        self._sensor, self._glow = sensor, glow
        self._make_pen = partial(SoftPen, light=light)
        self._kept: OrderedDict[tuple, Sprite] = OrderedDict()
        self._room = most_bytes

    def sprite(
        self, number: int, walker: Walker, facing: tuple[float, float], phase: float, height: float
    ) -> Sprite:
        """A picture of a walker that is at least as tall as asked for, if not enormous.

        Args:
            number: Of the walker.
            walker: The walker.
            facing: Yaw and pitch, see `Pose`.
            phase: See `Walker.pose`.
            height: Body height in pixels.
        """
        level = next((level for level in _LEVELS if level >= height), _LEVELS[-1])
        yaw = round(facing[0] / (2 * np.pi) * _YAWS) % _YAWS
        key = (number, yaw, round(facing[1] / _PITCH), int(phase / (2 * np.pi) * _PHASES) % _PHASES, level)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        sprite = self._kept[key] = self._draw(walker, *key)
        self._room -= sprite.image.nbytes + sprite.shadow.nbytes
        while self._room < 0 and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._room += oldest.image.nbytes + oldest.shadow.nbytes
        return sprite

    def _draw(self, walker: Walker, number: int, yaw: int, pitch: int, phase: int, level: int) -> Sprite:
        scale = 3 if level < 100 else 2  # Drawn larger and then shrunk, which smooths the outlines.
        turn = 2 * np.pi
        pose = walker.pose(yaw / _YAWS * turn, pitch * _PITCH, phase / _PHASES * turn, level * scale)
        foot = (round(level * 0.45), round(level * 1.05))
        canvas = np.zeros((round(level * 1.12) * scale, foot[0] * 2 * scale, 4), dtype=np.uint8)
        at = (foot[0] * scale, foot[1] * scale + pose.foot[1])
        draw_person(canvas, walker.person, replace(pose, foot=at), self._make_pen)
        left, top, width, height = cv2.boundingRect(canvas[..., 3])
        x, y, right, bottom = (
            left // scale,
            top // scale,
            -(-(left + width) // scale),
            -(-(top + height) // scale),
        )
        part = canvas[y * scale : bottom * scale, x * scale : right * scale]
        small = cv2.resize(part, (right - x, bottom - y), interpolation=cv2.INTER_AREA)
        image = self._develop(small, number)
        return Sprite(image, cv2.blur(image[..., 3], (3, 3)), (foot[0] - x, foot[1] - y), level)

    def _develop(self, image: np.ndarray, number: int) -> np.ndarray:
        """What the camera makes of a picture, uint8 (h, w, 4), of premultiplied colours."""
        alpha = image[..., 3:].astype(np.float32) / 255
        colour = image[..., :3] / np.maximum(alpha, 1e-3) * (self._glow * _tone(image.shape[:2], number))
        seen = np.rint(self._sensor.develop(colour) * alpha)
        return np.concatenate((seen.astype(np.uint8), image[..., 3:]), axis=2)


def _tone(shape: tuple[int, int], number: int) -> np.ndarray:
    """Folds of the clothes, and less of the sky's light farther down, float32 (h, w, 1)."""
    folds = np.random.default_rng(number).normal(0, 0.035, (20, 8)).astype(np.float32)
    fall = np.linspace(1.05, 0.86, shape[0], dtype=np.float32)[:, None]
    return (fall + cv2.resize(folds, shape[::-1], interpolation=cv2.INTER_CUBIC))[..., None]
