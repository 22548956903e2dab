"""The six places that the cameras look at, each a wide picture of a wall or hedge above a ground."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from .person import Colour

HEIGHT, WIDTH = 400, 1100  # Pixels; a person's box is about 256 of them high.


@dataclass(frozen=True)
class _Place:
    wall: Callable
    wall_colour: Colour
    ground: Callable
    ground_colour: Colour
    horizon: float
    props: tuple[Callable, ...]


def draw_scene(place: int, rng: np.random.Generator) -> np.ndarray:
    """Draw the surroundings of one camera.

    Args:
        place: Which of the six places, 0..5.
        rng: Source of the details.

    Returns:
        uint8 (HEIGHT, WIDTH, 3), BGR.
    """
    plan = _PLACES[place]
    horizon = int(HEIGHT * plan.horizon)
    image = np.empty((HEIGHT, WIDTH, 3), dtype=np.uint8)
    image[:horizon] = plan.wall_colour
    image[horizon:] = plan.ground_colour
    plan.wall(image[:horizon], plan.wall_colour, rng)
    plan.ground(image[horizon:], plan.ground_colour, rng)
    for prop in plan.props:
        prop(image, horizon, rng)
    return _weather(image, rng)


def _weather(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Stains of all sizes: flat paint looks like nothing a camera sees."""
    factor = np.ones((HEIGHT, WIDTH), dtype=np.float32)
    for cells, strength in ((6, 0.08), (25, 0.05), (100, 0.04)):
        noise = rng.normal(0, strength, (cells, cells * 3)).astype(np.float32)
        factor += cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.clip(image * factor[..., None], 0, 255).astype(np.uint8)


def _tint(colour: Colour, factor: float) -> tuple[float, ...]:
    return tuple(float(min(255.0, max(0.0, value * factor))) for value in colour)


def _bricks(wall: np.ndarray, colour: Colour, rng: np.random.Generator) -> None:
    for row, y in enumerate(range(0, wall.shape[0], 12)):
        for x in range(-15 * (row % 2), WIDTH, 30):
            cv2.rectangle(wall, (x + 1, y + 1), (x + 28, y + 10), _tint(colour, rng.uniform(0.6, 0.95)), -1)


def _windows(wall: np.ndarray, colour: Colour, rng: np.random.Generator) -> None:
    for x in range(0, WIDTH, 110):
        glass = (150, 128, 104) if rng.random() < 0.7 else (206, 216, 220)
        cv2.rectangle(
            wall, (x + 12, 0), (x + 98, wall.shape[0] - 22), _tint(glass, rng.uniform(0.4, 0.9)), -1
        )
        cv2.line(wall, (x + 55, 0), (x + 55, wall.shape[0] - 22), _tint(colour, 0.7), 5)
        cv2.line(wall, (x + 20, wall.shape[0] - 40), (x + 48, 10), _tint(glass, 1.2), 4, cv2.LINE_AA)


def _hedge(wall: np.ndarray, colour: Colour, rng: np.random.Generator) -> None:
    for _ in range(1500):
        centre = (int(rng.integers(WIDTH)), int(rng.integers(wall.shape[0])))
        cv2.circle(
            wall, centre, int(rng.integers(3, 12)), _tint(colour, rng.uniform(0.45, 1.5)), -1, cv2.LINE_AA
        )


def _shutters(wall: np.ndarray, colour: Colour, rng: np.random.Generator) -> None:
    signs: tuple[Colour, ...] = ((40, 40, 190), (40, 150, 220), (150, 90, 30), (60, 120, 40), (200, 200, 200))
    for index, x in enumerate(range(0, WIDTH, 180)):
        for y in range(44, wall.shape[0], 9):
            cv2.line(wall, (x + 10, y), (x + 150, y), _tint(colour, 0.72), 3)
        cv2.rectangle(wall, (x, 0), (x + 160, 36), signs[index % len(signs)], -1)
        cv2.rectangle(wall, (x + 160, 0), (x + 180, wall.shape[0]), _tint(colour, rng.uniform(0.4, 0.6)), -1)


def _panels(wall: np.ndarray, colour: Colour, rng: np.random.Generator) -> None:
    for x in range(0, WIDTH, 64):
        cv2.rectangle(wall, (x, 0), (x + 61, wall.shape[0]), _tint(colour, rng.uniform(0.7, 1.1)), -1)


def _tiles(ground: np.ndarray, colour: Colour, rng: np.random.Generator) -> None:
    """Joints that meet at a point above and lie closer together farther away."""
    y = 4.0
    while y < ground.shape[0]:
        cv2.line(ground, (0, int(y)), (WIDTH, int(y)), _tint(colour, 0.72), 2)
        y += 10 + y * 0.14
    for x in range(-WIDTH, 2 * WIDTH, 56):
        end = int(x + (x - WIDTH / 2) * 0.9)
        cv2.line(ground, (x, 0), (end, ground.shape[0]), _tint(colour, 0.78), 2, cv2.LINE_AA)


