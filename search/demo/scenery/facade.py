"""Fronts of houses with shops at street level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .surface import Surface, mix, rgb

_GLASS, _SKY_IN_GLASS, _FRAME = rgb("39454d"), rgb("a9c4d6"), rgb("e8e4da")
_ROOM = rgb("f3d9a4")
STREET_LEVEL = 3.6  # Metres from the ground to the first floor.


@dataclass(frozen=True)
class House:
    """One front.

    Attributes:
        width: Metres.
        height: Metres.
        wall: Colour of the wall.
        shop: Colour of the shop front and its sign.
        brick: Whether the wall shows its bricks.
        words: Widths of the words on the sign, metres.
    """

    width: float
    height: float
    wall: np.ndarray
    shop: np.ndarray
    brick: bool
    words: tuple[float, ...]


def paint_house(house: House, s: Surface) -> np.ndarray:
    """The front of a house; `u` from its left edge, `v` above the ground."""
    image = _wall(s, house)
    image = _windows(s, house, image)
    image = mix(image, house.wall * 1.12, s.band_v(STREET_LEVEL - 0.05, STREET_LEVEL + 0.25))
    image = mix(image, house.wall * 0.6, s.band_v(STREET_LEVEL - 0.18, STREET_LEVEL - 0.05))
    image = mix(image, house.wall * 1.15, s.band_v(house.height - 0.45, house.height))
    image = mix(image, house.wall * 0.55, s.band_v(house.height - 0.6, house.height - 0.45))
    return _sign(s, house, _shop(s, house, image))


def _wall(s: Surface, house: House) -> np.ndarray:
    stain = 0.05 * s.noise(2.5) + 0.05 * s.noise(0.35) - 0.10 * s.band_v(0, 0.5)
    image = house.wall * (1 + stain)[..., None]
    if house.brick:
        row = np.floor(s.v / 0.09)
        tint = s.cells(s.u / 0.26 + 0.5 * (row % 2), row)
        image = image * (0.88 + 0.24 * tint)[..., None]
        image = mix(image, rgb("b8aca0"), 0.6 * s.grid_v(0.09, 0.012))
    edge = s.band_u(0, 0.12) + s.band_u(house.width - 0.12, house.width)
    return image * (1 - 0.25 * edge)[..., None]


def _windows(s: Surface, house: House, image: np.ndarray) -> np.ndarray:
    count = max(2, round(house.width / 2.1))
    pace, floor = house.width / count, 3.1
    column, row = s.u / pace, (s.v - STREET_LEVEL) / floor
    x, y = (column % 1 - 0.5) * pace, (row % 1) * floor
    there = (row >= 0) & (row < np.floor((house.height - STREET_LEVEL - 0.4) / floor))
    inner = s.within(x, y)
    luck = s.cells(column + 40, row + 7)
    pane = inner.band_u(-0.55, 0.55) * inner.band_v(0.75, 2.45) * there
    frame = inner.band_u(-0.65, 0.65) * inner.band_v(0.65, 2.55) * there
    sill = inner.band_u(-0.8, 0.8) * inner.band_v(0.52, 0.65) * there
    image = mix(image, _FRAME, frame)
    image = mix(image, house.wall * 1.18, sill)
    image = mix(image, house.wall * 0.6, inner.band_u(-0.75, 0.8) * inner.band_v(0.44, 0.52) * there)
    glass = mix(_GLASS, _SKY_IN_GLASS, np.clip((y + x * 0.5 - 0.9) / 2.4 + 0.25 * luck, 0, 0.85))
    curtain = inner.band_u(-0.55, -0.2) + inner.band_u(0.25, 0.55)
    glass = mix(glass, rgb("cfc8b8"), 0.65 * np.clip(curtain, 0, 1) * (luck > 0.45))
    glass = mix(glass, _ROOM, 0.55 * (luck > 0.88))
    bars = inner.band_u(-0.035, 0.035) + inner.band_v(1.7, 1.76)
    glass = mix(glass, _FRAME, np.clip(bars, 0, 1))
    glass = mix(glass, _GLASS * 0.6, 0.6 * inner.band_v(2.25, 2.45))
    return mix(image, glass, pane)


def _shop(s: Surface, house: House, image: np.ndarray) -> np.ndarray:
    low, high = 0.35, house.width - 0.35
    front = s.band_u(low, high) * s.band_v(0, 3.3)
    image = mix(image, house.shop * 0.55, front)
    image = mix(image, house.shop, s.band_u(low, high) * s.band_v(2.75, 3.3))
    image = mix(image, house.shop * 0.35, s.band_u(low, high) * s.band_v(2.66, 2.75))
    count = max(2, round((high - low) / 1.6))
    pace = (high - low) / count
    place = (s.u - low) / pace
    x = (place % 1) * pace
    door = (np.floor(place) == count // 2).astype(np.float32)
    bottom = 0.62 - 0.5 * door
    pane = np.clip(np.minimum(x - 0.07, pace - 0.07 - x) / s.fine_u + 0.5, 0, 1)
    pane *= s.band_u(low, high) * np.clip((s.v - bottom) / s.fine_v + 0.5, 0, 1) * s.band_v(0, 2.62)
    goods = s.cells(s.u / 0.34 + 3, s.v / 0.4)
    glass = mix(_GLASS, _ROOM, np.clip(0.15 + 0.45 * (s.v / 2.6), 0, 1) * (0.55 + 0.3 * goods))
    shelf = (goods > 0.6) * s.band_v(0.7, 1.5) * (1 - door)
    glass = mix(glass, house.shop * (0.6 + 0.8 * goods[..., None]), 0.45 * shelf)
    shine = np.clip(1 - np.abs((x - s.v * 0.35) % 1.9 - 0.5) / 0.22, 0, 1)
    glass = mix(glass, _SKY_IN_GLASS, 0.22 * shine + 0.12)
    return mix(image, glass, pane)


def _sign(s: Surface, house: House, image: np.ndarray) -> np.ndarray:
    """Light bars on the sign that look like words from afar."""
    x = house.width / 2 - (sum(house.words) + 0.25 * (len(house.words) - 1)) / 2
    for width in house.words:
        word = s.band_u(x, x + width) * s.band_v(2.9, 3.14)
        gaps = s.grid_u(0.16, 0.05, x)
        holes = (s.cells(s.u / 0.08, s.v / 0.08) > 0.7) * 0.7
        image = mix(image, rgb("f6f1e4"), word * (1 - gaps) * (1 - holes))
        x += width + 0.25
    return image
