"""Things that stand in a scene: lamps, trees, benches, cars, tubs of plants."""

from __future__ import annotations

from itertools import product

import numpy as np

from .canvas import Canvas
from .foliage import GREEN, cast_crown, paint_crown, paint_hedge
from .stage import Place, Stage
from .surface import rgb

_METAL, _WOOD = rgb("4a5154"), rgb("a9794a")


def facing(x: float, z: float, half: float = 0.2) -> tuple[Place, Place]:
    """A base line of a thing at (x, z), square to the line of sight."""
    far = np.hypot(x, z)
    return (x - half * z / far, z + half * x / far), (x + half * z / far, z - half * x / far)


def corners(low: tuple, high: tuple) -> np.ndarray:
    """The eight corners of a block."""
    return np.array(list(product(*zip(low, high, strict=True))))


def add_lamp(stage: Stage, x: float, z: float, height: float = 5.0, colour: np.ndarray = _METAL) -> None:
    """A lamp post with a lantern."""

    def paint(canvas: Canvas) -> None:
        canvas.pillar((x, z), [(0, 0.16), (0.1, 0.15), (0.5, 0.11), (0.55, 0.09)], colour)
        canvas.pillar((x, z), [(0.5, 0.075), (height, 0.05)], colour)
        canvas.pillar((x, z), [(height - 0.05, 0.1), (height, 0.14)], colour)
        canvas.pillar((x, z), [(height, 0.13), (height + 0.45, 0.24)], rgb("fff3cf") * 1.05)
        canvas.pillar((x, z), [(height + 0.45, 0.28), (height + 0.55, 0.2), (height + 0.7, 0.03)], colour)

    post = corners((x - 0.06, 0, z - 0.06), (x + 0.06, height, z + 0.06))
    head = corners((x - 0.2, height, z - 0.2), (x + 0.2, height + 0.6, z + 0.2))
    stage.prop(facing(x, z), paint, (post, head))


def add_bench(stage: Stage, x: float, z: float, wide: float = 1.8) -> None:
    """A bench with a back, seen from ahead; (x, z) is the middle of its front."""

    def paint(canvas: Canvas) -> None:
        left = x - wide / 2
        for step in range(2):
            y = 0.62 + 0.18 * step
            back = z + 0.46 + 0.04 * step
            canvas.box((left, y, back), (left + wide, y + 0.13, back + 0.04), _WOOD)
        for leg in (0.08, 0.5, 0.92):
            at = left + wide * leg
            canvas.box((at - 0.03, 0, z + 0.42), (at + 0.03, 0.9, z + 0.46), _METAL)
            canvas.box((at - 0.03, 0, z + 0.04), (at + 0.03, 0.40, z + 0.08), _METAL)
        for step in (2, 1, 0):
            near = z + 0.15 * step
            canvas.box((left, 0.40, near), (left + wide, 0.44, near + 0.12), _WOOD * 1.05)

    seat = corners((x - wide / 2, 0.4, z), (x + wide / 2, 0.44, z + 0.42))
    back = corners((x - wide / 2, 0.6, z + 0.46), (x + wide / 2, 0.95, z + 0.5))
    stage.prop(((x - wide / 2, z + 0.25), (x + wide / 2, z + 0.25)), paint, (seat, back))


def add_tub(stage: Stage, x: float, z: float, wide: float = 1.1, leaves: np.ndarray = GREEN) -> None:
    """A stone tub with a shrub."""
    left, right, rim = x - wide / 2, x + wide / 2, 0.04

    def paint(canvas: Canvas) -> None:
        canvas.box((left, 0, z), (right, 0.55, z + wide), rgb("b9b2a6"))
        canvas.box((left - rim, 0.5, z - rim), (right + rim, 0.6, z + wide + rim), rgb("c9c2b6"))
        paint_crown(canvas, (x, 0.95, z + wide / 2), (wide * 0.6, 0.5, wide * 0.5), leaves, 0.07)

    body = corners((left, 0, z), (right, 1.3, z + wide))
    stage.prop(((left, z + wide / 2), (right, z + wide / 2)), paint, (body,))


def add_tree(
    stage: Stage, x: float, z: float, height: float = 6.5, spread: float = 2.2, leaves: np.ndarray = GREEN
) -> None:
    """A tree with a round crown."""
    bark = rgb("6b5844")
    middle, half = (x, height - spread * 0.85, z), (spread, spread * 0.85, spread)

    def paint(canvas: Canvas) -> None:
        fork = height - 1.75 * spread
        canvas.pillar((x, z), [(0, 0.26), (0.25, 0.18), (fork, 0.13), (fork + 1.2, 0.09)], bark)
        paint_crown(canvas, middle, half, leaves, 0.1)

    trunk = corners((x - 0.14, 0, z - 0.14), (x + 0.14, height - 1.5 * spread, z + 0.14))
    stage.prop(facing(x, z, 0.3), paint, (trunk,))
    cast_crown(stage, middle, half)


def add_hedge(stage: Stage, low: tuple, high: tuple, leaves: np.ndarray = GREEN) -> None:
    """A clipped hedge between two opposite corners (x, y, z)."""
    middle = (low[2] + high[2]) / 2
    base = ((low[0], middle), (high[0], middle))
    stage.prop(base, lambda canvas: paint_hedge(canvas, low, high, leaves), (corners(low, high),))


def add_column(stage: Stage, x: float, z: float, radius: float, height: float, colour: np.ndarray) -> None:
    """A round column on a plinth."""

    def paint(canvas: Canvas) -> None:
        canvas.pillar((x, z), [(0, radius + 0.12), (0.25, radius + 0.12)], colour * 0.62)
        canvas.pillar((x, z), [(0.25, radius), (height, radius)], colour)
        canvas.pillar((x, z), [(1.05, radius + 0.006), (1.16, radius + 0.006)], colour * 0.5)

    shaft = corners((x - radius, 0, z - radius), (x + radius, height, z + radius))
    stage.prop(facing(x, z, radius), paint, (shaft,))
