"""Paints solid things, placed in metres, as a camera sees them under the sun."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..view import View
from .surface import Surface

_NEAREST = 0.3  # Metres; nothing closer to the camera is drawn.


@dataclass(frozen=True)
class Light:
    """Sun and sky.

    Attributes:
        sun: Direction towards the sun, (right, up, ahead), of length 1.
        direct: Brightness that the sun adds to a surface that faces it, BGR.
        ambient: Brightness in the shade, BGR.
    """

    sun: tuple[float, float, float]
    direct: tuple[float, float, float]
    ambient: tuple[float, float, float]

    def on(self, normal: Sequence[float]) -> np.ndarray:
        """Factors of blue, green and red for a surface with this outward direction, float32 (3,)."""
        facing = max(0.0, float(np.dot(normal, self.sun)))
        sky = np.float32(0.85 + 0.15 * normal[1])
        return np.float32(self.ambient) * sky + np.float32(self.direct) * np.float32(facing)


class Canvas:
    """A picture to paint on, from far to near.

    Args:
        view: The camera; the picture has the size of its.
        light: Sun and sky.
        seed: Decides the details.

    Attributes:
        image: float32 (height, width, 3), BGR in 0..255.
        cover: 255 where something has been painted, uint8 (height, width).
        rays: See `View.rays`.
        mirrored: Whether everything appears upside down below the ground, as in a polished floor.
    """

    def __init__(self, view: View, light: Light, seed: Sequence[int]):
        """See the class."""
        self.view, self.light, self._seed = view, light, tuple(seed)
        self.rng = np.random.default_rng(self._seed)
        width, height = view.size
        self.image = np.zeros((height, width, 3), dtype=np.float32)
        self.cover = np.zeros((height, width), dtype=np.uint8)
        self._eye = np.array((0, view.height, 0), dtype=np.float32)
        self.rays = view.rays()
        self.mirrored = False

    def see(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pixels and depth of places; see `View.see`."""
        flip = (1, -1, 1) if self.mirrored else (1, 1, 1)
        return self.view.see(np.asarray(points, dtype=float) * flip)

    def plane(
        self,
        origin: Sequence[float],
        edges: Sequence[Sequence[float]],
        paint: Callable[[Surface], np.ndarray],
        lit: np.ndarray | None = None,
    ) -> None:
        """Paint a parallelogram.

        Args:
            origin: One corner, metres.
            edges: The two edges from it, metres; coordinates of the surface run along them.
            paint: Gives the colour of each pixel, float32 (h, w, 3), in bright light.
            lit: Factors of the colours; by default those of the light on the side that is seen.
        """
        flip = (1, -1, 1) if self.mirrored else (1, 1, 1)
        origin, along, up = (np.array(x, dtype=np.float32) * flip for x in (origin, *edges))
        origin, along, up = (x.astype(np.float32) for x in (origin, along, up))
        region = self._region([origin, origin + along, origin + up, origin + along + up])
        if region is None:
            return
        wide, tall = np.linalg.norm(along), np.linalg.norm(up)
        along, up = along / wide, up / tall
        normal = np.cross(along, up)
        rays = self.rays[region]
        distance = np.dot(origin - self._eye, normal) / _nonzero(rays @ normal)
        hit = self._eye - origin + rays * distance[..., None]
        u, v = hit @ along, hit @ up
        inside = (distance > _NEAREST) & (u >= 0) & (u < wide) & (v >= 0) & (v < tall)
        u, v = np.clip(u, -1, wide + 1), np.clip(v, -1, tall + 1)
        if lit is None:
            lit = self.light.on(normal if np.dot(normal, self._eye - origin) > 0 else -normal)
        place = np.abs(np.rint(origin * 16)).astype(int)  # The mirrored surface has the same details.
        colour = paint(Surface(u, v, np.random.default_rng([*self._seed, *place]))) * lit
        np.copyto(self.image[region], colour, where=inside[..., None])
        self.cover[region][inside] = 255

    def polygon(self, corners: Sequence[Sequence[float]], colour: np.ndarray) -> None:
        """Fill a flat shape with corners in the world; `colour` is BGR as it is seen."""
        pixels, depth = self.see(corners)
        if depth.min() > _NEAREST:
            outline = [np.rint(pixels * 16).astype(np.int32)]
            cv2.fillPoly(self.image, outline, [float(value) for value in colour], shift=4)
            cv2.fillPoly(self.cover, outline, 255, shift=4)

    def box(self, low: Sequence[float], high: Sequence[float], colour: np.ndarray) -> None:
        """Fill a block between two opposite corners, lower and higher in all three axes."""
        (x0, y0, z0), (x1, y1, z1) = low, high
        side, normal = (x0, (-1, 0, 0)) if x0 > 0 else (x1, (1, 0, 0))
        if x0 > 0 or x1 < 0:
            corners = [(side, y0, z0), (side, y1, z0), (side, y1, z1), (side, y0, z1)]
            self.polygon(corners, colour * self.light.on(normal))
        if y1 < self.view.height:
            top = [(x0, y1, z0), (x1, y1, z0), (x1, y1, z1), (x0, y1, z1)]
            self.polygon(top, colour * self.light.on((0, 1, 0)))
        front = [(x0, y0, z0), (x1, y0, z0), (x1, y1, z0), (x0, y1, z0)]
        self.polygon(front, colour * self.light.on((0, 0, -1)))

    def pillar(
        self, foot: tuple[float, float], rows: Sequence[tuple[float, float]], colour: np.ndarray
    ) -> None:
        """Fill an upright round body above (x, z), a stack of rings, each (height, radius), from below."""
        x, z = foot
        towards = np.arctan2(-z, -x)
        turns = np.linspace(-np.pi / 2, np.pi / 2, 25) + towards
        for left, right in zip(turns, turns[1:], strict=False):
            middle = (left + right) / 2
            tone = self.light.on((np.cos(middle), 0.0, np.sin(middle)))
            ring = [
                [(x + r * np.cos(t), y, z + r * np.sin(t)) for y, r in rows] for t in (left, right + 0.02)
            ]
            self.polygon([*ring[0], *ring[1][::-1]], colour * tone)
        top, radius = rows[-1]
        if top < self.view.height:
            around = np.linspace(0, 2 * np.pi, 24, endpoint=False)
            cap = [(x + radius * np.cos(t), top, z + radius * np.sin(t)) for t in around]
            self.polygon(cap, colour * self.light.on((0, 1, 0)))

    def _region(self, corners: Sequence[np.ndarray]) -> tuple[slice, slice] | None:
        """The part of the picture that a shape may touch: all of it if it reaches behind the camera."""
        pixels, depth = self.view.see(np.stack(corners))
        width, height = self.view.size
        if depth.max() <= _NEAREST:
            return None
        if depth.min() <= _NEAREST:
            return slice(0, height), slice(0, width)
        left, top = np.maximum(np.floor(pixels.min(axis=0)).astype(int) - 1, 0)
        right, bottom = np.minimum(np.ceil(pixels.max(axis=0)).astype(int) + 2, (width, height))
        return (slice(top, bottom), slice(left, right)) if right - left > 1 and bottom - top > 1 else None


def _nonzero(values: np.ndarray) -> np.ndarray:
    return np.where(np.abs(values) < 1e-9, np.float32(1e-9), values)
