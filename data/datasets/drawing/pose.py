"""How a person stands in one picture: direction, step and place, and the joints that follow from them.

Body space has its origin on the ground between the feet, is measured in body heights and has the axes
(left of the person, up, ahead of the person). Pixels are those of the canvas drawn on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .person import Build


@dataclass(frozen=True)
class Pose:
    """Direction, step and place of a person in one picture.

    Attributes:
        yaw: Radians; 0 faces the camera, pi shows the back, +-pi/2 the sides.
        pitch: Radians by which the camera looks down.
        lean: Sideways shear, pixels per pixel.
        phase: Place in the walking cycle, radians.
        stride: Largest swing of the legs, radians.
        swing: Largest swing of the arms, radians.
        elbow: Bend of the elbows, radians.
        height: Body height in pixels.
        foot: (x, y) of the ground point between the feet in pixels.
    """

    yaw: float
    pitch: float
    lean: float
    phase: float
    stride: float
    swing: float
    elbow: float
    height: float
    foot: tuple[float, float]

    def project(self, points: np.ndarray) -> np.ndarray:
        """Map body space, float (N, 3), to pixels, float (N, 2) as (x, y)."""
        left, up, ahead = np.asarray(points, dtype=float).T
        across = left * np.cos(self.yaw) + ahead * np.sin(self.yaw) + self.lean * up
        rise = up - self.depth(left, ahead) * np.sin(self.pitch)
        return np.stack((self.foot[0] + across * self.height, self.foot[1] - rise * self.height), axis=1)

    def depth(self, left: float | np.ndarray, ahead: float | np.ndarray) -> float | np.ndarray:
        """How far towards the camera a place lies, in body heights."""
        return ahead * np.cos(self.yaw) - left * np.sin(self.yaw)

    def breadth(self, width: float | np.ndarray, depth: float | np.ndarray) -> float | np.ndarray:
        """Half the visible breadth of an oval with these half axes (across and along the body)."""
        return np.hypot(width * np.cos(self.yaw), depth * np.sin(self.yaw))


def sample_pose(
    rng: np.random.Generator, yaws: tuple[float, ...], pitch: float, size: tuple[int, int]
) -> Pose:
    """Draw a pose that fills a detector's box about as well as detectors do.

    Args:
        rng: Source of every choice.
        yaws: Directions that people mostly walk in under this camera, radians.
        pitch: Radians by which the camera looks down.
        size: (height, width) of the box in pixels.
    """
    rows, columns = size
    height = rows * rng.uniform(0.84, 0.97)
    foot = rows * rng.uniform(0.94, 0.985)
    if rng.random() < 0.18:  # A bad box: too small, so that the head or the feet fall outside.
        height = rows * rng.uniform(1.04, 1.22)
        foot = rows * rng.uniform(0.98, 1.0) if rng.random() < 0.3 else rows * 0.03 + height
    return Pose(
        yaw=float(rng.choice(yaws) + rng.normal(0, 0.5)),
        pitch=pitch + rng.normal(0, 0.03),
        lean=rng.normal(0, 0.025),
        phase=rng.uniform(0, 2 * np.pi),
        stride=rng.uniform(0.08, 0.48),
        swing=rng.uniform(0.05, 0.5),
        elbow=rng.uniform(0.1, 0.8) if rng.random() < 0.8 else rng.uniform(1.2, 1.9),
        height=height,
        foot=(columns * (0.5 + rng.normal(0, 0.05)), foot),
    )


def leg_joints(build: Build, pose: Pose, side: int) -> np.ndarray:
    """Hip, knee, ankle and toe of one leg in body space, float (4, 3).

    Args:
        build: Proportions of the person.
        pose: Pose of the person.
        side: +1 for the left leg, -1 for the right one.
    """
    cycle = pose.phase if side > 0 else pose.phase + np.pi
    thigh = pose.stride * np.sin(cycle)
    shin = thigh - 0.06 - 1.5 * pose.stride * max(0.0, np.cos(cycle + 0.5)) ** 2
    length = build.leg / 2 - 0.02
    hip = np.array((side * build.hip * 0.52, build.leg, 0.0))
    knee = hip + length * np.array((0.0, -np.cos(thigh), np.sin(thigh)))
    ankle = knee + length * np.array((-side * 0.04, -np.cos(shin), np.sin(shin)))
    toe = ankle + 0.085 * np.array((side * 0.25, -0.12 + 0.6 * min(0.0, shin + 0.25), 1.0))
    return np.stack((hip, knee, ankle, toe))


def arm_joints(build: Build, pose: Pose, side: int) -> np.ndarray:
    """Shoulder, elbow and hand of one arm in body space, float (3, 3); see `leg_joints`."""
    upper = -pose.swing * np.sin(pose.phase if side > 0 else pose.phase + np.pi)
    fore = upper + pose.elbow
    shoulder = np.array((side * build.shoulder * 0.95, 0.787, 0.0))
    elbow = shoulder + 0.165 * np.array((side * 0.14, -np.cos(upper), np.sin(upper)))
    hand = elbow + 0.155 * np.array((side * 0.02, -np.cos(fore), np.sin(fore)))
    return np.stack((shoulder, elbow, hand))
