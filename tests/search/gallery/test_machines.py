"""Several programs at one gallery, and programs and servers that are killed."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from types import SimpleNamespace

import pytest

from search.detectors import DETECTORS
from search.gallery import VideoRow, open_gallery, retry
from tests.commands import ENV, ROOT, Command
from tests.search.gallery.drawn import DIM, SEGMENT, WEIGHTS, contents, plain, rows_of
from tests.search.page.client import Client
from tests.search.page.conftest import desk_over, served
from tests.search.people import ColourDetector, walk
from tests.search.reid_network import write_network
from tests.tools.conftest import film
from tools.search_page import PATIENCE

LIMIT = 300  # seconds


@pytest.fixture
def start():
    """Start the indexing program; what still runs in the end is killed."""
    started = []

    def run(*words: object) -> subprocess.Popen:
        command = [sys.executable, "-m", "tests.search.gallery.indexer", *map(str, words)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        started.append(subprocess.Popen(command, cwd=ROOT, text=True, **pipes, env=os.environ | ENV))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


def expected(*videos: str, segments: int) -> list[tuple]:
    return sorted(plain(row) for video in videos for n in range(segments) for row in rows_of(video, n))


def with_colours() -> None:
    """In the command's process: a detector for the tests."""
    DETECTORS["colour"] = ColourDetector


@pytest.mark.parametrize("kind", ["server"])
def test_two_machines_make_a_gallery_at_once_and_index_other_and_the_same_videos(new_uri, start_in, tmp_path):
    """The command, twice at once; the gallery is the one that it makes alone."""
    write_network(tmp_path, threshold=0.98)
    for name, begin in (("both", 0.5), ("one", 1.0), ("two", 1.5)):
        film(tmp_path / f"{name}.mp4", [walk(begin, begin + 2)], 40, 10.0)
    words = ("tools/search.py", "index", "--weights", "net.pth", "--device", "cpu", "--detector", "colour")

    def index(place: str, *videos: str) -> Command:
        return start_in(tmp_path, *words, "--gallery", place, *videos, before=with_colours)

    alone = str(tmp_path / "gallery.db")
    at_once = [index(new_uri, "one.mp4", "both.mp4"), index(new_uri, "two.mp4", "both.mp4")]
    for command in (*at_once, index(alone, "one.mp4", "two.mp4", "both.mp4")):
        done = command.finish()
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    with open_gallery(new_uri) as shared, open_gallery(alone) as own:
        videos, rows = contents(shared)
        assert (videos, rows) == contents(own)
    assert [(v.name, v.complete, v.tracklets) for v in videos] == [
        (f"{name}.mp4", True, 1) for name in ("both", "one", "two")
    ]


@pytest.mark.parametrize("kind", ["server"])
def test_a_second_machine_goes_on_where_the_first_is(uri, gallery):
    with open_gallery(uri) as second:
        for machine in (gallery, second):
            machine.begin_video(VideoRow("aa", "aa.mp4", "c1"))
        gallery.add_segment("aa", 0, rows_of("aa", 0))
        second.add_segment("aa", 0, rows_of("aa", 0))
        gallery.add_segment("aa", 1, rows_of("aa", 1))
        # The first has written its next segment, but not marked it, when the second begins again.
        gallery.store.write(gallery.store.tracklets, [row.stored(row.vector) for row in rows_of("aa", 2)])
        assert second.begin_video(VideoRow("aa", "aa.mp4", "c1")).segments == 2
        gallery.add_segment("aa", 2, rows_of("aa", 2))
        second.add_segment("aa", 2, rows_of("aa", 2))
        gallery.finish_video("aa", 3 * SEGMENT)
        second.add_segment("aa", 2, rows_of("aa", 2))  # it had not noticed
        second.finish_video("aa", 3 * SEGMENT)
        assert contents(second) == contents(gallery)
    videos, rows = contents(gallery)
    assert rows == expected("aa", segments=3)
    assert [(v.complete, v.segments, v.tracklets, v.duration) for v in videos] == [(True, 3, 9, 3 * SEGMENT)]


