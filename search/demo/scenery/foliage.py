"""Leaves of trees, shrubs and hedges, and the shade below them."""

from __future__ import annotations

import cv2
import numpy as np

from .canvas import Canvas
from .stage import Stage
from .surface import rgb

GREEN = rgb("6f9440")


def paint_crown(canvas: Canvas, middle: tuple, half: tuple, colour: np.ndarray, leaf: float) -> None:
    """Leaves in a bumpy oval with these half axes around `middle`; `leaf` is about their size in metres."""
    inner = _ball(canvas.rng, 60) * 0.8
    count = int(np.clip(5.0 * half[0] * half[1] / leaf**2, 300, 4000))
    outer = _ball(canvas.rng, count)
    bumps = 1 + 0.2 * np.sin(outer[:, :1] * 4 + 1) * np.cos(outer[:, 1:2] * 5 + middle[0])
    _paint_leaves(canvas, middle + inner * half, inner - (0, 0.5, 0), colour * 0.8, max(half) * 0.28)
    _paint_leaves(canvas, middle + outer * bumps * half, outer, colour, leaf)


def paint_hedge(canvas: Canvas, low: tuple, high: tuple, colour: np.ndarray, leaf: float = 0.09) -> None:
    """A clipped hedge between two opposite corners."""
    canvas.box(low, high, colour * 0.55)
    low, high = np.array(low), np.array(high)
    size = high - low
    faces = ((0, (-1, 0, 0)), (1, (0, 1, 0)), (2, (0, 0, -1)))
    for axis, normal in faces:
        area = np.prod(np.delete(size, axis))
        places = low + canvas.rng.random((int(area / leaf**2 * 1.6), 3)) * size
        places[:, axis] = high[axis] if normal[axis] > 0 else low[axis]
        places += canvas.rng.normal(0, leaf * 0.3, places.shape)
        outward = np.array(normal) + canvas.rng.normal(0, 0.3, places.shape)
        _paint_leaves(canvas, places, outward, colour, leaf)


def cast_crown(stage: Stage, middle: tuple, half: tuple) -> None:
    """The shade of a crown: many round spots with light between them."""
    shade = np.zeros_like(stage.canvas.cover)
    sun = np.array(stage.light.sun)
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    ring = np.stack((np.cos(turn), 0 * turn, np.sin(turn)), axis=1)
    for place in middle + _ball(stage.rng, 110) * half:
        fallen = place - sun * place[1] / sun[1]
        pixels, depth = stage.canvas.view.see(fallen + half[0] * stage.rng.uniform(0.08, 0.2) * ring)
        if depth.min() > 0.3:
            cv2.fillPoly(shade, [np.rint(pixels).astype(np.int32)], 225)
    stage.shade(shade)


def _ball(rng: np.random.Generator, count: int) -> np.ndarray:
    """Places in a ball of radius 1, most near its surface, float (count, 3)."""
    places = rng.normal(size=(count, 3))
    return places * (rng.random(count) ** 0.35 / np.linalg.norm(places, axis=1))[:, None]


def _paint_leaves(
    canvas: Canvas, places: np.ndarray, outward: np.ndarray, colour: np.ndarray, size: float
) -> None:
    """Leaves at `places`, lit as their direction `outward` is, the bright and near ones last."""
    rng, light = canvas.rng, canvas.light
    sunny = outward @ np.array(light.sun)
    tones = np.clip(0.66 + 0.42 * sunny + 0.12 * outward[:, 1], 0.28, 1.25) * rng.normal(1, 0.1, len(places))
    pixels, depth = canvas.see(places)
    order = np.argsort(0.7 * sunny - outward[:, 2] + rng.normal(0, 0.3, len(places)))
    radii = canvas.view.focal * canvas.view.size[0] / np.maximum(depth, 0.5) * size
    radii = np.maximum(radii * rng.uniform(0.6, 1.3, len(places)), 1.0)
    shine = np.array(light.ambient) + 0.75 * np.array(light.direct)
    angles = rng.uniform(-50, 50, len(places))
    for i in order:
        centre = (int(pixels[i, 0] * 16), int(pixels[i, 1] * 16))
        axes = (int(radii[i] * 16), int(radii[i] * 10))
        tone = tones[i]
        warm = (colour * shine * tone * (1 - 0.12 * tone, 1.0, 0.9 + 0.16 * tone)).tolist()
        cv2.ellipse(canvas.image, centre, axes, angles[i], 0, 360, warm, -1, cv2.LINE_8, 4)
        cv2.ellipse(canvas.cover, centre, axes, angles[i], 0, 360, 255, -1, cv2.LINE_8, 4)
