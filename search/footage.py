"""A video that is to be indexed."""

import os
from dataclasses import dataclass
from pathlib import Path

from .detectors import Detector
from .fingerprint import fingerprint
from .gallery import VideoRow
from .sources import check_stored
from .stretch import seen_from
from .video import Video, open_video


@dataclass(frozen=True)
class Facts:
    """What is known of a video before it is indexed.

    Args:
        video: fingerprint.
        name: of its file.
        camera: name that was given; "": none.
        start: when it begins [seconds since the epoch]; None: it was not given.
        rate: frames per second that are looked at.
        frames: how many, about; None: not known.
        fps: pictures per second of a folder of pictures; None: it is a file.
    """

    video: str
    name: str
    camera: str
    start: float | None
    rate: float
    frames: int | None
    fps: float | None = None

    def row(self, done: VideoRow | None = None) -> VideoRow:
        """It as ``Indexer`` takes it.

        Args:
            done: what the gallery has of it, which says what was not given; None: nothing. The camera is then
                named as the video is.
        """
        known = done or VideoRow(self.video, self.name, Path(self.name).stem)
        start = known.start if self.start is None else self.start
        return VideoRow(self.video, self.name, self.camera or known.camera, start, fps=self.fps)

    def left(self, done: VideoRow | None, detector: Detector) -> int | None:
        """How many frames are still to be looked at, about; None: not known.

        Args:
            done: what the gallery has of it; None: nothing.
            detector: that finds the people.
        """
        if self.frames is None:
            return None
        first = seen_from(done.segments if done else 0, detector)
        return max(0, self.frames - round(first * self.rate))


@dataclass(frozen=True)
class Footage:
    """A recorded video, and which of its frames are looked at; the last two as ``open_video`` takes them.

    Args:
        source: file or folder.
        camera: name; "": as in the gallery, or that of the video.
        start: when it begins [seconds since the epoch]; None: as in the gallery, or its own clock counts.
        every: number.
        fps: frames per second; 0: all.

    Raises:
        InputError: the source is a camera or an address.
    """

    source: str
    camera: str = ""
    start: float | None = None
    every: int = 1
    fps: float = 0.0

    def __post_init__(self):
        check_stored(self.source)

    def open(self, start: float = 0.0) -> Video:
        """Open it from a time [seconds] on; raises as ``open_video``."""
        return open_video(self.source, self.every, self.fps or None, start)

    def facts(self) -> Facts:
        """Look at it; raises as ``open_video``."""
        with self.open() as video:
            rate = self.fps or video.frame_rate / self.every
            frames = video.frames_at(rate)
            fps = video.frame_rate if os.path.isdir(self.source) else None
        return Facts(fingerprint(self.source), video.name, self.camera, self.start, rate, frames, fps)
