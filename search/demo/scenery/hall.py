"""The hall of a station: polished floor, columns, a glass front and a passage to the platforms."""

from __future__ import annotations

import numpy as np

from ..view import View
from .canvas import Canvas, Light
from .props import add_column, add_tub, corners
from .stage import Lane, Scene, Stage
from .surface import Surface, mix, rgb

_SUN = np.array((0.30, 0.90, -0.30))
_LIGHT = Light(tuple(_SUN / np.linalg.norm(_SUN)), direct=(0.36, 0.42, 0.45), ambient=(0.66, 0.66, 0.66))
_LEFT, _RIGHT, _BACK, _CEILING = -10.5, 11.5, 17.0, 6.0
_GLOW = np.ones(3, dtype=np.float32)  # Glass and lamps are bright by themselves.
_PASSAGE = (1.2, 5.2)  # The opening in the back wall.
LANES = (
    Lane(((-5.0, 7.4), (1.0, 7.3), (7.2, 7.5)), 0.8),
    Lane(((-6.5, 11.5), (1.0, 11.4), (9.8, 11.5)), 0.6),
    Lane(((-1.3, 19.4), (2.2, 18.6), (2.9, 16.0), (2.0, 11.0), (0.7, 6.0), (0.3, 2.2)), 0.7),
    Lane(((7.4, 19.4), (4.2, 18.6), (3.4, 16.0), (1.8, 11.5), (-0.6, 8.6), (-5.0, 7.2)), 0.6),
    Lane(((-1.3, 19.4), (2.4, 18.6), (3.4, 15.6), (3.8, 12.9), (6.3, 11.4), (9.8, 11.0)), 0.6),
)


def paint_hall(size: tuple[int, int], seed: tuple[int, ...]) -> Scene:
    """Paint the hall for a picture of this (width, height)."""
    view = View(size, focal=0.95, height=3.4, pitch=0.17, yaw=0.10)
    stage = Stage(view, _LIGHT, seed)
    stage.sky(rgb("efece4"), rgb("efece4"))
    stage.ground(_paint_floor)
    stage.walls(_paint_room)
    stage.prop(((_LEFT, _BACK), (_RIGHT, _BACK)), _paint_back)
    for x, z in ((-2.7, 9.2), (5.2, 9.2), (-2.7, 13.9), (5.2, 13.9)):
        add_column(stage, x, z, 0.38, _CEILING, rgb("d9d2c4"))
    _add_seats(stage, -6.2, 13.4)
    _add_machine(stage, -6.0, 15.2)
    _add_machine(stage, -4.7, 15.2)
    add_tub(stage, 7.4, 12.6, 1.1)
    return stage.finish(softness=4, gloss=0.18)


def _paint_floor(s: Surface) -> np.ndarray:
    stone = s.cells(s.u / 1.2, s.v / 1.2)
    image = rgb("bcb4a6") * (0.96 + 0.07 * stone + 0.03 * s.noise(0.5) + 0.02 * s.noise(0.08))[..., None]
    image = mix(image, rgb("9b958b"), 0.7 * np.maximum(s.grid_u(1.2, 0.02), s.grid_v(1.2, 0.02)))
    dark = np.clip(s.band_u(-3.25, -2.15) + s.band_u(4.65, 5.75), 0, 1)
    image = mix(image, rgb("7c766f") * (0.95 + 0.08 * stone)[..., None], 0.8 * dark)
    guide = s.band_v(6.9, 7.3) * (1 - 0.5 * s.grid_u(0.1, 0.05))  # for the white cane
    return mix(image, rgb("e9e4d6"), 0.7 * guide)


def _paint_room(canvas: Canvas) -> None:
    canvas.plane((_PASSAGE[0] - 6, 0, _BACK + 4), ((18, 0, 0), (0, 3.4, 0)), _paint_passage)
    for side in (_LEFT, _RIGHT):
        canvas.plane((side, 0, 0), ((0, 0, _BACK), (0, _CEILING, 0)), _paint_side)
    canvas.plane((_LEFT, _CEILING, 0), ((_RIGHT - _LEFT, 0, 0), (0, 0, _BACK)), _paint_ceiling, _GLOW)


def _paint_passage(s: Surface) -> np.ndarray:
    image = rgb("b9a98d") * (0.75 + 0.05 * s.noise(1.0))[..., None]
    for left, colour in ((6.4, "b5382f"), (8.1, "2f5d7c")):
        image = mix(image, rgb(colour), s.band_v(0.9, 2.3) * s.band_u(left, left + 1.1))
    return image


