"""Where a camera stands and looks: from metres in the world to pixels of its picture, and back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class View:
    """A pinhole camera above the origin of a world with the axes (right, up, ahead), in metres.

    Attributes:
        size: Width and height of the picture in pixels.
        focal: Focal length as a multiple of the picture's width.
        height: Metres above the ground.
        pitch: Radians by which it looks down.
        yaw: Radians by which it looks to the right of the world's ahead.
    """

    size: tuple[int, int]
    focal: float
    height: float
    pitch: float
    yaw: float = 0.0

    def scaled(self, factor: int) -> View:
        """The same view in a picture this many times as large."""
        return replace(self, size=(self.size[0] * factor, self.size[1] * factor))

    def axes(self) -> np.ndarray:
        """The camera's right, up and forward in the world, float64 (3, 3)."""
        sin, cos, down, level = np.sin(self.yaw), np.cos(self.yaw), np.sin(self.pitch), np.cos(self.pitch)
        return np.array(((cos, 0, -sin), (sin * down, level, cos * down), (sin * level, -down, cos * level)))

    def see(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where places appear.

        Args:
            points: Places in the world, float (..., 3), metres.

        Returns:
            Pixels (x, y), float64 (..., 2), and depth along the optical axis, float64 (...), metres.
        """
        seen = (np.asarray(points, dtype=float) - (0, self.height, 0)) @ self.axes().T
        depth = seen[..., 2]
        width, height = self.size
        pixels = self.focal * width * seen[..., :2] / np.maximum(depth, 1e-3)[..., None]
        return pixels * (1, -1) + (width / 2, height / 2), depth

    def rays(self) -> np.ndarray:
        """The direction in which each pixel looks, in the world, float32 (height, width, 3)."""
        width, height = self.size
        x = (np.arange(width) + 0.5 - width / 2) / (self.focal * width)
        y = (height / 2 - np.arange(height) - 0.5) / (self.focal * width)
        right, up, forward = self.axes()
        return (x[None, :, None] * right + y[:, None, None] * up + forward).astype(np.float32)
