"""Frames and people for tests: rectangles that move, found by a detector that knows where they are."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import supervision as sv

from search.detectors import Settings
from search.gallery import WeightsFingerprint
from search.video import Frame

SIZE = (96, 128)  # height and width of a frame
COLOURS = [(40, 40, 220), (40, 200, 40), (220, 60, 40), (30, 200, 220), (200, 40, 200)]

Walk = Callable[[float], tuple[float, float, float, float] | None]  # time -> box x1, y1, x2, y2; None: away


def walk(begin: float, end: float, left: float = 10, speed: float = 8, top: float = 20) -> Walk:
    """A person who enters at ``left`` and walks to the right until ``end``."""

    def place(time: float) -> tuple[float, float, float, float] | None:
        x = left + speed * (time - begin)
        return (x, top, x + 16, top + 40) if begin <= time < end else None

    return place


def frame(number: int, walks: Sequence[Walk], rate: float) -> Frame:
    """The frame of this number, with a coloured rectangle for each person there."""
    image = np.full((*SIZE, 3), 90, np.uint8)
    image[::2, ::2] += np.random.default_rng(number).integers(0, 20, image[::2, ::2].shape, np.uint8)
    for colour, place in zip(COLOURS, walks, strict=False):
        if box := place(number / rate):
            x1, y1, x2, y2 = (round(value) for value in box)
            image[max(0, y1) : y2, max(0, x1) : x2] = colour
            image[y1 + 4 : y1 + 8, max(0, x1) : x2] = 255
    return Frame(image, number / rate, number)


def detections(boxes: Sequence[Sequence[float]], scores: Sequence[float] | None = None) -> sv.Detections:
    """Boxes as a detector gives them."""
    return sv.Detections(
        xyxy=np.array(boxes, np.float32).reshape(-1, 4),
        confidence=np.array(scores or [0.9] * len(boxes), np.float32),
        class_id=np.zeros(len(boxes), int),
    )


class KnowingDetector:
    """Knows where everybody is.

    Attributes:
        seen: numbers of the frames that it was given.
    """

    name = "knowing"
    batch = 2

    def __init__(self, walks: Sequence[Walk]):
        self.walks = walks
        self.seen: list[int] = []

    def __call__(self, frames: Sequence[Frame]) -> list[sv.Detections]:
        self.seen += [one.number for one in frames]
        return [
            detections([box for place in self.walks if (box := place(one.time)) is not None])
            for one in frames
        ]

    def fresh(self) -> "KnowingDetector":
        return self


class ColourDetector:
    """Finds the one coloured rectangle of a frame; made as other detectors are."""

    name = "colour"
    batch = 4

    def __init__(self, settings: Settings | None = None):
        pass

    def __call__(self, frames: Sequence[Frame]) -> list[sv.Detections]:
        return [self._found(one.image) for one in frames]

    def fresh(self) -> "ColourDetector":
        return self

    @staticmethod
    def _found(image: np.ndarray) -> sv.Detections:
        x, y, width, height = cv2.boundingRect((np.ptp(image, axis=2) > 70).astype(np.uint8))
        return detections([[x, y, x + width, y + height]] if width * height > 200 else [])


class ColourEmbedder:
    """The colour in the middle of a picture."""

    dim = 3
    weights = WeightsFingerprint("colour.pth", "0" * 64)

    def __init__(self):
        self.batches: list[int] = []

    def __call__(self, pictures):
        self.batches.append(len(pictures))
        middles = [p[p.shape[0] // 4 : -p.shape[0] // 4, 2:-2].reshape(-1, 3).mean(0) for p in pictures]
        vectors = np.array(middles, np.float32).reshape(-1, 3)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
