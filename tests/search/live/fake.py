"""Cameras that are made up."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence

from search.video import Frame
from tests.search.people import SIZE, frame, walk
from utils.errors import InputError

WALKS = [walk(0, 3)]


class FakeVideo:
    """A connection to a camera that shows some frames, and is then lost.

    Args:
        count: of frames.
        report: called with the reason of the end.
        after: called after each frame.
    """

    name, size, frame_rate, live = "rtsp://camera", SIZE[::-1], 10.0, True

    def __init__(
        self, count: int, report: Callable[[str], object], after: Callable[[int], object] = lambda n: None
    ):
        self._count, self._report, self._after = count, report, after

    def frames(self) -> Iterator[Frame]:
        for number in range(self._count):
            yield frame(number, WALKS, 10.0)
            self._after(number)
        self._report("the cable is cut")

    def __enter__(self) -> "FakeVideo":
        return self

    def __exit__(self, *_) -> None:
        pass


class FakeCamera:
    """Each time it is connected, it does what comes next: as many frames, or an error; then all is to stop.

    Args:
        script: numbers of frames; -1: it cannot be opened; an exception: raised.
        stop: set at the end of the script,
        done: once this is true.
    """

    def __init__(
        self,
        script: Sequence[int | Exception],
        stop: threading.Event,
        done: Callable[[], bool] = lambda: True,
    ):
        self._script, self._stop, self._done = list(script), stop, done

    def __call__(self, report: Callable[[str], object]) -> FakeVideo:
        if not self._script:
            while not self._done():
                time.sleep(0.01)
            self._stop.set()
            raise InputError("the test is over")
        step = self._script.pop(0)
        if isinstance(step, Exception):
            raise step
        if step < 0:
            raise InputError("nobody answers")
        return FakeVideo(step, report)
