"""Live cameras to a gallery: each is read, looked at and tracked by threads of its own."""

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial

from loguru import logger

from search.background import Behind
from search.clock import show_time
from search.detectors import Detector
from search.embedder import Embedder
from search.gallery import Gallery, TrackletRow, VideoRow
from search.indexing import WAITING, Writer, write_behind
from search.optional import need
from search.segment import Found, in_segments
from search.tracker import Tracker
from search.video import Frame, Video
from utils.counting import counted
from utils.errors import one_line

from .cameras import Camera
from .connection import TICK
from .feed import Feed
from .hours import end_interrupted, in_hours
from .together import Finder, detectors_of
from .window import Window

# Seconds of a person's way after which it is written although the person is still there: whoever waits for
# the person hears of it soon, and then again when better pictures may have come.
LOOKS = (1.0, 4.0, 16.0)


@dataclass(frozen=True)
class Live:
    """What live cameras are indexed with.

    Args:
        gallery: that they go to.
        detector: that finds people.
        make_tracker: gives a tracker that has seen nothing, for so many frames per second.
        embedder: the gallery's network.
        open_camera: opens a source; the second argument is what to call with the reason of its end.
        keep: seconds after which what was seen is removed; None: never.
        wrote: called with the tracklets that were written.
    """

    gallery: Gallery
    detector: Detector
    make_tracker: Callable[[float], Tracker]
    embedder: Embedder
    open_camera: Callable[[str, Callable[[str], object]], Video]
    keep: float | None = None
    wrote: Callable[[list[TrackletRow]], None] = lambda rows: None

    def run(self, cameras: Sequence[Camera], stopped: Callable[[], bool]) -> None:
        """Index until it is to stop; what is tracked is then written.

        All work with the gallery and the network is done by one thread, one piece after another. While that
        waits for a server, or writes the gallery's files anew, ``WAITING`` pieces may wait; then frames are
        left out.

        Args:
            cameras: with names that differ.
            stopped: asked a few times per second.

        Raises:
            InputError: the gallery fails. Cameras that fail are tried again.
        """
        need("av")  # without it, each camera would be tried again and again
        names = [camera.name for camera in cameras]
        end_interrupted(self.gallery, names)
        window = None if self.keep is None else Window(self.gallery, names, self.keep)
        detectors, stop, due = detectors_of(self.detector), threading.Event(), -math.inf
        with Behind(WAITING) as behind, ThreadPoolExecutor(len(cameras)) as threads:
            running = [threads.submit(self._follow, one, detectors, behind, stop) for one in cameras]
            try:
                while not stopped() and not wait(running, TICK, FIRST_COMPLETED).done:
                    behind.check()
                    if window and time.monotonic() >= due:
                        behind.do(window.move, time.time())
                        due = time.monotonic() + window.period
            finally:
                stop.set()
            for camera in running:
                camera.result()  # raises what its thread has raised

    def _follow(
        self, camera: Camera, detectors: Callable[[], Finder], behind: Behind, stop: threading.Event
    ) -> None:
        """Index a camera until ``stop`` is set."""
        feed = Feed(camera.name, partial(self.open_camera, camera.source), stop, behind.held_up)
        for connection in feed.connections():
            finder, make_tracker = detectors(), partial(self.make_tracker, connection.frame_rate)
            about = VideoRow("", connection.name, camera.name, detector=self.detector.name)
            for video, frames in in_hours(connection.frames(), about):
                behind.do(self.gallery.begin_video, video)
                writer, looked = Writer(self.gallery, self.embedder, video, 1, self.wrote), _Looked(finder)
                write_behind(writer, behind, in_segments(looked.at(frames), 0, make_tracker, LOOKS))
                behind.do(self._finish, video, looked.until)

    def _finish(self, video: VideoRow, end: float) -> None:
        self.gallery.finish_video(video.video, end)
        found = self.gallery.video(video.video)
        if found is None:
            return  # another machine has removed it, which is said
        times = f"{show_time(video.start)} to {show_time(video.start + end)}"
        logger.info(f"{one_line(video.camera)}: {counted(found.tracklets, 'tracklet')} from {times}")


class _Looked:
    """Frames with the people in them, and the time of the last one [seconds]."""

    def __init__(self, finder: Finder):
        self.until = 0.0
        self._finder = finder

    def at(self, frames: Iterable[Frame]) -> Iterator[Found]:
        """Each frame with its people."""
        for frame in frames:
            self.until = frame.time
            yield frame, self._finder([frame])[0]
