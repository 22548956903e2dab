"""Tracklets: a person's way through a camera, with the few pictures that show the person best."""

import math
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
READ = 128  # height to which a larger picture is shrunk to see how sharp it is; networks read 256 at most
SHARP = 0.75  # pixels, standard deviation of the blur of edges up to which a picture is sharp


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
        came_from: last box before the segment, (4,); None: the person was not there.
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


def possible_quality(people: "sv.Detections", size: tuple[int, int]) -> np.ndarray:
    """The quality of the pictures of a frame's people, if they are sharp.

    It is the product of the box's score, its height up to TALL, and the part of it that no one nearer to the
    camera covers; half of that where the frame cuts the person off.

    Args:
        people: all in the frame.
        size: of the frame, height and width [pixels].

    Returns:
        (N,), 0 to 1.
    """
    boxes = people.xyxy
    scores = 1.0 if people.confidence is None else people.confidence
    tall = np.minimum(1.0, (boxes[:, 3] - boxes[:, 1]) / TALL)
    cut_off = (boxes[:, :2] <= 1).any(1) | (boxes[:, 2:] >= np.subtract(size[::-1], 1)).any(1)
    return scores * tall * _uncovered(boxes) * np.where(cut_off, 0.5, 1.0)


def show(tracklet: Tracklet, frame: Frame, box: np.ndarray, possible: float) -> None:
    """Add what a frame shows of a tracklet's person.

    Args:
        tracklet: of the person.
        frame: that shows the person.
        box: where, (4,) ``x1, y1, x2, y2`` [pixels].
        possible: quality of the picture if it is sharp; it is multiplied by its sharpness.
    """
    tracklet.times.append(frame.time)
    tracklet.boxes.append(box.astype(np.float32))
    if not tracklet.best.wanted(frame.time, possible):  # it could only be blurred besides
        return
    left, top = np.maximum(box[:2], 0).astype(int)
    right, bottom = np.ceil(box[2:]).astype(int)
    image = frame.image[top : max(0, bottom), left : max(0, right)]
    if min(image.shape[:2]) < 2:
        return
    if image.shape[0] > LARGEST:
        shrunk = (max(2, round(image.shape[1] * LARGEST / image.shape[0])), LARGEST)
        image = cv2.resize(image, shrunk, interpolation=cv2.INTER_AREA)
    tracklet.best.add(Picture(image.copy(), frame.time, possible * sharpness(image)))


def sharpness(image: np.ndarray) -> float:
    """How sharp a picture (h, w, 3) uint8 BGR is, 0 to 1; 1 if its edges are no wider than SHARP.

    What counts is how wide the edges are, not how many or how strong: a fence or a sign before the person
    adds strong edges, but none that are sharper than sharp.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    if grey.shape[0] > READ:
        size = (max(2, round(grey.shape[1] * READ / grey.shape[0])), READ)
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    width = max(_edge_width(grey, 1, 0), _edge_width(grey, 0, 1))  # who moves is blurred in one direction
    return min(1.0, SHARP / width) if width else 0.0


def _edge_width(grey: np.ndarray, x: int, y: int) -> float:
    """How wide edges across a direction are: standard deviation of their blur [pixels]; 0: there are none.

    Across an edge that a Gaussian has blurred, the squares of the first derivative sum up to 1 / (2 √π s),
    those of the second to 1 / (4 √π s³), times the square of the edge's height, which their ratio is free of.
    """
    slope = cv2.norm(cv2.Sobel(grey, cv2.CV_16S, x, y, ksize=1), cv2.NORM_L2SQR) / 4  # over two pixels
    bend = cv2.norm(cv2.Sobel(grey, cv2.CV_16S, 2 * x, 2 * y, ksize=1), cv2.NORM_L2SQR)
    return math.sqrt(slope / (2 * bend)) if bend else (math.inf if slope else 0.0)


def _uncovered(boxes: np.ndarray) -> np.ndarray:
    """The part of each box (N, 4) that no box covers whose lower edge is lower: nearer to the camera."""
    overlap = np.minimum(boxes[:, None, 2:], boxes[:, 2:]) - np.maximum(boxes[:, None, :2], boxes[:, :2])
    nearer = boxes[:, 3] > boxes[:, None, 3]
    covered = (overlap.clip(0).prod(2) * nearer).max(1, initial=0)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    return (1 - covered / np.maximum(area, 1.0)).clip(0)
