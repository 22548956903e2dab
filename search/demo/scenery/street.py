"""A shopping street in the afternoon sun: people on both pavements, cars at the kerb between them."""

from __future__ import annotations

from functools import partial

import numpy as np

from ..view import View
from .canvas import Canvas, Light
from .car import add_car, add_van
from .facade import House, paint_house
from .props import add_lamp, add_tree, add_tub
from .stage import Lane, Scene, Stage
from .surface import Surface, mix, rgb

_NEAR_KERB, _FAR_KERB, _FRONT = 10.4, 16.2, 19.6
_CROSSING = (6.4, 9.6)  # Metres along the street.
_SUN = np.array((-0.62, 0.66, -0.42))
_LIGHT = Light(tuple(_SUN / np.linalg.norm(_SUN)), direct=(0.50, 0.62, 0.70), ambient=(0.60, 0.55, 0.52))
_HOUSES = (
    ("d8c3a2", "7a2e2b", False),
    ("a4614a", "2f5d50", True),
    ("c9cdc6", "27496d", False),
    ("e0b783", "8a5a2b", False),
    ("8f4f40", "3b3b44", True),
    ("b7c4b1", "a8442f", False),
)
LANES = (
    Lane(((-1.4, 8.0), (6.0, 7.9), (14.6, 8.2)), 0.8),
    Lane(((-1.4, 17.9), (8.0, 18.0), (17.2, 17.8)), 0.8),
    Lane(((-1.4, 17.8), (6.2, 17.7), (7.8, 16.0), (8.1, 10.4), (9.6, 8.7), (14.6, 8.2)), 0.6),
)


def paint_street(size: tuple[int, int], seed: tuple[int, ...]) -> Scene:
    """Paint the street for a picture of this (width, height)."""
    view = View(size, focal=0.98, height=3.1, pitch=0.14, yaw=0.5)
    stage = Stage(view, _LIGHT, seed)
    stage.sky(rgb("6f9fce"), rgb("dfe9ee"), clouds=0.9)
    stage.ground(_pave)
    stage.walls(_paint_fronts)
    for x in (-4.2, 5.4, 16.0, 26.0, 38.0):
        add_lamp(stage, x, _FAR_KERB + 0.4)
    for x, paint in ((-4.0, "a8322d"), (1.0, "d9dbdc"), (20.0, "2f4a66"), (25.5, "55585c")):
        add_car(stage, x, _FAR_KERB - 2.1, rgb(paint))
    add_van(stage, 12.6, _FAR_KERB - 2.2, rgb("dfe3e4"))
    add_lamp(stage, 1.6, _NEAR_KERB - 0.5)
    for x in (11.2, 19.5, 28.0, 38.0):
        add_tree(stage, x, _NEAR_KERB - 0.6, 6.4, 1.9)
    add_tub(stage, 4.2, 9.3, 0.9)
    return stage.finish()


def _pave(s: Surface) -> np.ndarray:
    road = rgb("77787b") * (1 + 0.05 * s.noise(1.8) + 0.06 * s.noise(0.08) + 0.05 * s.noise(6, 30))[..., None]
    row = np.floor(s.v / 0.6)
    stone = s.cells(s.u / 0.9 + 0.5 * (row % 2), row + 40)
    slabs = rgb("c6bfb2") * (0.93 + 0.12 * stone + 0.04 * s.noise(0.9) + 0.03 * s.noise(0.1))[..., None]
    slabs = mix(slabs, rgb("968f84"), 0.8 * s.grid_v(0.6, 0.02))
    image = mix(slabs, road, s.band_v(_NEAR_KERB, _FAR_KERB))
    for kerb, side in ((_NEAR_KERB, -1), (_FAR_KERB, 1)):
        stone = rgb("b1aca3") * (1 + 0.05 * s.noise(0.5))[..., None]
        low, high = sorted((kerb, kerb + side * 0.28))
        image = mix(image, mix(stone, rgb("7d7870"), s.grid_u(1.0, 0.03)), s.band_v(low, high))
        gutter = sorted((kerb, kerb - side * 0.12))
        image = mix(image, rgb("4c4a48"), 0.6 * s.band_v(*gutter))
    middle = (_NEAR_KERB + _FAR_KERB) / 2 - 0.9
    dashes = s.band_v(middle - 0.07, middle + 0.07) * (np.mod(s.u, 3.0) < 1.6)
    image = mix(image, rgb("e6e4dc"), 0.85 * dashes * (1 - s.band_u(*_CROSSING)))
    stripes = s.band_u(*_CROSSING) * s.band_v(_NEAR_KERB + 0.3, _FAR_KERB - 0.3)
    worn = 0.85 + 0.12 * s.noise(0.3)
    return mix(image, rgb("ebe9e2"), stripes * (np.mod(s.v - _NEAR_KERB, 1.0) > 0.45) * worn)


def _paint_fronts(canvas: Canvas) -> None:
    left = -16.0
    for index in range(14):
        wall, shop, brick = _HOUSES[index % len(_HOUSES)]
        width, height = (float(canvas.rng.uniform(*bounds)) for bounds in ((5.2, 7.6), (9.6, 13.5)))
        words = tuple(canvas.rng.uniform(0.5, 1.1, 2))
        house = House(width, height, rgb(wall), rgb(shop), brick, words)
        canvas.plane((left, 0, _FRONT), ((width, 0, 0), (0, height, 0)), partial(paint_house, house))
        left += width
