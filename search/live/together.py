"""One detector for several cameras."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

from search.detectors import Detector
from search.video import Frame

if TYPE_CHECKING:
    import supervision as sv

Finder = Callable[[Sequence[Frame]], list["sv.Detections"]]


class Together:
    """Lets threads share a detector whose frames do not depend on one another.

    Whichever thread has the detector gives it all frames that wait, also those of others, in the order in
    which they came and as many at once as it likes.

    Args:
        detector: to share.
    """

    def __init__(self, detector: Detector):
        self._detector = detector
        self._turn = threading.Lock()
        self._waiting: deque[tuple[Frame, Future]] = deque()

    def __call__(self, frames: Sequence[Frame]) -> list["sv.Detections"]:
        """The people in each frame; see ``Detector``. What fails, fails for all frames of the batch."""
        mine = [(frame, Future()) for frame in frames]
        self._waiting.extend(mine)
        for _, found in mine:
            with self._turn:
                while not found.done():
                    self._detect()
        return [found.result() for _, found in mine]

    def _detect(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(self._detector.batch, len(self._waiting)))]
        try:
            results = self._detector([frame for frame, _ in batch])
        except BaseException as error:
            for _, found in batch:
                found.set_exception(error)
            return
        for (_, found), result in zip(batch, results, strict=True):
            found.set_result(result)


def detectors_of(detector: Detector) -> Callable[[], Finder]:
    """What gives each connection to a camera its detector: the same one, or if it remembers, a new one."""
    if detector.fresh() is not detector:
        return detector.fresh
    together = Together(detector)
    return lambda: together
