"""A plain person search, as it is usually written: one frame after another, every detection embedded."""

import cv2
import numpy as np

from search.detectors import Detector
from search.embedder import Embedder
from search.tracker import Tracker
from search.video import Frame


def plain_search(path: str, detector: Detector, tracker: Tracker, embedder: Embedder) -> tuple[int, int]:
    """Decode, detect, track and embed a video; the numbers of its frames and of its detections.

    Args:
        path: of the video.
        detector: that finds people.
        tracker: that has seen nothing.
        embedder: network.
    """
    capture, frames, vectors = cv2.VideoCapture(path), 0, []
    while True:
        there, image = capture.read()
        if not there:
            break
        frame = Frame(image, frames / 25, frames)
        people = detector([frame])[0]
        tracker(frame, people)
        crops = [crop for box in people.xyxy if (crop := _cut(image, box)).size]
        if crops:
            vectors.append(embedder(crops))
        frames += 1
    capture.release()
    return frames, sum(map(len, vectors))


def _cut(image: np.ndarray, box: np.ndarray) -> np.ndarray:
    left, top, right, bottom = np.maximum(box, 0).round().astype(int)
    return image[top:bottom, left:right]
