"""The frames of the drawn videos, one after the other, and who is seen in each."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from data.datasets.drawing.camera import Sensor

from .figure import Presence
from .filming import Camera, Sighting
from .plan import plan_walks
from .scenery import PLACES
from .spec import VideoSpec
from .walk import Walk
from .walker import Walker, sample_walker

_PERSON, _PLAN, _SCENE, _NOISE = range(4)  # First numbers of the random seeds, so that nothing shares one.
# Unlike enough that one person's colours do not match across cameras: colours, then the noise.
_SENSORS = (
    (Sensor(gains=(0.88, 1.00, 1.10), saturation=1.12, gamma=0.95, black=4), 2.0),
    (Sensor(gains=(0.98, 1.06, 0.96), saturation=0.85, gamma=1.06, black=10), 2.5),
    (Sensor(gains=(1.09, 1.00, 0.94), saturation=0.80, gamma=1.08, black=12), 2.0),
)


@dataclass(frozen=True)
class Moment:
    """One frame.

    Attributes:
        number: Of the frame, from 0.
        image: uint8 (height, width, 3), BGR.
        sightings: Everybody of whom anything is seen, from far to near.
    """

    number: int
    image: np.ndarray
    sightings: list[Sighting]


@dataclass(frozen=True)
class Film:
    """What one camera sees.

    Attributes:
        name: Of the camera, such as `camera1`.
        index: Of the camera, from 0.
        spec: The videos.
        walkers: All people, in the order of their numbers.
        walks: The walks before this camera, by the time of their start.
    """

    name: str
    index: int
    spec: VideoSpec
    walkers: Sequence[Walker]
    walks: Sequence[Walk]

    def moments(self) -> Iterator[Moment]:
        """Draw one frame after the other."""
        camera = self._camera()
        coming, here = deque(self.walks), []
        for number in range(self.spec.frames):
            time = number / self.spec.fps
            while coming and coming[0].start <= time:
                here.append(coming.popleft())
            here = [walk for walk in here if walk.end > time]
            people = [Presence(walk.number, self.walkers[walk.number - 1], *walk.at(time)) for walk in here]
            yield Moment(number, *camera.film(people))

    def _camera(self) -> Camera:
        seed, kind = self.spec.seed, self.index % len(PLACES)
        scene = PLACES[kind].paint(self.spec.size, (seed, _SCENE, self.index))
        sensor, noise = _SENSORS[kind]
        return Camera(scene, sensor, noise, (seed, _NOISE, self.index))


def make_films(spec: VideoSpec) -> list[Film]:
    """Plan what each camera sees.

    Raises:
        InputError: The spec has numbers out of bounds.
    """
    spec.check()
    people = range(1, spec.people + 1)
    walkers = [sample_walker(np.random.default_rng([spec.seed, _PERSON, number])) for number in people]
    lanes = [PLACES[index % len(PLACES)].lanes for index in range(spec.cameras)]
    walks = plan_walks(spec, walkers, lanes, (spec.seed, _PLAN))
    return [Film(f"camera{i + 1}", i, spec, walkers, walks[i]) for i in range(spec.cameras)]