def _paint_side(s: Surface) -> np.ndarray:
    image = rgb("d8d1c3") * (0.94 + 0.03 * s.noise(2.0) + 0.02 * s.cells(s.u / 1.6, s.v / 0.8))[..., None]
    image = mix(image, rgb("a79f92"), 0.6 * np.maximum(s.grid_u(1.6, 0.025), s.grid_v(0.8, 0.02)))
    x = np.mod(s.u, 4.8)
    shop = s.within(x, s.v)
    front = shop.band_u(0.5, 4.3) * s.band_v(0.1, 2.9)
    warm = mix(rgb("40372e"), rgb("ffdf9f"), np.clip(0.25 + s.v / 3.4 + 0.2 * s.noise(0.5), 0, 1))
    image = mix(image, warm, front)
    hue = s.cells(np.floor(s.u / 4.8), 0 * s.v)[..., None]
    sign = rgb("1f4f8f") * (1 - hue) + rgb("b03a2e") * hue
    return mix(image, sign, shop.band_u(0.5, 4.3) * s.band_v(2.9, 3.5))


def _paint_ceiling(s: Surface) -> np.ndarray:
    image = rgb("dedad1") * (0.92 + 0.02 * s.noise(3))[..., None]
    image = mix(image, rgb("a8a49b"), s.grid_u(2.4, 0.08))
    lamps = s.grid_v(3.0, 0.5) * (np.mod(s.u, 2.4) > 0.6) * (np.mod(s.u, 2.4) < 1.8)
    return mix(image, rgb("fffdf2") * 1.05, lamps)


def _paint_back(canvas: Canvas) -> None:
    low, high = _PASSAGE
    canvas.plane((_LEFT, 0, _BACK), ((low - _LEFT, 0, 0), (0, _CEILING, 0)), _paint_glass, _GLOW)
    canvas.plane((high, 0, _BACK), ((_RIGHT - high, 0, 0), (0, _CEILING, 0)), _paint_glass, _GLOW)
    canvas.plane((low, 3.0, _BACK), ((high - low, 0, 0), (0, _CEILING - 3.0, 0)), _paint_board)


def _paint_glass(s: Surface) -> np.ndarray:
    rise = np.clip(s.v / 6, 0, 1)
    outside = mix(rgb("c9d6cf"), rgb("e6f1f8"), rise)
    skyline = 1.6 + 1.6 * s.cells(s.u / 1.7, 0 * s.v)
    outside = mix(outside, rgb("a9b7bd"), 0.8 * (s.v < skyline))
    outside = mix(outside, rgb("8fa189"), 0.8 * (s.v < 0.9 + 0.25 * s.noise(0.5)))
    frame = np.maximum(s.grid_u(1.5, 0.09), s.grid_v(1.55, 0.08))
    image = mix(outside * 1.05, rgb("4d5256"), frame)
    return mix(image, rgb("5a5f63"), s.band_v(0, 0.3))


def _paint_board(s: Surface) -> np.ndarray:
    image = rgb("cfc8ba") * (0.96 + 0.02 * s.noise(1.0))[..., None]
    image = mix(image, rgb("17191d"), s.band_u(0.3, 3.7) * s.band_v(0.35, 2.1))
    rows = np.floor((s.v - 0.45) / 0.2)
    text = (s.cells(s.u / 0.11, rows) > 0.42) * (np.mod(s.v - 0.45, 0.2) < 0.11) * s.band_u(0.45, 3.55)
    text = text * s.band_v(0.45, 1.85) * (np.abs(s.u - 1.0) > 0.12) * (np.abs(s.u - 2.9) > 0.12)
    return mix(image, rgb("f2b632"), 0.9 * text)


def _add_seats(stage: Stage, x: float, z: float) -> None:
    steel, red = rgb("8d9296"), rgb("a63a33")

    def paint(canvas: Canvas) -> None:
        canvas.box((x, 0.3, z + 0.2), (x + 3.2, 0.36, z + 0.3), steel)
        for leg in (0.4, 2.8):
            canvas.box((x + leg - 0.05, 0, z), (x + leg + 0.05, 0.3, z + 0.5), steel * 0.8)
        for seat in range(5):
            left = x + 0.06 + 0.64 * seat
            canvas.box((left, 0.42, z + 0.5), (left + 0.54, 0.9, z + 0.55), red)
            canvas.box((left, 0.38, z), (left + 0.54, 0.44, z + 0.5), red * 1.05)

    stage.prop(((x, z + 0.3), (x + 3.2, z + 0.3)), paint, (corners((x, 0.35, z), (x + 3.2, 0.45, z + 0.5)),))


def _add_machine(stage: Stage, x: float, z: float) -> None:
    def paint(canvas: Canvas) -> None:
        canvas.box((x, 0, z), (x + 0.9, 1.9, z + 0.7), rgb("2f6f9f"))
        canvas.box((x + 0.15, 1.0, z - 0.01), (x + 0.75, 1.55, z), rgb("bfe3f2"))
        canvas.box((x + 0.1, 1.62, z - 0.01), (x + 0.8, 1.82, z), rgb("f5d24a"))

    stage.prop(((x, z + 0.35), (x + 0.9, z + 0.35)), paint, (corners((x, 0, z), (x + 0.9, 1.9, z + 0.7)),))
