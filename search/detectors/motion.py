"""What moves before a fixed camera: people, without a network."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from search.video import Frame

from .detector import Settings, detections

if TYPE_CHECKING:
    import supervision as sv

HEIGHT = 288  # pixels; frames are reduced to it, which shows people as well, with less noise
HISTORY = 500  # frames that the background is learned from (OpenCV's default),
FIRST = 100  # at the beginning; from fewer, whoever walks slowly would be background at once
VARIANCE = 16  # squared distance in standard deviations of what is not background (OpenCV's default)
FOREGROUND = 255  # value in the mask; shadows have another
OPENING = (2, 2)  # pixels, width and height; what is smaller is noise
CLOSING = (1, 7)  # gaps that are closed; people stand beside, not above each other
LOWEST = 0.06  # least height of a person, of the frame's
SLENDER = (1.2, 4.0)  # least and greatest height of a person, in widths
FULL = 0.3  # least part of a box that must move
TOO_MUCH = 0.4  # of the frame; if more changes at once, it is the light, or the camera was moved
GAP = 0.25  # greatest gap between parts of a person above each other, of their mean height
BESIDE = 0.5  # least common width of such parts, of the narrower one


class MotionDetector:
    """People as what moves, by OpenCV's MOG2 (Zivkovic and van der Heijden, 2006).

    A model of the background follows the frames, which must come in their order, all from one fixed camera.
    The first frame counts as background; who stands still becomes part of it; when the light changes, it is
    learned anew. Shadows are left out. Parts of a person above each other are put together; blobs that are
    too low, wide, slender or full of holes for a person are left out. People close together are one box. All
    scores are 1.

    Args:
        settings: not used: nothing here has a score or overlaps.
    """

    batch = 1
    name = f"motion (MOG2, history {HISTORY}, variance {VARIANCE}, height {HEIGHT})"

    def __init__(self, settings: Settings | None = None):
        self._background = None
        self._seen = 0

    def __call__(self, frames: Sequence[Frame]) -> list["sv.Detections"]:
        """The people in each frame; see ``Detector``."""
        return [self._people(frame.image) for frame in frames]

    def fresh(self) -> "MotionDetector":
        """See ``Detector``."""
        return MotionDetector()

    def _people(self, image: np.ndarray) -> "sv.Detections":
        ratio = min(1.0, HEIGHT / image.shape[0])
        small = (
            image if ratio == 1 else cv2.resize(image, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
        )
        mask = self._moving(small)
        boxes = np.array([b for b in _joined(_blobs(mask)) if _like_a_person(b, mask)]).reshape(-1, 4)
        scale = [image.shape[1] / small.shape[1], image.shape[0] / small.shape[0]]
        return detections(boxes * np.tile(scale, 2), np.ones(len(boxes)))

    def _moving(self, image: np.ndarray) -> np.ndarray:
        """What moves in the next frame (H, W): uint8, 1 where something does."""
        if self._background is not None:
            self._seen += 1
            rate = 1 / min(max(2 * self._seen, FIRST), HISTORY)
            mask = self._background.apply(image, learningRate=rate) == FOREGROUND
            if mask.mean() <= TOO_MUCH:
                return mask.astype(np.uint8)
        self._background = cv2.createBackgroundSubtractorMOG2(HISTORY, VARIANCE, detectShadows=True)
        self._background.apply(image)
        self._seen = 0
        return np.zeros(image.shape[:2], np.uint8)


def _blobs(mask: np.ndarray) -> np.ndarray:
    """Boxes (N, 4) x1, y1, x2, y2 of what moves; noise is taken out, and gaps are closed."""
    # cv2.MORPH_OPEN would move what it leaves by a pixel, since this kernel has no middle.
    moving = cv2.erode(mask, np.ones(OPENING[::-1], np.uint8), anchor=(0, 0))
    moving = cv2.dilate(moving, np.ones(OPENING[::-1], np.uint8), anchor=(OPENING[0] - 1, OPENING[1] - 1))
    moving = cv2.morphologyEx(moving, cv2.MORPH_CLOSE, np.ones(CLOSING[::-1], np.uint8))
    _, _, found, _ = cv2.connectedComponentsWithStats(moving)
    corner, size = found[1:, :2], found[1:, 2:4]  # without the background
    return np.concatenate([corner, corner + size], axis=1).astype(float)


def _joined(boxes: np.ndarray) -> list[np.ndarray]:
    """Boxes with parts of one person put together: from the top down, each with what lies close below it."""
    left = sorted(boxes, key=lambda box: box[1])
    joined: list[np.ndarray] = []
    for box in left:
        for n, above in enumerate(joined):
            if _belong_together(above, box):
                joined[n] = np.concatenate([np.minimum(above[:2], box[:2]), np.maximum(above[2:], box[2:])])
                break
        else:
            joined.append(box)
    return joined


def _belong_together(above: np.ndarray, below: np.ndarray) -> bool:
    """Whether two boxes are parts of a person: above each other, close, and not too high together."""
    common = min(above[2], below[2]) - max(above[0], below[0])
    widths = above[2] - above[0], below[2] - below[0]
    heights = above[3] - above[1], below[3] - below[1]
    gap = max(above[1], below[1]) - min(above[3], below[3])
    height = max(above[3], below[3]) - min(above[1], below[1])
    width = max(above[2], below[2]) - min(above[0], below[0])
    return common >= BESIDE * min(widths) and gap <= GAP * sum(heights) / 2 and height <= SLENDER[1] * width


def _like_a_person(box: np.ndarray, mask: np.ndarray) -> bool:
    x1, y1, x2, y2 = box.astype(int)
    slender = (y2 - y1) / (x2 - x1)
    high_enough = y2 - y1 >= LOWEST * mask.shape[0]
    return high_enough and SLENDER[0] <= slender <= SLENDER[1] and mask[y1:y2, x1:x2].mean() >= FULL
