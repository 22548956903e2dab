"""One person's way through one scene."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .scenery import Lane

_PER_METRE = 8  # Places that a way is made of.


@dataclass(frozen=True)
class Walk:
    """A person's way through a camera's scene.

    Attributes:
        number: Of the person.
        camera: Index of the camera.
        start: Seconds when they set off; may be before the video begins.
        speed: Metres per second.
        lane: The lane, in the direction in which they walk.
        aside: Metres that they keep to the right of its middle.
    """

    number: int
    camera: int
    start: float
    speed: float
    lane: Lane
    aside: float

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return float(_path(self.lane.points, self.aside)[1][-1]) / self.speed

    @property
    def end(self) -> float:
        """Seconds when they have arrived."""
        return self.start + self.seconds

    def places(self, times: np.ndarray) -> np.ndarray:
        """Places (x, z) in metres at times (n,) between start and end, float64 (n, 2)."""
        places, metres = _path(self.lane.points, self.aside)
        walked = (times - self.start) * self.speed
        return np.stack([np.interp(walked, metres, places[:, axis]) for axis in (0, 1)], axis=1)

    def at(self, time: float) -> tuple[tuple[float, float], tuple[float, float], float]:
        """Place (x, z), direction of length 1, and metres walked at one time between start and end."""
        places, metres = _path(self.lane.points, self.aside)
        walked = (time - self.start) * self.speed
        index = int(np.clip(np.searchsorted(metres, walked), 2, len(places) - 3))
        ahead = places[index + 2] - places[index - 2]
        x, z = self.places(np.array((time,)))[0]
        along, away = ahead / np.hypot(*ahead)
        return (float(x), float(z)), (float(along), float(away)), walked


@lru_cache(maxsize=1024)
def _path(points: tuple[tuple[float, float], ...], aside: float) -> tuple[np.ndarray, np.ndarray]:
    """Places along a lane, (n, 2), and the metres walked until there, (n,)."""
    middle = _curve(np.array(points, dtype=float))
    along = np.gradient(middle, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    places = middle + aside * along[:, ::-1] * (1, -1)
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    return places, np.concatenate(((0.0,), np.cumsum(steps)))


def _curve(points: np.ndarray) -> np.ndarray:
    """A smooth curve through points (n, 2) (Catmull and Rom, 1974)."""
    ends = np.concatenate((2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]))
    parts = []
    for p0, p1, p2, p3 in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        count = max(2, int(np.linalg.norm(p2 - p1) * _PER_METRE))
        t = np.linspace(0, 1, count, endpoint=False)[:, None]
        bend, twist = 2 * p0 - 5 * p1 + 4 * p2 - p3, 3 * (p1 - p2) + p3 - p0
        parts.append(p1 + ((p2 - p0) * t + bend * t**2 + twist * t**3) / 2)
    return np.concatenate((*parts, points[-1:]))
