"""What all requests share."""

import math
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import numpy as np

from search.calibration import ANSWERS
from search.detectors import Detector
from search.embedder import Embedder
from search.gallery import Gallery, VideoRow
from search.people import Grouping, Person
from search.tracker import Tracker

from .clips import Clips
from .jobs import Jobs
from .library import Library
from .pictures import Pictures
from .recent import Recent

FRESH = 10.0  # seconds for which the list of videos is not read again
VECTORS = 500  # of pictures that were asked with, which are kept
FRAMES = 16  # of videos, likewise
Facts = tuple[float | None, float, tuple[int, int]]  # length [s], frame rate, width and height of a video


@dataclass(frozen=True)
class Adding:
    """How videos are added.

    Args:
        make_detector: gives what finds people in them.
        make_tracker: gives a tracker for so many frames per second.
        open_gallery: gives the gallery to write to, if it is another connection than that of the questions:
            a question does not wait for a server that is gone, an indexing does.
        every: take each frame whose number is a multiple of it.
        fps: take about so many frames per second; 0: all.
        limit: of an upload [bytes].
    """

    make_detector: Callable[[], Detector]
    make_tracker: Callable[[float], Tracker]
    open_gallery: Callable[[], AbstractContextManager[Gallery]] | None = None
    every: int = 1
    fps: float = 0.0
    limit: int = 2000 << 20


@dataclass
class Folk:
    """The people of the gallery.

    Args:
        people: in their order.
        read: when they were read, by ``time.monotonic``.
    """

    people: list[Person] = field(default_factory=list)
    read: float = -math.inf


@dataclass(frozen=True, eq=False)
class Desk:
    """What all requests share.

    Args:
        gallery: that is asked.
        embedder: its network.
        library: the videos' files.
        adding: how videos are added.
        grouping: how to find out who is the same person, with the network's calibration; None: nobody has
            calibrated it.
        finder: finds the people in a single picture; None: there is none.
        locked: whether there is a password.
    """

    gallery: Gallery
    embedder: Embedder
    library: Library
    adding: Adding
    grouping: Grouping | None = None
    finder: Detector | None = None
    locked: bool = False
    pictures: Pictures = field(default_factory=Pictures)
    clips: Clips = field(default_factory=Clips)
    jobs: Jobs = field(default_factory=Jobs)
    vectors: Recent[np.ndarray] = field(default_factory=lambda: Recent(VECTORS))
    frames: Recent[np.ndarray] = field(default_factory=lambda: Recent(FRAMES))
    facts: Recent[Facts] = field(default_factory=lambda: Recent(1000))
    words: threading.Lock = field(default_factory=threading.Lock)  # one at a time says who is who
    folk: Folk = field(default_factory=Folk)
    _network: threading.Lock = field(default_factory=threading.Lock)
    _videos: list = field(default_factory=lambda: [-math.inf, []])  # when they were read, and they

    @property
    def threshold(self) -> float | None:
        """The similarity from which an answer shows the person; None: not known."""
        return self.grouping.calibration.threshold(ANSWERS) if self.grouping else None

    def embed(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """As ``Embedder``, for one thread after another."""
        with self._network:
            return self.embedder(pictures)

    def find(self, image: np.ndarray, look: Callable) -> object:
        """What ``look`` finds in an image with the detector, for one thread after another."""
        with self._network:
            return look(image, self.finder)

    def writing(self) -> AbstractContextManager[Gallery]:
        """The gallery, for a job."""
        return self.adding.open_gallery() if self.adding.open_gallery else nullcontext(self.gallery)

    def videos(self, anew: bool = False) -> list[VideoRow]:
        """All videos, as they were at most ``FRESH`` seconds ago."""
        if anew or time.monotonic() - self._videos[0] > FRESH:
            self._videos[:] = [time.monotonic(), self.gallery.videos()]
        return self._videos[1]

    def video(self, video: str) -> VideoRow | None:
        """A video of the gallery; None: there is none."""
        for known in (self.videos, lambda: self.videos(anew=True)):
            for row in known():
                if row.video == video:
                    return row
        return None

    def close(self) -> None:
        """End what goes on, and remove what is temporary."""
        self.library.stop()
        self.clips.stop()
        self.jobs.close()
        self.clips.close()
