"""A detector that cameras share."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from search.detectors import MotionDetector
from search.live.together import Together, detectors_of
from tests.search.people import ColourDetector, frame


class Counting(ColourDetector):
    """Says for each frame how many rows of its number it has; the first batch waits."""

    batch = 3

    def __init__(self):
        self.batches: list[list[int]] = []
        self.gate, self.begun = threading.Event(), threading.Event()

    def __call__(self, frames):
        self.begun.set()
        self.gate.wait(60)
        numbers = [one.number for one in frames]
        self.batches.append(numbers)
        if 99 in numbers:
            raise ValueError("broken")
        return [f"people of {number}" for number in numbers]


@pytest.fixture
def waiting():
    """A detector that is busy with frame 0, and six threads that wait for it with frames 1 to 6."""
    detector = Counting()
    together = Together(detector)
    with ThreadPoolExecutor(8) as threads:
        yield detector, together, lambda number: threads.submit(together, [frame(number, [], 10.0)])
        detector.gate.set()


def enqueue(together, ask, numbers):
    """Ask for the frames in this order."""
    asked = []
    for number in numbers:
        before = len(together._waiting)
        asked.append(ask(number))
        while len(together._waiting) == before:
            pass
    return asked


def test_frames_that_wait_share_batches_in_their_order(waiting):
    detector, together, ask = waiting
    first = ask(0)
    assert detector.begun.wait(60)
    others = enqueue(together, ask, range(1, 7))
    detector.gate.set()
    assert [one.result(60) for one in (first, *others)] == [[f"people of {n}"] for n in range(7)]
    assert detector.batches == [[0], [1, 2, 3], [4, 5, 6]]


def test_what_fails_fails_for_its_batch_alone(waiting):
    detector, together, ask = waiting
    first = ask(0)
    assert detector.begun.wait(60)
    others = enqueue(together, ask, [1, 99, 2, 3])
    detector.gate.set()
    assert first.result(60)
    for one in others[:3]:
        with pytest.raises(ValueError, match="broken"):
            one.result(60)
    assert others[3].result(60) == ["people of 3"]


def test_a_detector_that_remembers_is_not_shared():
    motion = detectors_of(MotionDetector())
    assert motion() is not motion() and isinstance(motion(), MotionDetector)
    shared = detectors_of(ColourDetector())
    assert shared() is shared()
