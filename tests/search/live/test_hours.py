"""What of a camera is a video of the gallery."""

from datetime import datetime
from types import SimpleNamespace

import pytest

import search.live.hours
from search.gallery import Selection, VideoRow
from search.live.hours import end_interrupted, in_hours, live_videos
from search.video import Frame
from tests.search.gallery.drawn import rows_of

ABOUT = VideoRow("", "rtsp://gate", "gate", detector="colour")
NOON = datetime(2026, 11, 25, 12).timestamp()


def hours(monkeypatch, begin: float, times: list[float]) -> list[tuple[VideoRow, list[float]]]:
    """The videos of frames that came at these times after ``begin``, with the times of their frames."""
    clock = SimpleNamespace(time=lambda: begin, monotonic=lambda: 0.0)
    monkeypatch.setattr(search.live.hours, "time", clock)
    frames = (Frame(None, time, number) for number, time in enumerate(times))
    return [(row, [frame.time for frame in some]) for row, some in in_hours(frames, ABOUT)]


def test_a_video_ends_with_the_hour(monkeypatch):
    [first, second, third] = hours(monkeypatch, NOON + 1800.25, [0, 1, 1799, 1800, 5000, 5400, 5401])
    assert first[0].start == NOON + 1800.25 and first[1] == [0, 1, 1799]
    assert second[0].start == NOON + 3600.25 and second[1] == [0, 3200]
    assert third[0].start == NOON + 7200.25 and third[1] == [0, 1]
    assert len({row.video for row, _ in (first, second, third)}) == 3
    for row, _ in (first, second):
        assert (row.camera, row.name, row.detector) == ("gate", "rtsp://gate", "colour")


def test_what_is_left_of_an_hour_for_less_than_a_minute_is_part_of_the_next(monkeypatch):
    [only] = hours(monkeypatch, NOON - 30, [0, 29, 31, 3600])
    assert only[1] == [0, 29, 31, 3600]


def test_a_clock_that_was_set_counts_from_the_next_hour_on(monkeypatch):
    times = iter([NOON, NOON - 7200])
    clock = SimpleNamespace(time=lambda: next(times), monotonic=lambda: 0.0)
    monkeypatch.setattr(search.live.hours, "time", clock)
    frames = (Frame(None, time, 0) for time in (0.0, 3599.0, 3600.0, 3601.0))
    starts = [(row.start, len(list(some))) for row, some in in_hours(frames, ABOUT)]
    assert starts == [(NOON, 2), (NOON - 3600, 2)]


def test_no_frames_are_no_video(monkeypatch):
    assert hours(monkeypatch, NOON, []) == []


@pytest.fixture
def killed(lite):
    """A gallery that a program which was killed has left: a minute that is done, and one that is not."""
    for video, camera in (("live-a-1", "c1"), ("live-b-1", "c2"), ("file", "c1")):
        lite.begin_video(VideoRow(video, "rtsp://a", camera, 0.0))
        lite.add_segment(video, 0, rows_of(video, 0, camera))
        lite.add_rows(video, 1, rows_of(video, 1, camera, tracklets=2))
    return lite


def test_what_a_killed_program_had_written_is_all_of_its_hour(killed):
    end_interrupted(killed, ["c1"])
    videos = {video.video: video for video in killed.videos()}
    ended = videos["live-a-1"]
    assert ended.complete and (ended.segments, ended.tracklets, ended.vectors) == (2, 5, 10)
    assert ended.duration == max(rows[0].end for rows in killed.tracklets(Selection(video="live-a-1")))
    assert not videos["live-b-1"].complete, "another camera's program may still run"
    assert not videos["file"].complete
    assert [video.video for video in live_videos(killed, ["c1"])] == ["live-a-1"]
