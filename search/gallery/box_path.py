"""Where a person was in the frames of a tracklet, in as few bytes as a picture's thumbnail takes."""

import base64
import zlib
from typing import NamedTuple

import numpy as np

STEPS = 8  # of a pixel
TICKS = 1000  # of a second
MOST_TEXT = 60_000  # characters; a JSON field of Milvus holds 65,536 bytes


class BoxPath(NamedTuple):
    """Boxes in the order of time.

    Args:
        times: (N,) float64, increasing [seconds], in the tracklet's own time.
        boxes: (N, 4) float32, ``x1, y1, x2, y2`` [pixels].
    """

    times: np.ndarray
    boxes: np.ndarray

    def at(self, time: float) -> np.ndarray:
        """The box (4,) at a time [seconds], between those of the times beside it."""
        return np.array([np.interp(time, self.times, side) for side in self.boxes.T])


def pack(path: BoxPath) -> str:
    """A path as text; ``unpack`` gives it back to 0.5 ms and 1/16 pixel.

    A path too long for a field of the gallery, some 10,000 boxes, loses every second box until it fits; its
    ends stay.
    """
    text = _pack(path)
    while len(text) > MOST_TEXT:
        keep = np.r_[0 : len(path.times) - 1 : 2, len(path.times) - 1]
        path = BoxPath(path.times[keep], path.boxes[keep])
        text = _pack(path)
    return text


def unpack(text: str) -> BoxPath:
    """The path that ``pack`` packed."""
    data = zlib.decompress(base64.b64decode(text))
    first = np.frombuffer(data[:8], "<f8")
    # A byte of each number beside the same byte of the next, as they were compressed.
    planes = np.frombuffer(data[8:], np.uint8).reshape(4, -1)
    numbers = np.ascontiguousarray(planes.T).view("<i4").reshape(5, -1).cumsum(1, dtype=np.int64)
    return BoxPath(first + numbers[0] / TICKS, (numbers[1:].T / STEPS).astype(np.float32))


def _pack(path: BoxPath) -> str:
    times = np.asarray(path.times, np.float64)
    first = times[:1] if len(times) else np.zeros(1)
    numbers = np.vstack(
        [(times - first) * TICKS, np.asarray(path.boxes, np.float64).reshape(-1, 4).T * STEPS]
    )
    numbers = np.diff(numbers.round().astype(np.int64), axis=1, prepend=0).astype("<i4")
    planes = np.ascontiguousarray(numbers).view(np.uint8).reshape(-1, 4).T
    data = first.astype("<f8").tobytes() + np.ascontiguousarray(planes).tobytes()
    return base64.b64encode(zlib.compress(data)).decode()
