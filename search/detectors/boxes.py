"""Boxes that another program found, from a file."""

import math
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from search.video import Frame
from utils.errors import InputError, one_line
from utils.files import reading

from .detector import Settings, detections, file_name

if TYPE_CHECKING:
    import supervision as sv

FIELDS = "frame, id, x, y, width, height, score"
UNKNOWN = -1.0  # in the file: there is no score


class BoxesDetector:
    """The boxes of a file like MOTChallenge's det.txt (https://motchallenge.net/instructions/).

    Each line is ``frame, id, x, y, width, height, score``, in any order of the frames, which count from 1;
    the id and what follows the score are ignored. x and y are those of the top left corner [pixels]. A score
    of -1 means that it is not known, and counts as 1.

    Args:
        path: of the file.
        settings: boxes with a score below ``score`` are left out; None: none are.

    Raises:
        InputError: it cannot be read, or a line of it is wrong; the message says which.
    """

    batch = 1

    def __init__(self, path: str, settings: Settings | None = None):
        score = None if settings is None else settings.score
        table = _read(path)
        if score is not None:
            table = table[table[:, 5] >= score]
        # By frame, and in each frame by score, the highest first.
        table = table[np.lexsort([-table[:, 5], table[:, 0]])]
        self._frames = table[:, 0].astype(np.int64)
        self._boxes = np.concatenate([table[:, 1:3], table[:, 1:3] + table[:, 3:5]], axis=1)
        self._scores = table[:, 5]
        self.name = file_name(path) + ("" if score is None else f" (score {score:g})")

    def __call__(self, frames: Sequence[Frame]) -> list["sv.Detections"]:
        """The boxes of each frame; see ``Detector``."""
        found = []
        for frame in frames:
            first, end = np.searchsorted(self._frames, [frame.number + 1, frame.number + 2])
            found.append(detections(self._boxes[first:end], self._scores[first:end]))
        return found

    def fresh(self) -> "BoxesDetector":
        """Itself; see ``Detector``."""
        return self


def _read(path: str) -> np.ndarray:
    """The table (N, 6) of frame, x, y, width, height and score."""
    table = array("d")  # a day's millions of boxes would be gigabytes as lists
    try:
        with reading(path), open(path, encoding="utf-8-sig") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    table.extend(_row(path, number, line))
    except UnicodeDecodeError:
        raise InputError(f"{one_line(path)} is not a text file; its lines must be {FIELDS}") from None
    return np.array(table).reshape(-1, 6)


def _row(path: str, number: int, line: str) -> list[float]:
    try:
        frame, _, *box, score = map(float, line.split(",")[:7])
        problem = _problem(frame, box, score)
    except ValueError:
        problem = "is not seven numbers with commas between them"
    if problem:
        shown = one_line(line.strip()[:60])
        raise InputError(f"{one_line(path)}, line {number}, {problem}: {shown}; lines must be {FIELDS}")
    return [frame, *box, 1.0 if score == UNKNOWN else score]


def _problem(frame: float, box: list[float], score: float) -> str | None:
    if len(box) != 4:
        return "has too few numbers"
    if not all(map(math.isfinite, [frame, *box, score])):
        return "has a number that is not finite"
    if frame < 1 or frame % 1:
        return "has no whole number from 1 on as its frame"
    if box[2] <= 0 or box[3] <= 0:
        return "has a box without width or height"
    return None
