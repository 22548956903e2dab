"""Parked cars and vans."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .canvas import Canvas
from .props import corners
from .stage import Place, Stage
from .surface import rgb

_WIDTH = 1.7  # metres


@dataclass(frozen=True)
class _Shape:
    """The side of a car; places are (along from the rear, up) in metres."""

    body: tuple[tuple[float, float], ...]  # its outline from the lower rear over the roof to the lower front
    windows: tuple[tuple[tuple[float, float], ...], ...]
    wheels: tuple[float, float]
    seams: tuple[float, ...]
    waist: float  # height above which slanting parts are glass


_CAR = _Shape(
    body=(
        *((0.05, 0.32), (0.0, 0.62), (0.06, 0.92), (0.32, 0.99), (0.95, 1.40), (1.35, 1.47), (2.25, 1.45)),
        *((2.62, 1.36), (3.22, 0.97), (3.95, 0.84), (4.14, 0.70), (4.2, 0.45), (4.12, 0.30)),
    ),
    windows=(
        ((0.62, 1.0), (1.06, 1.34), (1.62, 1.38), (1.62, 1.0)),
        ((1.72, 1.0), (1.72, 1.38), (2.22, 1.37), (2.56, 1.28), (2.98, 0.98)),
    ),
    wheels=(0.82, 3.38),
    seams=(1.66, 2.86),
    waist=0.98,
)
_VAN = _Shape(
    body=(
        *((0.03, 0.36), (0.0, 0.8), (0.02, 2.45), (0.12, 2.58), (3.4, 2.60), (3.75, 2.45), (4.5, 1.42)),
        *((5.1, 1.22), (5.28, 1.0), (5.3, 0.5), (5.2, 0.34)),
    ),
    windows=(((3.0, 1.5), (3.0, 2.2), (3.72, 2.2), (4.28, 1.5)),),
    wheels=(0.95, 4.35),
    seams=(1.6, 2.9, 4.3),
    waist=1.3,
)


def add_car(stage: Stage, x: float, z: float, paint: np.ndarray) -> None:
    """A car along the x axis: its rear at `x`, its side at `z`."""
    _add(stage, (x, z), _CAR, paint)


def add_van(stage: Stage, x: float, z: float, paint: np.ndarray) -> None:
    """A van, see `add_car`."""
    _add(stage, (x, z), _VAN, paint)


def _add(stage: Stage, place: Place, shape: _Shape, paint: np.ndarray) -> None:
    (x, z), profile = place, _smooth(np.array(shape.body))
    long, tall = profile.max(axis=0)

    def draw(canvas: Canvas) -> None:
        far = z + _WIDTH
        _fill(canvas, (x, far), _block((0.1, 0.16), (long - 0.1, 0.5)), rgb("202224"))
        for (u0, v0), (u1, v1) in zip(profile, profile[1:], strict=False):
            normal = np.array((v0 - v1, u1 - u0, 0.0)) / np.hypot(u1 - u0, v1 - v0)
            glass = min(v0, v1) > shape.waist and 0.2 < abs(normal[1]) < 0.93
            colour = rgb("414d56") if glass else paint
            strip = [(x + u0, v0, z), (x + u1, v1, z), (x + u1, v1, far), (x + u0, v0, far)]
            canvas.polygon(strip, colour * canvas.light.on(normal))
        _paint_side(canvas, place, shape, paint)

    low = corners((x + 0.1, 0.1, z), (x + long - 0.1, 0.6 * tall, z + _WIDTH))
    high = corners((x + 0.2 * long, 0.6 * tall, z + 0.15), (x + 0.65 * long, 0.97 * tall, z + _WIDTH - 0.15))
    middle = z + _WIDTH / 2
    stage.prop(((x, middle), (x + long, middle)), draw, (low, high))


def _paint_side(canvas: Canvas, place: Place, shape: _Shape, paint: np.ndarray) -> None:
    profile = _smooth(np.array(shape.body))
    long, lit = profile[:, 0].max(), canvas.light.on((0, 0.15, -1))
    _fill(canvas, place, profile, paint * lit * 1.04)
    _fill(canvas, place, np.maximum(profile, (0, 0.80)), paint * lit * 1.16)
    _fill(canvas, place, np.minimum(profile, (long, 0.42)), paint * lit * 0.72)
    for window in shape.windows:
        _fill(canvas, place, np.array(window), rgb("2a3238"))
        shine = np.array(window) * (0.55, 1) + (0.45 * window[1][0] + 0.08, 0)
        _fill(canvas, place, np.maximum(shine, (0, window[0][1] + 0.16)), rgb("6d8799"))
    for seam in shape.seams:
        _fill(canvas, place, _block((seam, 0.4), (seam + 0.02, shape.waist)), paint * 0.5)
    _fill(canvas, place, np.array(((0.02, 0.66), (0.03, 0.8), (0.3, 0.82), (0.28, 0.68))), rgb("b8241c"))
    front = np.array(((-0.38, 0.66), (-0.4, 0.76), (-0.12, 0.72), (-0.06, 0.64)))
    _fill(canvas, place, front + (long, 0), rgb("f4f0d8"))
    for wheel in shape.wheels:
        for radius, colour in ((0.37, "17191a"), (0.32, "26282a"), (0.2, "a9adb0"), (0.07, "55585a")):
            _fill(canvas, place, _circle(wheel, 0.32, radius), rgb(colour))


def _fill(canvas: Canvas, place: Place, outline: np.ndarray, colour: np.ndarray) -> None:
    canvas.polygon([(place[0] + along, up, place[1]) for along, up in outline], colour)


def _block(low: tuple[float, float], high: tuple[float, float]) -> np.ndarray:
    return np.array((low, (high[0], low[1]), high, (low[0], high[1])))


def _circle(along: float, up: float, radius: float) -> np.ndarray:
    turn = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    return np.stack((along + radius * np.cos(turn), up + radius * np.sin(turn)), axis=1)


def _smooth(points: np.ndarray) -> np.ndarray:
    """Cut the corners of an open line twice."""
    for _ in range(2):
        here, there = points[:-1], points[1:]
        cut = np.stack((0.75 * here + 0.25 * there, 0.25 * here + 0.75 * there), axis=1)
        points = np.concatenate((points[:1], cut.reshape(-1, 2), points[-1:]))
    return points