@pytest.mark.parametrize("kind", ["server", "lite"])
def test_a_killed_program_resumes(uri, gallery, kind, start):
    if kind == "lite":
        gallery.close()
    program = start(uri, "aa", "--segments", 4, "--wait")
    for number in range(2):
        assert program.stdout.readline() == f"aa {number}\n", program.stderr.read()
        program.stdin.write("\n")
        program.stdin.flush()
    program.kill()  # at some place in its next segment
    program.wait()
    program = start(uri, "aa", "--segments", 4)
    out, err = program.communicate(timeout=LIMIT)
    assert (program.returncode, err) == (0, "")
    assert len(out.splitlines()) in (1, 2)
    with open_gallery(uri) as again:
        videos, rows = contents(again)
    assert rows == expected("aa", segments=4)
    assert [(video.complete, video.segments, video.tracklets) for video in videos] == [(True, 4, 12)]


@pytest.fixture
def own_server(server_address, tmp_path):
    """A server that a test may kill."""
    from tests.search.gallery.milvus_server import MilvusServer

    server = MilvusServer(tmp_path, lease=10)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def open_page(own_server, tmp_path_factory):
    """Opens the page over the server's gallery, as ``serve`` does; gives its client."""
    films = tmp_path_factory.mktemp("films")
    with ExitStack() as stack:

        def begin() -> Client:
            gallery = stack.enter_context(open_gallery(own_server.address, WEIGHTS, DIM, patience=PATIENCE))
            desk = stack.enter_context(desk_over(gallery, films, films))
            return Client(stack.enter_context(served(desk)))

        yield begin


def test_a_killed_server_loses_nothing_and_the_page_says_so(
    own_server, open_page, monkeypatch, caplog_loguru
):
    """It is killed twice, before the answer to a write and before a write, and starts while we wait."""
    writes = []

    def killing(*args, upsert: Callable, **kwargs) -> object:
        writes.append(args)
        if len(writes) == 3:
            upsert(*args, **kwargs)
            assert [video["complete"] for video in client.ask("videos", anew=1)["videos"]] == [False]
        if len(writes) in (3, 7):
            own_server.kill()
        if len(writes) == 3:
            status, line = client.refused("videos", anew=1)
            assert status == 503 and f"{own_server.address} has not answered for 4 s" in line
            assert client.get("/").status == 200
        return upsert(*args, **kwargs)

    def starting(seconds: float) -> None:
        ours = threading.current_thread() is threading.main_thread()  # not the page, which only asks
        if ours and seconds > retry.FIRST_PAUSE and own_server.process.poll() is not None:
            own_server.start()
        time.sleep(0.2)

    monkeypatch.setattr(retry, "time", SimpleNamespace(sleep=starting, monotonic=time.monotonic))
    with open_gallery(own_server.address, WEIGHTS, DIM) as gallery:
        gallery.begin_video(VideoRow("aa", "aa.mp4", "c1"))
        client, milvus = open_page(), gallery.store.milvus.client
        monkeypatch.setattr(milvus, "upsert", partial(killing, upsert=milvus.upsert))
        for number in range(5):
            gallery.add_segment("aa", number, rows_of("aa", number))
        gallery.finish_video("aa", 5 * SEGMENT)
        videos, rows = contents(gallery)
        assert [video["complete"] for video in client.ask("videos", anew=1)["videos"]] == [True]
    assert rows == expected("aa", segments=5)
    assert [(video.complete, video.segments, video.tracklets) for video in videos] == [(True, 5, 15)]
    lines = [line for line in caplog_loguru if line.startswith(own_server.address)]
    for patience in (180, 4):  # seconds, of the program that indexes, and of the page
        assert sum("does not answer" in line and f"trying for {patience} s" in line for line in lines) == 1
    assert sum("answers again, after" in line for line in lines) == len(lines) - 2 == 2, lines
