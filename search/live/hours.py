"""Live cameras in the gallery: a video for each hour, or for what there is of it between two losses.

So the videos' records stay small, old ones are removed whole, and a clock that was set or runs wrong does no
harm for longer than an hour.
"""

import hashlib
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from itertools import chain, groupby
from typing import NamedTuple

from search.gallery import Gallery, Selection, TrackletRow, VideoRow
from search.segment import SECONDS
from search.video import Frame

HOUR = 3600.0  # seconds
SHORTEST = 60.0  # seconds; what would be shorter is added to the next hour
PREFIX = "live-"  # of their ids; a file's is of hexadecimal digits


def in_hours(frames: Iterable[Frame], about: VideoRow) -> Iterator[tuple[VideoRow, Iterator[Frame]]]:
    """The hours of a connection, which end with those of the clock.

    Args:
        frames: with times of ``time.monotonic``.
        about: name, camera and detector.

    Yields:
        The video to begin, and its frames with their times since its start, to be taken before the next.
    """
    for hour, group in groupby(frames, _HourOf()):
        yield _begun(hour, group, about)


def live_videos(gallery: Gallery, cameras: Collection[str]) -> list[VideoRow]:
    """The hours of these cameras in a gallery."""
    return [v for v in gallery.videos() if v.video.startswith(PREFIX) and v.camera in cameras]


def end_interrupted(gallery: Gallery, cameras: Collection[str]) -> None:
    """End the hours that a program which was killed has left: what it had written of them is all."""
    for video in live_videos(gallery, cameras):
        if video.complete:
            continue
        segments: dict[int, list[TrackletRow]] = defaultdict(list)
        end = video.segments * SECONDS
        for rows in gallery.tracklets(Selection(video=video.video), fields=()):
            segments[rows[0].segment] += rows
            end = max(end, rows[0].end - video.start)
        for number in range(video.segments, max(segments, default=-1) + 1):
            gallery.end_segment(video.video, number, segments[number])
        gallery.finish_video(video.video, end)


class _Hour(NamedTuple):
    offset: float  # seconds from a frame's time to that since 1970
    end: float  # in the frames' time


class _HourOf:
    """Tells which hour a frame is of; asked about all in turn."""

    def __init__(self):
        self._hour: _Hour | None = None

    def __call__(self, frame: Frame) -> _Hour:
        if self._hour is None or frame.time >= self._hour.end:
            offset = time.time() - time.monotonic()
            now = offset + frame.time
            end = (now // HOUR + 1) * HOUR
            self._hour = _Hour(offset, (end if end - now >= SHORTEST else end + HOUR) - offset)
        return self._hour


def _begun(hour: _Hour, frames: Iterator[Frame], about: VideoRow) -> tuple[VideoRow, Iterator[Frame]]:
    first = next(frames)
    start = round(hour.offset + first.time, 3)
    since = (replace(frame, time=frame.time - first.time) for frame in chain([first], frames))
    return replace(about, video=_id(about.camera, start), start=start), since


def _id(camera: str, start: float) -> str:
    name = hashlib.sha256(camera.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return f"{PREFIX}{name}-{round(start * 1000)}"
