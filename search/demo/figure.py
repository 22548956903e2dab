"""A walker at one moment, as a camera sees them before anything hides them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np

from .portraits import Portraits
from .scenery.stage import Scene
from .walker import Walker

_NEAREST = 1.0  # Metres; people who are closer to the camera are below its picture.


@dataclass(frozen=True)
class Presence:
    """A walker at one moment.

    Attributes:
        number: Of the person.
        walker: Who walks.
        place: (x, z) on the ground, metres.
        heading: (x, z) direction in which they walk, of length 1.
        walked: Metres since they set off.
    """

    number: int
    walker: Walker
    place: tuple[float, float]
    heading: tuple[float, float]
    walked: float


class Layer(NamedTuple):
    """A picture that lies over a part of the frame."""

    rows: slice
    columns: slice
    pixels: np.ndarray  # uint8 (h, w) or (h, w, 4)


class Figure:
    """A walker before a camera.

    Args:
        scene: What the camera looks at.
        portraits: Pictures of people as it sees them.
        presence: The walker.

    Attributes:
        number: Of the person.
        place: (x, z) on the ground, metres.
        depth: Metres along the optical axis.
        sunlit: Share of the sun that reaches them, 0..1.
        in_sight: Whether they may be in the picture.
    """

    def __init__(self, scene: Scene, portraits: Portraits, presence: Presence):
        """See the class."""
        self.number, self.place, self._scene = presence.number, presence.place, scene
        x, z = presence.place
        self._foot, depth = scene.view.see((x, 0, z))
        self.depth = float(depth)
        self.in_sight = self.depth > _NEAREST
        if not self.in_sight:
            return
        self._metre = scene.view.focal * scene.view.size[0] / self.depth  # pixels
        walker, distance = presence.walker, np.hypot(x, z)
        towards, (along, ahead) = np.array((x, z)) / -distance, presence.heading
        yaw = np.arctan2(ahead * towards[0] - along * towards[1], np.dot(presence.heading, towards))
        pitch = np.arctan2(scene.view.height - walker.height / 2, distance)
        phase = np.pi * presence.walked / walker.step
        height = walker.height * self._metre
        self._sprite = portraits.sprite(self.number, walker, (float(yaw), float(pitch)), phase, height)
        self._scale = height / self._sprite.height
        self.in_sight = self.layer.pixels.size > 0
        column, row = np.clip(self._foot, 0, np.array(scene.view.size) - 1).astype(int)
        self.sunlit = float(scene.sunlit[row, column])

    @cached_property
    def layer(self) -> Layer:
        """The person, (h, w, 4), BGR multiplied by alpha, then alpha."""
        return self._warp(self._sprite.image, self._matrix((self._scale, 0), (0, self._scale)))

    @property
    def area(self) -> int:
        """Pixels of their whole outline, also of those out of the picture."""
        whole = self._warp(
            self._sprite.image[..., 3], self._matrix((self._scale, 0), (0, self._scale)), False
        )
        return int(np.count_nonzero(whole.pixels > 127))

    def mirrored(self) -> Layer:
        """The same for their mirror image in the floor."""
        return self._warp(self._sprite.image, self._matrix((self._scale, 0), (0, -self._scale)))

    def thrown_shadow(self) -> Layer:
        """Where they keep the sun from the ground, (h, w)."""
        (right, up, ahead), (x, z) = self._scene.light.sun, self.place
        tall = self._sprite.height * self._scale / self._metre
        tip, depth = self._scene.view.see((x - right / up * tall, 0, z - ahead / up * tall))
        along = (self._foot - tip) / self._sprite.height if depth > _NEAREST else np.zeros(2)
        return self._warp(self._sprite.shadow, self._matrix((self._scale, 0), tuple(along)))

    def soft_shadow(self) -> Layer:
        """Where they keep the sky's light from the ground below them, (h, w)."""
        spot = np.zeros((24, 64), dtype=np.uint8)
        cv2.ellipse(spot, (32, 12), (22, 7), 0, 0, 360, 255, -1, cv2.LINE_AA)
        size = self._metre * 0.75 / 64
        left, top = self._foot - np.array((32, 12)) * size
        return self._warp(cv2.GaussianBlur(spot, (0, 0), 3), np.array(((size, 0, left), (0, size, top))))

    def _matrix(self, across: tuple[float, float], down: tuple[float, float]) -> np.ndarray:
        """The affine map from the sprite to the frame that leaves the feet where they are."""
        linear = np.array((across, down)).T
        return np.concatenate((linear, (self._foot - linear @ self._sprite.foot)[:, None]), axis=1)

    def _warp(self, image: np.ndarray, matrix: np.ndarray, clipped: bool = True) -> Layer:
        """Map a picture to the frame; not clipped, the layer may lie outside of it."""
        height, width = image.shape[:2]
        ends = np.array(((0, 0, 1), (width, 0, 1), (0, height, 1), (width, height, 1))) @ matrix.T
        ends = np.stack((np.floor(ends.min(axis=0)) - 1, np.ceil(ends.max(axis=0)) + 2))
        if clipped:
            ends = np.clip(ends, 0, self._scene.view.size)
        (left, top), (right, bottom) = ends.astype(int)
        if right <= left or bottom <= top:
            return Layer(slice(0, 0), slice(0, 0), np.zeros((0, 0, *image.shape[2:]), dtype=np.uint8))
        moved = matrix - ((0, 0, left), (0, 0, top))
        pixels = cv2.warpAffine(image, moved, (int(right - left), int(bottom - top)), flags=cv2.INTER_LINEAR)
        return Layer(slice(top, bottom), slice(left, right), pixels)
