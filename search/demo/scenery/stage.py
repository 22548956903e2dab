"""Puts a scene together: ground, walls and sky, shadows, and the things that people walk behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from ..view import View
from .canvas import Canvas, Light
from .surface import Surface

_FAR = 400.0  # Metres that the ground reaches.
Place = tuple[float, float]  # (x, z) on the ground, metres


@dataclass(frozen=True)
class Lane:
    """A way that people take.

    Attributes:
        points: Where it leads, from one end to the other; both ends are out of sight.
        half_width: Metres to either side that people spread over.
    """

    points: tuple[Place, ...]
    half_width: float


@dataclass(frozen=True, eq=False)
class Matte:
    """What a thing hides.

    Attributes:
        base: Two ends of the line on which it stands; people beyond the line are behind it.
        corner: Pixel (x, y) of the upper left corner.
        alpha: Share of each pixel that it covers, float32 (h, w), 0..1.
    """

    base: tuple[Place, Place]
    corner: tuple[int, int]
    alpha: np.ndarray

    def hides(self, x: float, z: float) -> bool:
        """Whether somebody at this place stands behind it."""
        (x0, z0), (x1, z1) = self.base
        side = (x1 - x0) * (z - z0) - (z1 - z0) * (x - x0)
        eye = (x1 - x0) * -z0 + (z1 - z0) * x0
        return side * eye < 0


@dataclass(frozen=True, eq=False)
class Scene:
    """A painted place.

    Attributes:
        view: The camera.
        light: Sun and sky.
        backdrop: uint8 (height, width, 3), BGR.
        sunlit: Share of the sun that reaches the ground, float32 (height, width), 0..1.
        mattes: The things that people may walk behind.
        gloss: How strongly the floor mirrors, 0..1.
    """

    view: View
    light: Light
    backdrop: np.ndarray
    sunlit: np.ndarray
    mattes: tuple[Matte, ...]
    gloss: float = 0.0


@dataclass(eq=False)
class Stage:
    """A scene that is being painted; call the methods in the order in which they stand here.

    Attributes:
        view: The camera.
        light: Sun and sky.
        seed: Decides the details.
        canvas: What is painted on, some times larger than the picture, which smooths all outlines.
    """

    view: View
    light: Light
    seed: tuple[int, ...]
    canvas: Canvas = field(init=False)
    _is_ground: np.ndarray = field(init=False)
    _shadows: np.ndarray = field(init=False)
    _walls: list = field(init=False, default_factory=list)
    _props: list = field(init=False, default_factory=list)

    def __post_init__(self):
        self._oversample = 3 if self.view.size[0] <= 960 else 2
        self.canvas = self._new_canvas()
        self.rng = self.canvas.rng
        self._shadows = np.zeros_like(self.canvas.cover)

    def sky(self, zenith: np.ndarray, horizon: np.ndarray, clouds: float = 0.0) -> None:
        """Fill everything with a sky that grows paler towards the horizon."""
        rise = self.canvas.rays[..., 1] / np.linalg.norm(self.canvas.rays, axis=2)
        up = np.clip(rise / 0.35, 0, 1)[..., None]
        self.canvas.image[:] = horizon + (zenith - horizon) * np.sqrt(up)
        if clouds:
            across = self.canvas.rays[..., 0] / self.canvas.rays[..., 2]
            puffs = Surface(across * 12, rise * 40, np.random.default_rng(self.seed))
            depth = sum(puffs.noise(4 / 2**k, 9 / 2**k) / 2**k for k in range(5))
            self.canvas.image += np.clip(depth * clouds, 0, 1)[..., None] * (246 - self.canvas.image)

    def ground(self, paint: Callable[[Surface], np.ndarray]) -> None:
        """Paint the ground as far as the horizon; `u` is x and `v` is z."""
        self.canvas.cover[:] = 0
        width = 2 * _FAR
        self.canvas.plane(
            (-_FAR, 0, 0),
            ((width, 0, 0), (0, 0, _FAR)),
            lambda s: paint(s.within(s.u - np.float32(_FAR), s.v)),
            self.light.on((0, 1, 0)),
        )
        self._is_ground = self.canvas.cover > 0

    def walls(self, paint: Callable[[Canvas], None]) -> None:
        """Paint what stands behind all the ways."""
        self.canvas.cover[:] = 0
        self._walls.append(paint)
        paint(self.canvas)
        self._is_ground &= self.canvas.cover == 0

    def prop(
        self, base: tuple[Place, Place], paint: Callable[[Canvas], None], casts: Sequence[np.ndarray] = ()
    ) -> None:
        """Add a thing that people walk behind.

        Args:
            base: See `Matte`.
            paint: Paints it.
            casts: Bodies that throw its shadow, each the corners of a convex one, float (n, 3).
        """
        self._props.append((base, paint))
        for body in casts:
            self.cast(body)

    def cast(self, body: np.ndarray) -> None:
        """Add the shadow that a convex body with these corners throws on the ground, float (n, 3)."""
        sun = np.array(self.light.sun)
        body = np.asarray(body, dtype=float)
        fallen = body - sun * (body[:, 1] / sun[1])[:, None]
        pixels, depth = self.canvas.view.see(fallen)
        if depth.min() > 0.3:
            hull = cv2.convexHull(np.rint(pixels).astype(np.int32))
            cv2.fillConvexPoly(self._shadows, hull, 255)

    def shade(self, patches: np.ndarray) -> None:
        """Add shade on the ground, uint8 (height, width) of the canvas, 255 for none of the sun."""
        np.maximum(self._shadows, patches, out=self._shadows)

    def finish(self, softness: float = 1.5, gloss: float = 0.0) -> Scene:
        """Throw the shadows, paint the props from far to near and shrink it all.

        Args:
            softness: Blur of the shadows' outlines, pixels.
            gloss: See `Scene`.
        """
        image, size = self.canvas.image, self.view.size
        shadows = cv2.GaussianBlur(self._shadows, (0, 0), softness * self._oversample)
        sunlit = 1 - shadows.astype(np.float32) / 255
        level = self.light.on((0, 1, 0))
        dark = np.array(self.light.ambient, dtype=np.float32) / level
        factor = dark + (1 - dark) * sunlit[..., None]
        np.multiply(image, factor, out=image, where=self._is_ground[..., None])
        self._props.sort(key=lambda prop: -_distance(prop[0]))
        if gloss:
            self._mirror(gloss)
        mattes = []
        for base, paint in self._props:
            self.canvas.cover[:] = 0
            paint(self.canvas)
            mattes += self._matte(base)
        shrunk = cv2.resize(np.clip(image, 0, 255), size, interpolation=cv2.INTER_AREA)
        sunlit = cv2.resize(sunlit, size, interpolation=cv2.INTER_AREA)
        backdrop = np.rint(shrunk).astype(np.uint8)
        return Scene(self.view, self.light, backdrop, sunlit, tuple(mattes), gloss)

    def _mirror(self, gloss: float) -> None:
        """Let the floor mirror what stands on it."""
        below = self._new_canvas()
        below.mirrored = True
        for paint in (*self._walls, *(paint for _, paint in self._props)):
            paint(below)
        blurred = cv2.blur(below.image, (self._oversample, 5 * self._oversample))
        share = gloss * (self._is_ground & (below.cover > 0))
        self.canvas.image += (blurred - self.canvas.image) * share[..., None].astype(np.float32)

    def _new_canvas(self) -> Canvas:
        return Canvas(self.view.scaled(self._oversample), self.light, self.seed)

    def _matte(self, base: tuple[Place, Place]) -> list[Matte]:
        alpha = cv2.resize(self.canvas.cover, self.view.size, interpolation=cv2.INTER_AREA)
        x, y, width, height = cv2.boundingRect(alpha)
        if not width:
            return []
        part = alpha[y : y + height, x : x + width].astype(np.float32) / 255
        return [Matte(base, (x, y), part)]


def _distance(base: tuple[Place, Place]) -> float:
    return float(np.hypot(*np.mean(base, axis=0)))
