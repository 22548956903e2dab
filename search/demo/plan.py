"""Who walks where and when: the ways of all people through the cameras' scenes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .scenery import Lane
from .spec import VideoSpec
from .walk import Walk
from .walker import Walker

_CROWD = 4  # People on a scene at a time, on average, that long videos are planned for.
_TRIES = 16
_APART = 0.7  # Metres that people keep from each other if they can.
_SEEN = 4.0  # Seconds of each visit that lie within the video, if it is long enough.
_HIDDEN = 2.0  # Seconds at either end of a lane in which nobody is seen.
_THREE = 40.0  # Seconds of a video from which some people come before three cameras.


def plan_walks(
    spec: VideoSpec, walkers: Sequence[Walker], lanes: Sequence[Sequence[Lane]], seed: tuple[int, ...]
) -> list[list[Walk]]:
    """Plan the walks of each camera, by the time of their start.

    A person is before one camera at a time, walks from one to the next, and comes again after a while in
    videos that are long for the number of people.

    Args:
        spec: The videos.
        walkers: The people.
        lanes: The lanes of each camera's scene.
        seed: Decides the plan.
    """
    walks: list[list[Walk]] = [[] for _ in lanes]
    for number, walker in enumerate(walkers, 1):
        tour = _Tour(spec, lanes, number, np.random.default_rng([*seed, number]))
        start = None
        while start is None or start < spec.seconds - _SEEN:
            tries = [tour.trip(walker, start) for _ in range(_TRIES)]
            trip = max(tries, key=lambda trip: sum(_worth(walk, walks[walk.camera], spec) for walk in trip))
            for walk in trip:
                walks[walk.camera].append(walk)
            start = tour.next_start(trip)
    return [sorted(camera, key=lambda walk: walk.start) for camera in walks]


class _Tour:
    """The cameras that one person comes to again and again."""

    def __init__(
        self, spec: VideoSpec, lanes: Sequence[Sequence[Lane]], number: int, rng: np.random.Generator
    ):
        self._spec, self._lanes, self._number, self._rng = spec, lanes, number, rng
        most = min(3 if spec.seconds >= _THREE else 2, spec.cameras)
        count = int(rng.integers(2, most + 1)) if number <= spec.shared else 1
        # Neighbouring numbers begin at different cameras, so that none stays empty.
        first = number % spec.cameras
        others = [camera for camera in range(spec.cameras) if camera != first]
        self._cameras = [first, *rng.permutation(others)[: count - 1].tolist()]
        crossing = np.mean([Walk(0, 0, 0, 1.3, lane, 0).seconds for scene in lanes for lane in scene])
        visits = spec.people + spec.shared  # about as many in a round of everybody
        self._round = float(visits * crossing / (_CROWD * spec.cameras))  # seconds

    def trip(self, walker: Walker, start: float | None) -> list[Walk]:
        """One walk before each of the cameras, from a time on or, the first time, from one it chooses."""
        trip, clock = [], 0.0
        for camera in self._cameras:
            lane = self._lanes[camera][int(self._rng.integers(len(self._lanes[camera])))]
            if self._rng.random() < 0.5:
                lane = replace(lane, points=lane.points[::-1])
            aside = (
                lane.half_width
                * float(self._rng.uniform(0.1, 1.0))
                * (1 if self._rng.random() < 0.85 else -1)
            )
            speed = walker.speed * float(self._rng.uniform(0.95, 1.05))
            trip.append(Walk(self._number, camera, clock, speed, lane, aside))
            clock = trip[-1].end + float(self._rng.uniform(0.3, 0.9)) * min(4.0, self._spec.seconds / 6)
        begin = self._first_start(trip) if start is None else start
        return [replace(walk, start=walk.start + begin) for walk in trip]

    def next_start(self, trip: Sequence[Walk]) -> float:
        """When they come again."""
        rest = self._round - (trip[-1].end - trip[0].start)
        return trip[-1].end + max(1.0, rest * float(self._rng.uniform(0.7, 1.3)))

    def _first_start(self, trip: Sequence[Walk]) -> float:
        """A time from which both the first and the last visit are seen long enough, if that can be."""
        seen = min(_SEEN, self._spec.seconds / (2 * len(trip) + 1)) + _HIDDEN
        low, high = seen - trip[0].seconds, self._spec.seconds - seen - trip[-1].start
        if low > high:
            return (low + high) / 2
        return float(self._rng.uniform(low, min(high, low + self._round)))


def _worth(walk: Walk, others: Sequence[Walk], spec: VideoSpec) -> float:
    """How far from others a walk keeps, and how few others there are on the scene meanwhile."""
    start, end = max(walk.start, 0.0), min(walk.end, spec.seconds)
    apart, company = _APART, 0.0
    for other in others:
        since, until = max(start, other.start), min(end, other.end)
        if since < until:
            company += until - since
            times = np.arange(since, until, 0.3)
            gaps = np.linalg.norm(walk.places(times) - other.places(times), axis=1)
            apart = min(apart, float(gaps.min()))
    return apart - 0.1 * company / max(end - start, 0.1)
