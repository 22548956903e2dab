"""Videos of every kind as upright frames with their times.

PyAV decodes them, not OpenCV: it gives each frame's own timestamp, which OpenCV computes from a mean frame
rate in some containers, it limits the wait for a network camera, and it says what was broken. The time per
frame is the same if one reformatter is kept (768x576 MPEG-4: 0.49 ms against 0.58 ms; 768x432 H.264: 0.61 ms
against 0.65 ms, of one core). Frames that are left out are decoded, since others may refer to them, but never
converted. Only cameras of this machine are read by OpenCV: it knows them on every system, with a time limit.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from os import PathLike

import numpy as np
from loguru import logger

from utils.errors import InputError

from .sources import Shot, Source, open_source

ROUNDING = 1e-6  # of a slot: how much too early a frame may be by rounding


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture of a video.

    Attributes:
        image: (H, W, 3) uint8 BGR, upright, contiguous.
        time: seconds since the first frame, from the stream's own timestamps.
        number: from 0, counting all frames of the video, also those that were left out.
    """

    image: np.ndarray
    time: float
    number: int


class Video:
    """An open video; a context manager, so that it is closed. ``open_video`` makes it.

        with open_video("entrance.mp4", fps=5) as video:
            for frame in video.frames():
                ...

    Attributes:
        name: of the file or folder, without those above it; an address without its password.
        size: width and height of the first frame [pixels], upright.
        duration: seconds; None: not known, as of a live stream.
        frame_rate: mean frames per second of the video itself, before any are left out.
        live: whether it is a camera or a stream that has no end.
    """

    def __init__(
        self,
        source: Source,
        kept: Callable[[Shot], bool],
        start: float,
        since: float,
        report: Callable[[str], object],
    ):
        self.name = source.name
        self.size = source.size
        self.duration = source.duration
        self.frame_rate = source.frame_rate
        self.live = source.live
        self._source = source
        self._kept = kept
        self._start = start
        self._since = since
        self._report = report
        self._given = False

    def frames(self) -> Iterator[Frame]:
        """The frames in the order of their times; once.

        What is broken is left out and, at the end, reported in one line; so is the end of a live stream.
        """
        if self._given:
            raise RuntimeError("frames() gives the frames once; open the video again")
        self._given = True
        for shot in self._source.read(self._since):
            if self._kept(shot) and shot.time >= self._start:
                image = shot.picture()
                if image is not None:
                    yield Frame(image, shot.time, shot.number)
        if line := self._source.damage():
            self._report(line)

    def frames_at(self, rate: float) -> int | None:
        """How many frames it has at so many per second, about; None: not known."""
        return None if self.duration is None else round(self.duration * rate)

    def close(self) -> None:
        """Close the file or connection, in the thread that reads it."""
        self._source.close()

    def __enter__(self) -> "Video":
        return self

    def __exit__(self, *_) -> None:
        self.close()


def open_video(
    source: str | int | PathLike,
    every: int = 1,
    fps: float | None = None,
    start: float = 0.0,
    report: Callable[[str], object] = logger.warning,
) -> Video:
    """Open a video.

    Which frames come does not depend on ``start``: from that time on, they are those of a run from the
    beginning, with the same times and numbers.

    Args:
        source: a file; a folder of pictures, in the natural order of their names; a camera (``0``,
            ``/dev/video0``); an address (``rtsp://…``, ``http://…``).
        every: take each frame whose number is a multiple of it.
        fps: take about so many frames per second of the video's own time: the first one in each of the slots
            of 1 / fps seconds. In a folder, it is the rate at which its pictures were taken, 25 if None.
        start: seconds; earlier frames are left out, without decoding most of them.
        report: called after the last frame with a line, if something was wrong or a live stream has ended.

    Raises:
        InputError: it is missing, cannot be opened, is not a video, or no frame of it can be decoded; or an
            argument makes no sense.
    """
    _check(every, fps, start)
    opened = open_source(source, fps)
    # The pictures of a folder take their times from fps, which therefore leaves none out.
    slots = None if opened.timed else fps
    if problem := _impossible(opened, every, slots, start):
        opened.close()
        raise InputError(problem)
    if slots is None:
        return Video(opened, lambda shot: shot.number % every == 0, start, start, report)
    # Whether a frame is the first in its slot shows in the one before it, so one slot more is read.
    since = (_slot(start, slots) - 1) / slots
    return Video(opened, _FirstInSlot(slots), start, max(0.0, since), report)


def _check(every: int, fps: float | None, start: float) -> None:
    if every < 1:
        raise InputError(f"every is {every}; it must be at least 1")
    if fps is not None and not 0 < fps < math.inf:
        raise InputError(f"fps is {fps}; it must be above 0")
    if not 0 <= start < math.inf:
        raise InputError(f"start is {start}; it must be 0 or more seconds")


def _impossible(source: Source, every: int, slots: float | None, start: float) -> str | None:
    if every > 1 and slots is not None:
        return "both every and fps were given, which choose the frames in different ways; give one of them"
    if source.live and start > 0:
        return f"{source.name} is live and cannot be read from {start:g} s on; leave start out"
    return None


def _slot(time: float, fps: float) -> int:
    return math.floor(time * fps + ROUNDING)


class _FirstInSlot:
    """Whether a frame is the first in its slot of 1 / fps seconds; asked about all frames in turn."""

    def __init__(self, fps: float):
        self.fps = fps
        self.last: int | None = None

    def __call__(self, shot: Shot) -> bool:
        before, self.last = self.last, _slot(shot.time, self.fps)
        return self.last != before
