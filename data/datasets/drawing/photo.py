"""Puts a person before a camera and takes one picture, with the faults that pictures of passers-by have."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from .camera import BOX, Camera
from .figure import draw_person
from .person import Person, sample_person
from .pose import Pose, sample_pose

_SCALE = 4  # People are drawn this many times larger and then shrunk, which smooths their outlines.
_CANVAS = (BOX[0] * _SCALE, BOX[1] * _SCALE)
_OCCLUSION = 0.25
_COMPANY = 0.12


def take_photo(person: Person, camera: Camera, rng: np.random.Generator) -> np.ndarray:
    """Take one picture of a person.

    Args:
        person: Whom to draw.
        camera: The camera, with the place it looks at.
        rng: Source of the pose, the part of the scene, what stands in the way, the light and the noise.

    Returns:
        uint8 (128, 64, 3), BGR.
    """
    canvas = np.zeros((*_CANVAS, 4), dtype=np.uint8)
    pose = sample_pose(rng, camera.yaws, camera.pitch, _CANVAS)
    if rng.random() < _COMPANY:
        _draw_passer_by(canvas, camera, rng, 0.85)
    draw_person(canvas, person, pose)
    if rng.random() < _OCCLUSION:
        _obstruct(canvas, camera, rng)
    layer = cv2.resize(canvas, BOX[::-1], interpolation=cv2.INTER_AREA).astype(np.float32)
    alpha = layer[..., 3:] / 255
    backdrop = camera.backdrop(rng) * _shadow(pose, camera, rng)
    return camera.expose(backdrop * (1 - alpha) + layer[..., :3] * _shading(alpha, camera, rng), rng)


def _shadow(pose: Pose, camera: Camera, rng: np.random.Generator) -> np.ndarray:
    """Brightness of the ground, float32 (128, 64, 1): darker under the feet and away from the light."""
    x, y = pose.foot[0] / _SCALE, pose.foot[1] / _SCALE
    mask = np.zeros(BOX, dtype=np.float32)
    length = rng.uniform(8, 20)
    centre = (round(x - camera.light * length * 0.8), round(y - 1))
    cv2.ellipse(mask, centre, (round(8 + length * 0.6), 5), 0, 0, 360, 1.0, -1)
    return 1 - camera.shadow * rng.uniform(0.4, 1.2) * cv2.blur(mask, (7, 5))[..., None]


def _shading(alpha: np.ndarray, camera: Camera, rng: np.random.Generator) -> np.ndarray:
    """Brightness of the figures, float32 (128, 64, 1): round towards their outlines, with folds."""
    relief = cv2.GaussianBlur(alpha, (0, 0), 2.5)
    shift = np.float32([[1, 0, -2.5 * camera.light], [0, 1, 1.0]])
    relief = cv2.warpAffine(relief, shift, BOX[::-1], borderMode=cv2.BORDER_REPLICATE)
    folds = cv2.resize(
        rng.normal(0, 0.05, (22, 9)).astype(np.float32), BOX[::-1], interpolation=cv2.INTER_CUBIC
    )
    return (0.62 + 0.42 * relief + folds)[..., None]


def _obstruct(canvas: np.ndarray, camera: Camera, rng: np.random.Generator) -> None:
    kind = rng.integers(4)
    if kind == 0:
        _draw_passer_by(canvas, camera, rng, 1.05)
    else:
        (_draw_post, _draw_crate, _draw_bicycle)[kind - 1](canvas, rng)


def _draw_passer_by(canvas: np.ndarray, camera: Camera, rng: np.random.Generator, scale: float) -> None:
    """Somebody else, cut off by the edge of the box."""
    pose = sample_pose(rng, camera.yaws, camera.pitch, _CANVAS)
    x = _CANVAS[1] * (0.5 + rng.choice((-1, 1)) * rng.uniform(0.42, 0.6))
    foot = (x, pose.foot[1] + (scale - 1) * 0.5 * pose.height)
    draw_person(canvas, sample_person(rng), replace(pose, height=pose.height * scale, foot=foot))


def _draw_post(canvas: np.ndarray, rng: np.random.Generator) -> None:
    rows, columns = _CANVAS
    x, half = int(columns * rng.uniform(0.1, 0.9)), int(rng.integers(8, 22))
    top = 0 if rng.random() < 0.5 else int(rows * rng.uniform(0.4, 0.7))
    grey = int(rng.integers(50, 200))
    cv2.rectangle(canvas, (x - half, top), (x + half, rows), (grey, grey, grey, 255), -1)
    light = min(255, int(grey * 1.3))
    cv2.rectangle(canvas, (x - half // 2, top), (x, rows), (light, light, light, 255), -1)


def _draw_crate(canvas: np.ndarray, rng: np.random.Generator) -> None:
    rows, columns = _CANVAS
    colour = tuple(int(value) for value in rng.integers(40, 200, 3))
    left = int(columns * rng.uniform(-0.3, 0.5))
    right, top = left + int(columns * rng.uniform(0.5, 0.9)), int(rows * rng.uniform(0.62, 0.84))
    cv2.rectangle(canvas, (left, top), (right, rows), (*(value * 3 // 4 for value in colour), 255), -1)
    cv2.rectangle(canvas, (left, top), (right, top + 16), (*colour, 255), -1)
    for x in range(left, right, 40):
        cv2.line(canvas, (x, top), (x, rows), (*(value // 2 for value in colour), 255), 3)


def _draw_bicycle(canvas: np.ndarray, rng: np.random.Generator) -> None:
    rows, columns = _CANVAS
    colour = (*(int(value) for value in rng.integers(30, 180, 3)), 255)
    dark, radius = (38, 38, 38, 255), int(rows * rng.uniform(0.11, 0.14))
    x, y = int(columns * rng.uniform(-0.1, 0.35)), int(rows * rng.uniform(0.80, 0.86))
    front, seat, bars = (
        (x + int(2.9 * radius), y),
        (x + radius, y - int(1.5 * radius)),
        (x + 2 * radius, y - 2 * radius),
    )
    crank = (x + int(1.4 * radius), y + radius // 6)
    for hub in ((x, y), front):
        cv2.circle(canvas, hub, radius, dark, 8)
    for start, end in (((x, y), crank), (crank, seat), (crank, bars), (bars, front), ((x, y), seat)):
        cv2.line(canvas, start, end, colour, 9)
    cv2.line(canvas, (seat[0] - 22, seat[1]), (seat[0] + 22, seat[1]), dark, 14)
    cv2.line(canvas, (bars[0] - 26, bars[1] - 6), (bars[0] + 10, bars[1]), dark, 8)
