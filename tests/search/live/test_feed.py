"""Cameras that are lost and come back, or come too fast."""

import threading
import time

import pytest

import search.live.feed
from search.live.connection import AHEAD, Connection
from search.live.feed import FIRST_PAUSE, LONGEST_PAUSE, Feed
from tests.search.live.fake import FakeCamera, FakeVideo
from tests.search.people import frame


class Stop(threading.Event):
    """Notes how long each pause would be, and does not pause."""

    def __init__(self):
        super().__init__()
        self.pauses: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses.append(timeout)
        return self.is_set()


@pytest.fixture
def stop() -> Stop:
    return Stop()


def follow(script: list, stop: Stop) -> list[list[int]]:
    """The numbers of the frames of each connection."""
    found: list[list[int]] = []
    count = sum(not isinstance(step, int) or step >= 0 for step in script)
    feed = Feed("gate", FakeCamera(script, stop, lambda: len(found) == count), stop)
    for connection in feed.connections():
        found.append([one.number for one in connection.frames()])
    return found


def test_pauses_grow_and_begin_anew_after_a_steady_connection(stop, monkeypatch):
    follow([-1] * 8, stop)
    assert stop.pauses[:8] == [1, 2, 4, 8, 16, 32, 60, 60] == [*stop.pauses[:6], *[LONGEST_PAUSE] * 2]
    short = Stop()
    follow([-1, -1, 1, -1], short)
    assert short.pauses[:4] == [1, 2, 4, 8], "a camera that only flares up is not asked every second"
    monkeypatch.setattr(search.live.feed, "STEADY", 0.0)
    steady = Stop()
    follow([-1, -1, -1, 1, -1], steady)
    assert steady.pauses[:5] == [1, 2, 4, FIRST_PAUSE, 2]


def test_a_loss_is_one_line_and_a_return_another(stop, caplog_loguru):
    follow([-1, -1, 3, -1, -1, 2], stop)
    lines = [line.strip() for line in caplog_loguru]
    assert lines[0] == "gate: nobody answers; trying again in 1 s, then with pauses that grow to 60 s"
    assert lines[1] == "gate: connected after 00:00 (128x96, 10 frames per second)"
    assert lines[2].startswith("gate: the cable is cut; trying again in 4 s")
    assert lines[3].startswith("gate: connected after")
    assert len(lines) == 5  # and the second loss


def test_each_connection_is_apart_from_the_one_before(stop):
    assert follow([3, -1, 2, 4], stop) == [[0, 1, 2], [0, 1], [0, 1, 2, 3]]


def test_what_is_no_fault_of_the_camera_is_raised(stop):
    with pytest.raises(ZeroDivisionError):
        follow([2, -1, ZeroDivisionError("a fault")], stop)


def test_the_newest_frames_are_kept_in_the_order_of_their_arrival(stop):
    connection = Connection(FakeVideo(0, print), stop)
    for number in range(AHEAD + 5):
        connection.put(frame(number, [], 10.0))
    connection.end()
    frames = list(connection.frames())
    assert [one.number for one in frames] == list(range(5, AHEAD + 5)) and connection.dropped == 5
    times = [one.time for one in frames]
    assert times == sorted(set(times)) and connection.begun < times[0]


@pytest.mark.parametrize(
    ("held_up", "said", "advice"),
    [
        (False, "gate: this computer is too slow and left out 1 of the last 1 frames", "--fps"),
        (
            True,
            "gate: left out 1 of the last 1 frames, since the gallery takes what is found",
            "a line above",
        ),
    ],
)
def test_dropped_frames_are_said_once_what_piled_up_is_over(
    stop, monkeypatch, caplog_loguru, held_up, said, advice
):
    monkeypatch.setattr(search.live.feed, "SETTLING", 0.0)
    monkeypatch.setattr(search.live.feed, "PERIOD", 0.0)
    taken = []
    feed = Feed("gate", FakeCamera([AHEAD + 3], stop, lambda: bool(taken)), stop, lambda: held_up)
    connections = feed.connections()
    taken.append(next(connections))
    while not stop.is_set():  # nobody takes the frames
        time.sleep(0.01)
    lines = [line for line in caplog_loguru if "left out" in line]
    assert len(lines) == 3 and all(said in line and advice in line for line in lines)


def test_a_camera_that_waits_does_not_hold_up_the_end(monkeypatch):
    monkeypatch.setattr(search.live.feed, "PARTING", 0.1)
    stop, silent, waiting = threading.Event(), threading.Event(), threading.Event()

    def connect(report):
        waiting.set()
        silent.wait(60)
        raise AssertionError("not reached while it matters")

    ended = []
    feed = Feed("gate", connect, stop)
    consumer = threading.Thread(target=lambda: ended.extend(feed.connections()))
    consumer.start()
    assert waiting.wait(60)
    stop.set()
    consumer.join(50)
    assert not consumer.is_alive()
    silent.set()