def _grass(ground: np.ndarray, colour: Colour, rng: np.random.Generator) -> None:
    for _ in range(2600):
        x, y = int(rng.integers(WIDTH)), int(rng.integers(ground.shape[0]))
        tip = (x + int(rng.integers(-4, 5)), y - int(rng.integers(5, 14)))
        cv2.line(ground, (x, y), tip, _tint(colour, rng.uniform(0.6, 1.45)), 2, cv2.LINE_AA)
    path = np.array([(0, 130), (WIDTH, 90), (WIDTH, 190), (0, 250)])
    cv2.fillPoly(ground, [path], (150, 172, 184), cv2.LINE_AA)


def _road(ground: np.ndarray, colour: Colour, rng: np.random.Generator) -> None:
    cv2.rectangle(ground, (0, 0), (WIDTH, 26), _tint(colour, 1.7), -1)
    for x in range(0, WIDTH, 150):
        cv2.line(ground, (x, 130), (x + 80, 130), (214, 220, 222), 9, cv2.LINE_AA)
    crossing = int(rng.integers(100, WIDTH - 400))
    for stripe in range(6):
        x = crossing + stripe * 44
        corners = np.array([(x, 160), (x + 22, 160), (x + 34, 290), (x + 6, 290)])
        cv2.fillPoly(ground, [corners], (214, 220, 222), cv2.LINE_AA)


def _planks(ground: np.ndarray, colour: Colour, rng: np.random.Generator) -> None:
    y = 0
    while y < ground.shape[0]:
        step = 12 + y // 9
        cv2.rectangle(ground, (0, y), (WIDTH, y + step - 3), _tint(colour, rng.uniform(0.75, 1.2)), -1)
        y += step


def _plain(ground: np.ndarray, colour: Colour, rng: np.random.Generator) -> None:
    for _ in range(30):
        start = (int(rng.integers(WIDTH)), int(rng.integers(ground.shape[0])))
        end = (start[0] + int(rng.integers(-120, 120)), start[1] + int(rng.integers(-20, 20)))
        cv2.line(ground, start, end, _tint(colour, rng.uniform(0.75, 1.2)), 2, cv2.LINE_AA)


def _poles(image: np.ndarray, horizon: int, rng: np.random.Generator) -> None:
    for x in range(60, WIDTH, 210):
        x, bottom = x + int(rng.integers(-40, 40)), horizon + int(rng.integers(20, 80))
        cv2.rectangle(image, (x, 0), (x + 10, bottom), (88, 92, 94), -1)
        cv2.rectangle(image, (x, 0), (x + 3, bottom), (150, 152, 154), -1)


def _trees(image: np.ndarray, horizon: int, rng: np.random.Generator) -> None:
    for x in range(50, WIDTH, 190):
        x, bottom = x + int(rng.integers(-50, 50)), horizon + int(rng.integers(5, 50))
        trunk = np.array([(x, 0), (x + 20, 0), (x + 28, bottom), (x - 6, bottom)])
        cv2.fillPoly(image, [trunk], (48, 66, 84), cv2.LINE_AA)


def _cars(image: np.ndarray, horizon: int, rng: np.random.Generator) -> None:
    paints: tuple[Colour, ...] = (
        (190, 190, 190),
        (50, 50, 56),
        (52, 42, 150),
        (130, 88, 50),
        (220, 222, 224),
    )
    for index, x in enumerate(range(20, WIDTH, 270)):
        x, low = x + int(rng.integers(-20, 30)), horizon + 24
        cabin = np.array([(x + 45, low - 84), (x + 140, low - 84), (x + 180, low - 48), (x + 20, low - 48)])
        cv2.fillPoly(image, [cabin], (70, 62, 54), cv2.LINE_AA)
        cv2.rectangle(image, (x, low - 50), (x + 210, low - 12), paints[index % len(paints)], -1)
        for wheel in (x + 45, x + 165):
            cv2.circle(image, (wheel, low - 10), 20, (34, 34, 34), -1, cv2.LINE_AA)
            cv2.circle(image, (wheel, low - 10), 9, (140, 140, 140), -1, cv2.LINE_AA)


def _benches(image: np.ndarray, horizon: int, rng: np.random.Generator) -> None:
    for x in range(80, WIDTH, 260):
        x, y = x + int(rng.integers(-60, 60)), horizon - 6
        for offset in (0, 12, 26):
            cv2.rectangle(image, (x, y + offset), (x + 110, y + offset + 8), (52, 88, 128), -1)
        for leg in (x + 8, x + 96):
            cv2.rectangle(image, (leg, y + 34), (leg + 6, y + 60), (46, 46, 46), -1)


_PLACES = (
    _Place(_hedge, (58, 104, 72), _grass, (70, 142, 104), 0.36, (_trees,)),
    _Place(_bricks, (84, 96, 150), _tiles, (168, 172, 176), 0.42, (_benches,)),
    _Place(_windows, (188, 190, 186), _plain, (176, 184, 190), 0.34, (_poles,)),
    _Place(_panels, (120, 118, 112), _road, (92, 90, 90), 0.38, (_cars,)),
    _Place(_shutters, (150, 156, 160), _tiles, (110, 134, 178), 0.45, ()),
    _Place(_windows, (70, 66, 60), _planks, (76, 104, 136), 0.30, (_poles, _benches)),
)
