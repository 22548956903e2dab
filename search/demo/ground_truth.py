"""Reads the ground truth of drawn videos, and what a tracker says at the same times."""

from __future__ import annotations

from collections.abc import Sequence
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils.errors import InputError

_GAP = 1.0  # Seconds without a box after which a track counts as gone until the next one.


@dataclass(frozen=True, eq=False)
class Track:
    """What a tracker says about one person in one video.

    Attributes:
        camera: Name of the camera, such as `camera1`.
        times: Seconds since the beginning of the video, rising, float (n,).
        boxes: x1, y1, x2, y2 in pixels at these times, float (n, 4).
    """

    camera: str
    times: np.ndarray
    boxes: np.ndarray

    def at(self, times: np.ndarray, slack: float) -> tuple[np.ndarray, np.ndarray]:
        """The boxes at other times, between those of the track on the straight line.

        Args:
            times: Seconds, float (m,).
            slack: Seconds around each time of the track that belong to it, too.

        Returns:
            Indices of the times at which the track is there, int64 (k,), and boxes, float64 (k, 4).
        """
        own = np.asarray(self.times, dtype=float)
        boxes = np.asarray(self.boxes, dtype=float).reshape(-1, 4)
        (there,) = np.nonzero((times >= own[0] - slack) & (times <= own[-1] + slack))
        after = np.clip(np.searchsorted(own, times[there]), 1, max(len(own) - 1, 1))
        since, until = times[there] - own[after - 1], own[np.minimum(after, len(own) - 1)] - times[there]
        there = there[(since + until <= _GAP) | (np.minimum(np.abs(since), np.abs(until)) <= slack)]
        return there, np.stack([np.interp(times[there], own, side) for side in boxes.T], axis=1)


@dataclass(frozen=True, eq=False)
class GroundTruth:
    """Who is seen in each frame of one video.

    Attributes:
        camera: Name of the camera.
        times: Seconds of the frames, float64 (n,).
        frames: Index of the frame of each box, int64 (m,), rising.
        people: Whom it shows, int64 (m,).
        boxes: x1, y1, x2, y2 in pixels, float64 (m, 4).
        visibility: Share of the person that is seen, 0..1, float64 (m,).
    """

    camera: str
    times: np.ndarray
    frames: np.ndarray
    people: np.ndarray
    boxes: np.ndarray
    visibility: np.ndarray

    def rows(self) -> list[slice]:
        """The boxes of each frame."""
        ends = np.searchsorted(self.frames, np.arange(len(self.times) + 1))
        return [slice(start, end) for start, end in zip(ends[:-1], ends[1:], strict=True)]

    def seen(self, tracks: Sequence[Track]) -> list[list[tuple[int, np.ndarray]]]:
        """For each frame the tracks that are there, each with its box (4,)."""
        frames: list[list[tuple[int, np.ndarray]]] = [[] for _ in self.times]
        slack = self.times[1] / 2 if len(self.times) > 1 else 0.5
        for index, track in enumerate(tracks):
            if track.camera == self.camera and len(track.times):
                for frame, box in zip(*track.at(self.times, slack), strict=True):
                    frames[frame].append((index, box))
        return frames


def read_ground_truth(folder: Path) -> list[GroundTruth]:
    """Read what `draw_videos` wrote, one for each camera, by name.

    Raises:
        InputError: There is none, or a file of it is not in the format of MOTChallenge.
    """
    files = sorted((folder / "ground_truth").glob("*.txt"))
    if not files:
        raise InputError(f"{folder} has no ground truth; draw the videos with draw_videos")
    return [_read(file) for file in files]


def _read(file: Path) -> GroundTruth:
    sequence = ConfigParser()
    try:
        sequence.read_string(file.with_suffix(".ini").read_text(encoding="utf-8"))
        fps, count = sequence.getint("Sequence", "frameRate"), sequence.getint("Sequence", "seqLength")
        table = [line.split(",") for line in file.read_text(encoding="utf-8").splitlines() if line]
        rows = np.array(table, dtype=float).reshape(-1, 9)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read the ground truth {file}: {error}; draw the videos again") from None
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    boxes = np.concatenate((rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]), axis=1)
    frames, people = rows[:, :2].astype(int).T
    return GroundTruth(file.stem, np.arange(count) / fps, frames - 1, people, boxes, rows[:, 8])
