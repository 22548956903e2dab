"""What the output of a network means; one class per layout, in the file of the networks that have it."""

from typing import Protocol

import numpy as np

from .letterbox import Letterbox


class Layout(Protocol):
    """How frames go into a network, and people come out.

    Attributes:
        score: the least score of a person in the network's own programs.
        nms: their greatest overlap of two people; None: the network drops such boxes itself.
        letterbox: makes its input.

    Args:
        size: height and width of the input [pixels].
        person: number of the class.
        classes: how many there are; None: all that the output has room for.
    """

    score: float
    nms: float | None
    letterbox: Letterbox

    def __init__(self, size: tuple[int, int], person: int, classes: int | None): ...

    @staticmethod
    def fits(output: np.ndarray, size: tuple[int, int]) -> bool:
        """Whether a network's output (N, ...) on an input of this size has this layout."""

    def people(self, output: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
        """The people in one frame.

        Args:
            output: of the network for it, without the dimension of the batch.
            least: score.

        Returns:
            Boxes (N, 4) x1, y1, x2, y2 [pixels of the input], scores (N,), both float32.
        """


def cells(size: tuple[int, int], strides: tuple[int, ...]) -> int:
    """How many cells the grids of these strides have on an input of this height and width [pixels]."""
    return sum((size[0] // stride) * (size[1] // stride) for stride in strides)


def rows_of_people(
    output: np.ndarray, least: float, person: int, classes: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Which rows of x, y, width, height, objectness, classes are people, the likeliest class of theirs.

    Args:
        output: (A, 5 + C), the last 1 + C as probabilities; a score is objectness times class.
        least: score.
        person: number of the class.
        classes: how many there are.

    Returns:
        Numbers of the rows (N,) int64, scores (N,) float32.
    """
    found = np.flatnonzero(output[:, 4] >= least)  # no score is above the objectness
    likely = output[found, 4:].astype(np.float32)
    names = likely[:, 1 : None if classes is None else 1 + classes]
    scores = likely[:, 0] * names[:, person]
    good = (names.argmax(axis=1) == person) & (scores >= least)
    return found[good], scores[good]


def corners(boxes: np.ndarray) -> np.ndarray:
    """Boxes (N, 4) x, y of the centre, width, height as x1, y1, x2, y2."""
    centre, half = boxes[:, :2], boxes[:, 2:] / 2
    return np.concatenate([centre - half, centre + half], axis=1)
