"""A date holds for tracklets with a date only, a clock time for those of videos whose start is not known."""

from dataclasses import replace

import numpy as np
import pytest

from search.gallery import Gallery, MemberRow, Selection, TrackletRow, VideoRow
from tests.search.gallery.drawn import DIM, index, rows_of
from utils.errors import InputError

NOON = 1_764_068_400.0  # 2025-11-25
# Tracklets begin 0, 10, 20, 60, 70 and 80 s after their video and last 4.8 s: how many of the dated video's,
# and of the other's, a selection holds.
HELD = {
    Selection(since=15.0): (0, 4),
    Selection(until=15.0): (0, 2),
    Selection(since=15.0, until=65.0): (0, 2),
    Selection(since=NOON + 15): (4, 0),
    Selection(until=NOON + 15): (2, 0),
    Selection(until=NOON - 1): (0, 0),
    Selection(since=NOON + 15, until=NOON + 65): (2, 0),
    Selection(cameras=("c1",)): (6, 6),
    Selection(video="own", until=NOON + 15): (0, 0),
    Selection(video="dated", since=15.0): (0, 0),
}


def fill(gallery: Gallery) -> list[TrackletRow]:
    """A video with a date and one without, of one camera, with a person each."""
    rows = index(gallery, "own", parts=1)
    gallery.begin_video(VideoRow("dated", "dated.mp4", "c1", NOON))
    for segment in range(2):
        some = rows_of("dated", segment, parts=1)
        some = [replace(row, start=row.start + NOON, end=row.end + NOON) for row in some]
        gallery.add_segment("dated", segment, some)
        rows += some
    gallery.finish_video("dated", 120.0)
    gallery.people.write([MemberRow.of(row, 1 + (row.video == "dated")) for row in rows])
    return rows


def counts(rows) -> tuple[int, int]:
    videos = [row.video for row in rows]
    return videos.count("dated"), videos.count("own")


def test_what_a_time_holds(lite):
    fill(lite)
    for where, expected in HELD.items():
        assert counts(rows[0] for rows in lite.tracklets(where, [])) == expected, where
        assert counts(hit.row for hit in lite.search(np.ones(DIM), 50, where)[0]) == expected, where
        assert counts(lite.people.members(where)) == expected, where


@pytest.mark.parametrize(
    "times, left, left_alone",
    [({"until": NOON + 15}, (4, 6), "own"), ({"since": 15.0}, (6, 2), "dated")],
    ids=["date", "clock"],
)
def test_what_a_time_removes(lite, times, left, left_alone):
    """Nothing of the other kind, which it says nothing about."""
    fill(lite)
    assert [video.video for video in lite.videos() if Selection(**times).leaves(video)] == [left_alone]
    assert lite.remove(Selection(cameras=("c1",), **times), purge=False) == 12 - sum(left)
    assert counts(rows[0] for rows in lite.tracklets(fields=[])) == left == counts(lite.people.members())
    assert {video.video: video.tracklets for video in lite.videos()} == {"dated": left[0], "own": left[1]}


def test_a_date_and_a_clock_are_no_span():
    for since, until in ((60.0, NOON), (NOON, 60.0)):
        with pytest.raises(InputError, match="write both in the same way"):
            Selection(since=since, until=until)
