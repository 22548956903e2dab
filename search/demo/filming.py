"""One camera's frames: people put into a painted scene, and where each of them is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from data.datasets.drawing.camera import Sensor

from .figure import Figure, Layer, Presence
from .portraits import Portraits
from .scenery.stage import Scene

_SOFT = 0.55  # Strength of the soft shadow below people.
_DRIFT = 64  # Pixels that the noise moves by, at most.


@dataclass(frozen=True)
class Sighting:
    """A person in a frame.

    Attributes:
        number: Of the person.
        box: x, y, width and height in pixels of their whole outline within the picture, also of what
            something hides.
        visibility: Share of their outline that is seen, 0..1; what is out of the picture is not.
        company: Share of the box that other people fill, 0..1.
    """

    number: int
    box: tuple[int, int, int, int]
    visibility: float
    company: float


class Camera:
    """A camera that films walkers.

    Args:
        scene: What it looks at.
        sensor: Its colours.
        noise: Standard deviation of its noise, in 0..255.
        seed: Decides the noise.
    """

    def __init__(self, scene: Scene, sensor: Sensor, noise: float, seed: Sequence[int]):
        """See the class."""
        self._scene, light = scene, scene.light
        self._shade = np.float32(light.ambient) / light.on((0, 1, 0))  # of the ground, out of the sun
        self._portraits = Portraits(sensor, _glow(scene), _side(scene))
        self._backdrop = sensor.develop(scene.backdrop)
        self._rng = np.random.default_rng(seed)
        self._grain = self._make_grain(noise)

    def film(self, people: Sequence[Presence]) -> tuple[np.ndarray, list[Sighting]]:
        """Draw the next frame.

        Args:
            people: Everybody on the scene, each person once.

        Returns:
            The frame, uint8 (height, width, 3), BGR, and all of whom anything is seen, from far to near.
        """
        frame = self._backdrop.copy()
        figures = [Figure(self._scene, self._portraits, presence) for presence in people]
        figures = sorted((figure for figure in figures if figure.in_sight), key=lambda figure: -figure.depth)
        for figure in figures:
            self._draw_on_ground(frame, figure)
        owner = np.zeros(frame.shape[:2], dtype=np.int32)
        for figure in figures:
            self._draw(frame, owner, figure)
        seen = [_look(owner, figure) for figure in figures]
        return self._add_noise(frame), [sighting for sighting in seen if sighting.visibility > 0]

    def _draw(self, frame: np.ndarray, owner: np.ndarray, figure: Figure) -> None:
        rows, columns, pixels = figure.layer
        clear = self._clear(figure, figure.layer)
        tone = self._shade + (1 - self._shade) * figure.sunlit
        alpha = pixels[..., 3] * (clear / np.float32(255))
        part = frame[rows, columns]
        part[:] = np.rint(part * (1 - alpha[..., None]) + pixels[..., :3] * (tone * clear[..., None]))
        owner[rows, columns][alpha > 0.5] = figure.number

    def _draw_on_ground(self, frame: np.ndarray, figure: Figure) -> None:
        """The shadows and, on a polished floor, the mirror image."""
        for layer, strength in ((figure.thrown_shadow(), figure.sunlit), (figure.soft_shadow(), _SOFT)):
            share = layer.pixels * (self._clear(figure, layer) * np.float32(strength / 255))
            part = frame[layer.rows, layer.columns]
            part[:] = part * (1 - (1 - self._shade) * share[..., None])
        if self._scene.gloss:
            layer = figure.mirrored()
            share = self._clear(figure, layer)[..., None] * np.float32(self._scene.gloss)
            part = frame[layer.rows, layer.columns]
            part[:] = (
                part * (1 - share * (layer.pixels[..., 3:] / np.float32(255))) + share * layer.pixels[..., :3]
            )

    def _clear(self, figure: Figure, layer: Layer) -> np.ndarray:
        """How much of each pixel of a layer nothing in front of a figure hides, float32 (h, w), 0..1."""
        top, left = layer.rows.start, layer.columns.start
        clear = np.ones(layer.pixels.shape[:2], dtype=np.float32)
        for matte in self._scene.mattes:
            (x, y), (height, width) = matte.corner, matte.alpha.shape
            x0, y0 = max(x, left), max(y, top)
            x1, y1 = min(x + width, layer.columns.stop), min(y + height, layer.rows.stop)
            if x0 < x1 and y0 < y1 and matte.hides(*figure.place):
                clear[y0 - top : y1 - top, x0 - left : x1 - left] *= (
                    1 - matte.alpha[y0 - y : y1 - y, x0 - x : x1 - x]
                )
        return clear

    def _make_grain(self, strength: float) -> np.ndarray:
        """Noise that is partly the same in all colours, int8, a little larger than a frame."""
        width, height = self._scene.view.size
        grain = self._rng.standard_normal((height + _DRIFT, width + _DRIFT, 4), dtype=np.float32)
        return np.rint((0.6 * grain[..., :3] + 0.8 * grain[..., 3:]) * strength).astype(np.int8)

    def _add_noise(self, frame: np.ndarray) -> np.ndarray:
        """The same grain for all frames would look painted on: each has another part of it."""
        (height, width), (x, y) = frame.shape[:2], self._rng.integers(0, _DRIFT, 2)
        return cv2.add(frame, self._grain[y : y + height, x : x + width], dtype=cv2.CV_8U)


def _glow(scene: Scene) -> np.ndarray:
    """How people are lit: on the side towards the camera, on top, and a little round to the sun."""
    _, _, forward = scene.view.axes()
    towards = -forward * (1, 0, 1) / np.hypot(forward[0], forward[2])
    lit = towards + (0, 0.7, 0) + 0.6 * np.array(scene.light.sun)
    return scene.light.on(lit / np.linalg.norm(lit))


def _side(scene: Scene) -> tuple[float, float]:
    """Where the sun is as the camera sees it: right, and behind the camera."""
    right, _, forward = scene.view.axes()
    return float(right @ scene.light.sun), -float((forward * (1, 0, 1)) @ scene.light.sun)


def _look(owner: np.ndarray, figure: Figure) -> Sighting:
    rows, columns, pixels = figure.layer
    x, y, width, height = cv2.boundingRect((pixels[..., 3] > 127).astype(np.uint8))
    box = owner[rows, columns][y : y + height, x : x + width]
    seen = int(np.count_nonzero(box == figure.number))
    others = int(np.count_nonzero(box)) - seen
    place = (int(columns.start) + x, int(rows.start) + y, width, height)
    return Sighting(figure.number, place, seen / max(figure.area, 1), others / max(box.size, 1))
