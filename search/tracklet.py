"""Tracklets: a person's way through a camera, with the few pictures that show the person best."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from .video import Frame

if TYPE_CHECKING:
    import supervision as sv

KEPT = 4  # pictures of a tracklet
PERIOD = 0.25  # seconds in which one picture competes, at first
LARGEST = 384  # height to which a larger picture is shrunk [pixels]; no network here reads larger ones
TALL = 160  # height from which a box counts as large [pixels]
SHARP = 150.0  # variance of the Laplacian at which a picture counts as half sharp


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture of a person.

    Attributes:
        image: (h, w, 3) uint8 BGR.
        time: [seconds].
        quality: 0 to 1.
    """

    image: np.ndarray
    time: float
    quality: float


@dataclass
class Tracklet:
    """A person's way through a camera, without a break longer than the tracker's patience.

    Attributes:
        number: of the tracker.
        times: of the frames in which the person was found [seconds].
        boxes: in these frames, each (4,) float32 ``x1, y1, x2, y2`` [pixels].
        came_from: box in the last frame before the segment, (4,); None: the person was not there.
        best: pictures.
        looks: how often it was given away while its person was still seen.
    """

    number: int
    came_from: np.ndarray | None = None
    times: list[float] = field(default_factory=list)
    boxes: list[np.ndarray] = field(default_factory=list)
    best: "BestPictures" = field(default_factory=lambda: BestPictures())
    looks: int = 0

    @property
    def start(self) -> float:
        """[seconds]."""
        return self.times[0]

    @property
    def end(self) -> float:
        """[seconds]."""
        return self.times[-1]

    def pictures(self) -> list[Picture]:
        """At most KEPT, the best first."""
        return self.best.chosen()

    def copy(self) -> "Tracklet":
        """As it is now, whatever is added to it."""
        return replace(self, times=self.times.copy(), boxes=self.boxes.copy(), best=self.best.copy())


class BestPictures:
    """The best picture of each period, in memory that does not grow: twice as many periods join in pairs.

    So the pictures are spread over the time, however long it will be.
    """

    def __init__(self, most: int = 2 * KEPT):
        self.most = most
        self.length = PERIOD
        self.periods: dict[int, Picture] = {}

    def wanted(self, time: float, quality: float) -> bool:
        """Whether a picture of this time would be kept if it is of at most this quality."""
        best = self.periods.get(int(time / self.length))
        return best is None or quality > best.quality

    def add(self, picture: Picture) -> None:
        """Keep a picture if it is the best of its period."""
        if not self.wanted(picture.time, picture.quality):
            return
        self.periods[int(picture.time / self.length)] = picture
        while len(self.periods) > self.most:
            self.length *= 2
            pictures, self.periods = self.periods.values(), {}
            for one in pictures:
                self.add(one)

    def copy(self) -> "BestPictures":
        """As they are now."""
        copied = BestPictures(self.most)
        copied.length, copied.periods = self.length, self.periods.copy()
        return copied

    def chosen(self) -> list[Picture]:
        """At most KEPT, the best first."""
        return sorted(self.periods.values(), key=lambda p: (-p.quality, p.time))[:KEPT]


def show(tracklet: Tracklet, frame: Frame, place: int, tracked: "sv.Detections") -> None:
    """Add what a frame shows of a tracklet's person.

    The quality of the picture is the product of the box's score, its height up to TALL, the part of it that
    no one nearer to the camera covers, and its sharpness; half of that where the frame cuts it off.

    Args:
        tracklet: of the person.
        frame: that shows the person.
        place: of the person in ``tracked``.
        tracked: all people in the frame.
    """
    boxes, box = tracked.xyxy, tracked.xyxy[place]
    tracklet.times.append(frame.time)
    tracklet.boxes.append(box.astype(np.float32))
    score = 1.0 if tracked.confidence is None else float(tracked.confidence[place])
    quality = score * min(1.0, (box[3] - box[1]) / TALL) * _uncovered(box, boxes)
    height, width = frame.image.shape[:2]
    if box[0] <= 1 or box[1] <= 1 or box[2] >= width - 1 or box[3] >= height - 1:
        quality *= 0.5
    if not tracklet.best.wanted(frame.time, quality):  # it could only be blurred besides
        return
    left, top = np.maximum(box[:2], 0).astype(int)
    right, bottom = np.ceil(box[2:]).astype(int)
    image = frame.image[top : min(bottom, height), left : min(right, width)]
    if min(image.shape[:2]) < 2:
        return
    if image.shape[0] > LARGEST:
        shrunk = (max(2, round(image.shape[1] * LARGEST / image.shape[0])), LARGEST)
        image = cv2.resize(image, shrunk, interpolation=cv2.INTER_AREA)
    tracklet.best.add(Picture(image.copy(), frame.time, quality * _sharpness(image)))


def _uncovered(box: np.ndarray, boxes: np.ndarray) -> float:
    """The part of a box that no box covers whose lower edge is lower: that person is nearer to the camera."""
    nearer = boxes[boxes[:, 3] > box[3]]
    if not len(nearer):
        return 1.0
    overlap = np.minimum(nearer[:, 2:], box[2:]) - np.maximum(nearer[:, :2], box[:2])
    area = (box[2] - box[0]) * (box[3] - box[1])
    return float(max(0.0, 1 - overlap.clip(0).prod(1).max() / max(area, 1.0)))


def _sharpness(image: np.ndarray) -> float:
    """0 to 1, of the picture as large as a network may read it."""
    grey = cv2.cvtColor(cv2.resize(image, (64, 128)), cv2.COLOR_BGR2GRAY)
    variance = float(cv2.Laplacian(grey, cv2.CV_32F).var())
    return variance / (variance + SHARP)
