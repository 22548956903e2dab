"""Several programs at one gallery, and programs and servers that are killed."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace

import pytest

from search.gallery import VideoRow, open_gallery, retry
from tests.commands import ENV, ROOT
from tests.search.gallery.drawn import DIM, SEGMENT, WEIGHTS, contents, plain, rows_of

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


@pytest.mark.parametrize("kind", ["server"])
def test_two_machines_make_a_gallery_at_once_and_index_other_and_the_same_videos(new_uri, start):
    machines = [start(new_uri, *videos, "--segments", 4) for videos in (["one", "both"], ["two", "both"])]
    for machine in machines:
        out, err = machine.communicate(timeout=LIMIT)
        assert (machine.returncode, err) == (0, ""), err
    with open_gallery(new_uri) as gallery:
        videos, rows = contents(gallery)
    assert rows == expected("one", "two", "both", segments=4)
    assert [(v.video, v.complete, v.segments, v.tracklets, v.vectors) for v in videos] == [
        (name, True, 4, 12, 24) for name in ("both", "one", "two")
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


def test_a_killed_server_loses_nothing(own_server, monkeypatch, caplog_loguru):
    """It is killed twice, before the answer to a write and before a write, and starts while we wait."""
    writes = []

    def killing(*args, upsert: Callable, **kwargs) -> object:
        writes.append(args)
        if len(writes) == 3:
            upsert(*args, **kwargs)
        if len(writes) in (3, 7):
            own_server.kill()
        return upsert(*args, **kwargs)

    def starting(seconds: float) -> None:
        if seconds > retry.FIRST_PAUSE and own_server.process.poll() is not None:
            own_server.start()
        time.sleep(0.2)

    monkeypatch.setattr(retry, "time", SimpleNamespace(sleep=starting, monotonic=time.monotonic))
    with open_gallery(own_server.address, WEIGHTS, DIM) as gallery:
        gallery.begin_video(VideoRow("aa", "aa.mp4", "c1"))
        client = gallery.store.milvus.client
        monkeypatch.setattr(client, "upsert", partial(killing, upsert=client.upsert))
        for number in range(5):
            gallery.add_segment("aa", number, rows_of("aa", number))
        gallery.finish_video("aa", 5 * SEGMENT)
        videos, rows = contents(gallery)
    assert rows == expected("aa", segments=5)
    assert [(video.complete, video.segments, video.tracklets) for video in videos] == [(True, 5, 15)]
    assert len(caplog_loguru) == 1, caplog_loguru
    assert caplog_loguru[0].startswith(f"{own_server.address} does not answer")
