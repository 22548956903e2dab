"""A camera of this machine, by OpenCV, which knows them on every system."""

import sys
import time
from collections.abc import Iterator

import cv2
import numpy as np

from utils.errors import InputError

from .source import DEFAULT_RATE, Shot

# OpenCV's own choice would try all of them, each with its messages. They wait at most 10 s for a frame.
BACKENDS = {"linux": cv2.CAP_V4L2, "darwin": cv2.CAP_AVFOUNDATION, "win32": cv2.CAP_MSMF}


class Camera:
    """A camera by its number, or its device on Linux.

    Raises:
        InputError: it cannot be opened, or gives no picture.
    """

    duration = None
    live = True
    timed = False

    def __init__(self, device: str):
        self.name = f"camera {device}"
        self._ended = 0.0  # seconds
        where = int(device) if device.isdecimal() else device
        self._capture = _open_quietly(where)
        image = self._grab()
        if image is None:
            self.close()
            raise InputError(
                f"{self.name} cannot be opened; is it connected, and does no other program use it?"
            )
        self.size = (image.shape[1], image.shape[0])
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.frame_rate = rate if 0 < rate <= 1000 else DEFAULT_RATE

    def read(self, since: float) -> Iterator[Shot]:
        """The frames from now on; see ``Source``. They end when the camera is pulled out."""
        first, number, last = None, 0, 0.0
        while (image := self._grab()) is not None:
            # The time at which the driver took the picture, where the system says it.
            now = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000 or time.monotonic()
            first = now if first is None else first
            if number == 0 or now - first > last:
                last = now - first
                yield Shot(number, last, lambda image=image: image)
                number += 1
        self._ended = last

    def damage(self) -> str | None:
        """See ``Source``: a camera does not end by itself."""
        return f"{self.name} gave no more pictures after {self._ended:.1f} s"

    def close(self) -> None:
        """Give the camera free."""
        self._capture.release()

    def _grab(self) -> np.ndarray | None:
        there, image = self._capture.read()
        return image if there else None


def _open_quietly(device: int | str) -> cv2.VideoCapture:
    """Without OpenCV's warnings: what is wrong is said in one line."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        return cv2.VideoCapture(device, BACKENDS.get(sys.platform, cv2.CAP_ANY))
    finally:
        cv2.utils.logging.setLogLevel(level)
