"""tools/search.py live and watch as a user runs them; a real RTSP server is killed and started again."""

import importlib.util
import os
import re
import signal
import sys
import time
from itertools import pairwise
from pathlib import Path

import cv2
import pytest

import search.live.feed
import search.sources.container
import search.watch
import search.webhook
from search.detectors import DETECTORS
from search.film import Film
from search.gallery import open_gallery
from tests.conftest import assert_refused
from tests.search.people import ColourDetector, frame, walk
from tests.search.reid_network import write_network
from tests.search.rtsp import RtspServer, silent_camera
from tests.search.test_webhook import receiving

RATE = 10.0
WALK = walk(0.5, 3.5, speed=20)
NETWORK = ("--weights", "net.pth", "--device", "cpu", "--detector", "colour")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent")


def hurry() -> None:
    """In the command's process: a detector for the tests, and less patience."""
    DETECTORS["colour"] = ColourDetector
    search.sources.container.PATIENCE = 3.0
    search.live.feed.FIRST_PAUSE = 0.2
    search.live.feed.LONGEST_PAUSE = 2.0
    search.watch.APART = 1.0
    search.webhook.PAUSES = (0.1,)


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with weights, a camera's film of a person who comes and goes, and the person's picture."""
    folder = tmp_path_factory.mktemp("live")
    write_network(folder, threshold=0.9)
    with Film(folder / "gate.mp4", RATE) as film:
        for number in range(60):
            one = frame(number, [WALK], RATE)
            film.add(one.image, one.time)
    image, (x1, y1, x2, y2) = frame(20, [WALK], RATE).image, map(round, WALK(2.0))
    cv2.imwrite(str(folder / "red.png"), image[y1:y2, x1:x2])
    return folder


@pytest.fixture
def server(place):
    if importlib.util.find_spec("aio_rtsp_toolkit") is None:
        pytest.skip("needs an RTSP server: pip install -r requirements-search.txt")
    started = RtspServer(place)
    started.start()
    yield started
    started.kill()


def test_a_person_is_said_and_indexed_before_and_after_the_camera_was_lost(start_in, place, server):
    with silent_camera() as silent, receiving(500) as desk:
        command = start_in(
            place,
            *("tools/search.py", "watch", "red.png", *NETWORK, "--keep", "24h"),
            *("--source", server.address("gate.mp4"), silent, "--camera", "gate", "yard"),
            *("--notify", f"http://127.0.0.1:{desk.port}/seen"),
            before=hurry,
        )

        def lost() -> bool:
            """Whether the last that was said of the connection to the gate is its loss."""
            return re.findall("gate: (connected|.*trying again)", command.out)[-1] != "connected"

        command.wait_until(lambda: "yard: " in command.out and len(desk.messages) >= 2)
        refused = start_in(place, "tools/search.py", "query", "red.png", *NETWORK[:4]).finish()
        assert_refused(refused, "gallery.db is in use by another process", "Milvus server")
        server.kill()
        command.wait_until(lost)
        # Whoever was in view when it was lost may be said only now, but came before.
        again = time.time()
        server.start()
        command.wait_until(lambda: any(content["start"] > again for *_, content in desk.messages))
        command.process.terminate()
        done = command.finish()
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.strip() == "stopping once what was seen is written"
    assert done.stdout.count(" gate: red, similarity ") >= 2
    assert done.stdout.count("yard: ") == 1 and "no data came for 3 s" in done.stdout
    first, second = desk.messages[:2]
    assert first == second and first[0] == "/seen", "the first was answered with an error"
    assert first[2]["person"] == "red" and first[2]["camera"] == "gate" and first[2]["score"] >= 0.9
    with open_gallery(str(place / "gallery.db")) as gallery:
        videos = gallery.videos()
        found = {(rows[0].video, rows[0].track) for rows in gallery.tracklets(fields=())}
    assert len(videos) >= 2 and all(video.complete and video.camera == "gate" for video in videos)
    for one, after in pairwise(videos):
        assert one.start + one.duration < after.start
    assert len({video for video, _ in found}) >= 2
    assert len({track for _, track in found}) == len(found), "nobody walks on over the loss"


def test_a_camera_that_is_not_there_is_waited_for_until_ctrl_c(start_in, place):
    words = ("tools/search.py", "live", "rtsp://127.0.0.1:9/x", *NETWORK, "--gallery", "empty.db")
    command = start_in(place, *words, before=hurry)
    command.wait_until(lambda: "127.0.0.1:9/x: cannot open rtsp://127.0.0.1:9/x" in command.out)
    assert "trying again in 0.2 s, then with pauses that grow to 2 s" in command.out
    os.kill(command.process.pid, signal.SIGINT)
    assert command.finish().returncode == 0


def test_refusals(start_in, place):
    camera = "rtsp://127.0.0.1:9/x"
    for words, said in (
        (("live", "gate.mp4"), "gate.mp4 is not a live camera"),
        (("live", camera, "--keep", "soon"), "'soon' is no length of time"),
        (("live", camera, "--keep", "90s"), "--keep 90s is less than 2m"),
        (("live", camera, "--every", "2", "--fps", "5"), "--every and --fps"),
        (("live", camera, "--camera", "a", "b"), "2 names for 1 camera;"),
        (("watch", "red.png"), "gallery.db is a folder"),
        (
            ("watch", "red.png", "--gallery", "http://127.0.0.1:9", "--keep", "1h"),
            "--keep is for the cameras",
        ),
        (("watch", "red.png", "--source", camera, "--notify", "desk"), "--notify desk"),
        (("watch", "none.png", "--source", camera), "none.png: no such file"),
        (("watch", "red.png", "--source", camera, "--threshold", "high"), "--threshold high is not a number"),
    ):
        assert_refused(start_in(place, "tools/search.py", *words).finish(), said)
