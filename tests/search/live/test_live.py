"""Live cameras to a gallery."""

import threading
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

import search.background
import search.live.connection
import search.live.feed
import search.live.live
from search.gallery import EVERYTHING, BoxPath, TrackletRow, VideoRow, open_gallery
from search.live import Camera, Live
from search.tracker import Tracker
from tests.search.live.fake import FakeCamera, FakeVideo
from tests.search.people import COLOURS, ColourDetector, ColourEmbedder
from utils.errors import InputError

RED = np.array(COLOURS[0]) / np.linalg.norm(COLOURS[0])


@pytest.fixture
def gallery(tmp_path):
    with open_gallery(str(tmp_path / "gallery.db"), ColourEmbedder.weights, 3) as opened:
        yield opened


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Frames come without pauses, and none is dropped."""
    monkeypatch.setattr(search.live.feed, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(search.live.feed, "PARTING", 0.1)
    monkeypatch.setattr(search.live.connection, "AHEAD", 1000)


def index(gallery, cameras: dict[str, Callable], stopped: Callable[[], bool], **parts) -> None:
    """Index cameras, by what opens them, until it is to stop."""
    parts = {"detector": ColourDetector(), "embedder": ColourEmbedder()} | parts
    live = Live(
        gallery=gallery,
        make_tracker=partial(Tracker, "bytetrack"),
        open_camera=lambda source, report: cameras[source](report),
        **parts,
    )
    live.run([Camera(name, name) for name in cameras], stopped)


def ended_before(gallery, age: float) -> None:
    """An hour of the camera "gate" with one tracklet, so long ago [s], that a killed program has left."""
    start = time.time() - age
    path = BoxPath(np.array([start, start + 5]), np.zeros((2, 4), np.float32))
    row = TrackletRow("old", "old", "live-old", "gate", 0, start, start + 5, path=path, vector=RED)
    gallery.begin_video(VideoRow("live-old", "rtsp://camera", "gate", start))
    gallery.add_rows("live-old", 0, [row])


def test_each_connection_of_each_camera_is_in_the_gallery(gallery, caplog_loguru):
    begin, written, stop = time.time(), [], threading.Event()
    ended_before(gallery, 100.0)

    def stopped() -> bool:
        return sum("1 tracklet from" in line for line in caplog_loguru) == 3

    cameras = {
        "gate": FakeCamera([20, -1, 15], stop, stopped),
        "yard": FakeCamera([-1, 12], stop, stopped),
        "cellar": FakeCamera([-1], stop, stopped),
    }
    index(gallery, cameras, stopped, wrote=written.extend)
    old, *gate = [video for video in gallery.videos() if video.camera == "gate"]
    [yard] = [video for video in gallery.videos() if video.camera == "yard"]
    assert old.complete and (old.tracklets, old.duration) == (1, pytest.approx(5))
    assert len(gate) == 2 and len(gallery.videos()) == 4
    for video in (*gate, yard):
        assert video.complete and video.tracklets == 1 and video.name == "rtsp://camera"
        assert begin <= video.start <= video.start + video.duration <= time.time()
    assert gate[0].start + gate[0].duration < gate[1].start
    rows = [rows[0] for rows in gallery.tracklets() if rows[0].video != "live-old"]
    assert len({row.track for row in rows}) == 3, "nobody walks on over a loss, or from camera to camera"
    for row in rows:
        assert row.vector @ RED > 0.999 and begin <= row.start < row.end <= time.time()
        assert len(row.thumbnail) > 100 and len(row.path.times) >= 9
    assert {row.tracklet for row in written} == {row.tracklet for row in rows}


class Seen(ColourDetector):
    """Counts frames."""

    def __init__(self):
        self.count = 0

    def __call__(self, frames):
        self.count += len(frames)
        return super().__call__(frames)


def test_who_is_there_when_it_is_stopped_is_written(gallery):
    silent, detector = threading.Event(), Seen()

    def wait(number: int) -> None:
        if number == 12:
            silent.wait(60)

    index(
        gallery,
        {"gate": lambda report: FakeVideo(1000, report, wait)},
        lambda: detector.count == 13,
        detector=detector,
    )
    silent.set()
    [video] = gallery.videos()
    assert video.complete and video.tracklets == 1


def test_what_is_older_than_the_window_goes(gallery, caplog_loguru):
    ended_before(gallery, 7200.0)

    def stopped() -> bool:
        return any("Removed 1 tracklet from before" in line for line in caplog_loguru)

    index(gallery, {"gate": FakeCamera([-1], threading.Event())}, stopped, keep=3600.0)
    assert not gallery.videos() and not list(gallery.tracklets())


def test_frames_that_are_left_out_while_the_gallery_is_busy_are_not_said_to_be_too_many(
    gallery, monkeypatch, caplog_loguru
):
    """The first connection's person is being written, and nothing more may wait, as the second is there."""
    monkeypatch.setattr(search.live.live, "WAITING", 0)
    monkeypatch.setattr(search.background, "LONG", 0.0)
    monkeypatch.setattr(search.live.connection, "AHEAD", 25)
    for name in ("SETTLING", "PERIOD"):
        monkeypatch.setattr(search.live.feed, name, 0.0)
    counts, writing = iter((20, 30)), threading.Event()

    def connect(report):
        count = next(counts, None)
        if count is None:
            raise InputError("nobody answers")
        assert count == 20 or writing.wait(60)
        return FakeVideo(count, report)

    def said() -> bool:
        return any("gate: left out" in line and "the gallery takes what is" in line for line in caplog_loguru)

    def wrote(rows) -> None:
        writing.set()
        end = time.monotonic() + 60
        while not said() and time.monotonic() < end:
            time.sleep(0.01)

    index(gallery, {"gate": connect}, said, wrote=wrote)
    assert said() and not any("this computer is too slow" in line for line in caplog_loguru)
    assert gallery.videos()[0].tracklets == 1


def test_an_hour_that_another_program_removes_does_not_end_it(gallery, caplog_loguru):
    def remove(rows: list[TrackletRow]) -> None:
        gallery.remove(EVERYTHING, purge=False)

    stop = threading.Event()
    index(gallery, {"gate": FakeCamera([20], stop)}, stop.is_set, wrote=remove)
    assert gallery.videos() == []
    assert sum("was removed from" in line for line in caplog_loguru) == 1


def fails(*_):
    raise InputError("the disk is full")


def test_a_gallery_that_fails_ends_it(gallery):
    stop = threading.Event()
    cameras = {"gate": FakeCamera([20], stop), "yard": FakeCamera([-1], stop)}
    with pytest.raises(InputError, match="the disk is full"):
        index(gallery, cameras, lambda: False, wrote=fails)


def test_a_fault_of_the_program_ends_it(gallery):
    broken = type("Broken", (ColourDetector,), {"__call__": lambda self, frames: [][1]})
    with pytest.raises(IndexError):
        index(gallery, {"gate": FakeCamera([20], threading.Event())}, lambda: False, detector=broken())
