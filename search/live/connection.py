"""The frames of a live camera on their way from the thread that reads them to the one that looks at them."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace

from search.video import Frame, Video

AHEAD = 8  # frames that wait at most; of 1920x1080 pixels, 50 MB
TICK = 0.2  # seconds in which a wait notices that all is to stop


class Connection:
    """What a camera shows from its connecting until it is lost.

    A frame's time is that of its arrival [seconds, of ``time.monotonic``]: cameras' own clocks are often
    wrong, and start again. If frames are taken too slowly, the newest ones are kept.

    Args:
        video: the opened camera.
        stop: ends it.
        held_up: whether frames are not taken because the gallery takes nothing.

    Attributes:
        name: of the source.
        frame_rate: frames per second of the camera itself.
        begun: when the camera was connected.
        dropped: frames that nobody took in time, although the gallery took what was found.
        held: those that nobody took because it did not.
    """

    def __init__(self, video: Video, stop: threading.Event, held_up: Callable[[], bool] = lambda: False):
        self.name, self.size, self.frame_rate = video.name, video.size, video.frame_rate
        self.begun = time.monotonic()
        self.dropped = self.held = 0
        self._frames: deque[Frame] = deque(maxlen=AHEAD)
        self._changed = threading.Condition()
        self._last = self.begun
        self._over = False
        self._stop, self._held_up = stop, held_up

    def put(self, frame: Frame) -> None:
        """Hand over a frame that has just arrived."""
        self._last = max(time.monotonic(), self._last + 1e-3)  # several may arrive at once
        with self._changed:
            if len(self._frames) == AHEAD:
                held = self._held_up()
                self.held, self.dropped = self.held + held, self.dropped + (not held)
            self._frames.append(replace(frame, time=self._last))
            self._changed.notify()

    def end(self) -> None:
        """No more frames come."""
        with self._changed:
            self._over = True
            self._changed.notify()

    def frames(self) -> Iterator[Frame]:
        """The frames, until there are no more or all is to stop."""
        while not self._stop.is_set():
            with self._changed:
                if not self._frames:
                    if self._over:
                        return
                    self._changed.wait(TICK)
                    continue
                frame = self._frames.popleft()
            yield frame
