"""A person who walks: their look and their gait."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from data.datasets.drawing.person import Person, sample_person
from data.datasets.drawing.pose import Pose, leg_joints

_METRES = 1.72  # Height of a person whose build has the height 1.
_SOLE = 0.022  # Height of a foot's middle above the ground, in body heights.


@dataclass(frozen=True)
class Walker:
    """A person and how they walk.

    Attributes:
        person: What they look like.
        stride: Largest swing of the legs, radians.
        swing: Largest swing of the arms, radians.
        elbow: Bend of the elbows, radians.
        speed: Metres per second.
    """

    person: Person
    stride: float
    swing: float
    elbow: float
    speed: float

    @property
    def height(self) -> float:
        """Metres."""
        return _METRES * self.person.build.height

    @property
    def step(self) -> float:
        """Metres that one step takes them forward: so many that their feet do not slide."""
        return 1.9 * self.person.build.leg * self.height * float(np.sin(self.stride))

    def pose(self, yaw: float, pitch: float, phase: float, height: float) -> Pose:
        """How they stand at one moment, with the lower foot on the ground at pixel (0, 0).

        Args:
            yaw: See `Pose`.
            pitch: See `Pose`.
            phase: Place in the walking cycle of two steps, radians.
            height: Body height in pixels.
        """
        pose = Pose(yaw, pitch, 0.0, phase, self.stride, self.swing, self.elbow, height, (0.0, 0.0))
        lowest = min(leg_joints(self.person.build, pose, side)[2:, 1].min() for side in (-1, 1))
        return replace(pose, foot=(0.0, height * (lowest - _SOLE)))


def sample_walker(rng: np.random.Generator) -> Walker:
    """Draw a person and a gait at random."""
    person = sample_person(rng)
    stride = float(rng.uniform(0.36, 0.45))
    return Walker(
        person,
        stride,
        swing=float(rng.uniform(0.25, 0.5)),
        elbow=float(rng.uniform(0.15, 0.6)),
        speed=float(rng.uniform(1.15, 1.45)) * stride / 0.4,
    )
