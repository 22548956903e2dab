"""A park in the evening: a winding path, lawns, benches, hedges and old trees."""

from __future__ import annotations

import numpy as np

from ..view import View
from .canvas import Canvas, Light
from .foliage import paint_crown
from .props import add_bench, add_hedge, add_lamp, add_tree
from .stage import Lane, Scene, Stage
from .surface import Surface, mix, rgb

_SUN = np.array((0.66, 0.56, 0.30))
_LIGHT = Light(tuple(_SUN / np.linalg.norm(_SUN)), direct=(0.42, 0.64, 0.80), ambient=(0.58, 0.55, 0.52))
_CROSS = 12.6  # Where the second path crosses, metres ahead.
_BELOW, _BEHIND_HEDGE = (-1.1, 2.2), (5.6, 25.0)
LANES = (
    Lane(((-7.9, 12.1), (0.0, 12.6), (8.0, 13.1)), 0.8),
    Lane((_BELOW, (-0.6, 6.0), (-0.9, 10.0), (-3.6, 12.3), (-7.9, 12.1)), 0.6),
    Lane((_BELOW, (-0.3, 6.0), (0.4, 10.0), (3.4, 12.8), (8.0, 13.1)), 0.6),
    Lane((_BELOW, (-0.3, 6.0), (0.8, 12.0), (1.6, 18.0), (1.9, 21.6), (3.4, 23.8), _BEHIND_HEDGE), 0.7),
    Lane((_BEHIND_HEDGE, (3.4, 23.8), (1.9, 21.6), (1.5, 18.0), (-0.5, 13.6), (-7.9, 12.1)), 0.7),
)


def paint_park(size: tuple[int, int], seed: tuple[int, ...]) -> Scene:
    """Paint the park for a picture of this (width, height)."""
    view = View(size, focal=0.95, height=3.0, pitch=0.13)
    stage = Stage(view, _LIGHT, seed)
    stage.sky(rgb("88aed0"), rgb("f6e7cf"), clouds=0.5)
    stage.ground(_paint_ground)
    stage.walls(_paint_distance)
    for x, z, height in ((-7.0, 15.6, 7.5), (6.4, 18.0, 8.0), (-10, 27, 9), (9.5, 30, 9), (-3.5, 36, 9)):
        add_tree(stage, x, z, height, height * 0.34, rgb("6b8f3c"))
    add_bench(stage, -3.6, 15.2)
    add_bench(stage, 4.6, 10.9)
    add_lamp(stage, -2.9, 10.6, 4.2)
    add_lamp(stage, 4.2, 20.2, 4.2)
    add_hedge(stage, (2.4, 0, 7.9), (6.0, 0.85, 8.7))
    add_hedge(stage, (3.9, 0, 21.8), (10.5, 2.1, 23.0))
    return stage.finish()


def _path_middle(z: np.ndarray | float) -> np.ndarray | float:
    """Where the main path lies at this distance, x in metres."""
    return -0.4 + 1.5 * np.sin((z - 5) / 8.0) + 0.002 * np.square(z) + 0.12 * np.maximum(z - 20, 0) ** 2


def _paint_ground(s: Surface) -> np.ndarray:
    blades = 0.10 * s.noise(0.12) + 0.09 * s.noise(0.5) + 0.10 * s.noise(2.2) + 0.08 * s.noise(7)
    lawn = mix(rgb("7d9a45"), rgb("98ab55"), np.clip(0.5 + s.noise(4) * 0.5, 0, 1)) * (1 + blades)[..., None]
    lawn = mix(lawn, rgb("c3bd78"), 0.5 * np.clip(s.noise(0.09) - 0.55, 0, 1))
    gravel = rgb("d0c0a2") * (1 + 0.05 * s.noise(0.06) + 0.05 * s.noise(0.4) + 0.05 * s.noise(2))[..., None]
    wobble = 0.10 * s.noise(0.6)
    off = (
        np.minimum(np.abs(s.u - _path_middle(s.v)) - 1.55, np.abs(s.v - _CROSS - 0.06 * s.u) - 1.25) + wobble
    )
    on_path = np.clip(0.5 - off / np.maximum(0.12, s.fine_v * 0.5), 0, 1)
    edge = np.clip(1 - np.abs(off - 0.1) / 0.22, 0, 1)
    image = mix(lawn, gravel, on_path)
    image = mix(image, rgb("6e6a3c"), 0.45 * edge)
    haze = np.clip((s.v - 18) / 130, 0, 0.7)
    return mix(image, rgb("c9c9a0"), haze)


def _paint_distance(canvas: Canvas) -> None:
    rng = canvas.rng
    for z, tall, tone in ((85, 12, 0.75), (66, 8.5, 0.55), (52, 3.2, 0.35)):
        colour = mix(rgb("6b8f3c"), rgb("c4cdb0"), tone)
        canvas.plane(
            (-z, 0, z + 2),
            ((2 * z, 0, 0), (0, tall * 0.55, 0)),
            lambda s, colour=colour: colour * (0.78 + 0.1 * s.noise(3.0) + 0.08 * s.noise(0.8))[..., None],
        )
        for x in np.arange(-z * 0.62, z * 0.62, tall * 0.5):
            spread = tall * float(rng.uniform(0.3, 0.42))
            middle = (float(x + rng.normal(0, 1)), tall - spread + float(rng.normal(0, 0.1 * tall)), z)
            paint_crown(canvas, middle, (spread * 1.1, spread, spread), colour, 0.075 * tall)
