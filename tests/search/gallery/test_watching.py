"""Watching a gallery that others fill."""

import time
from dataclasses import replace

import search.watch
from search.gallery import VideoRow
from search.watch import Watch, watch_gallery
from tests.search.gallery.drawn import rows_of


def test_who_is_written_while_it_is_watched_is_said_once(gallery, monkeypatch):
    monkeypatch.setattr(search.watch, "PAUSE", 0.0)
    now = time.time()
    rows = rows_of("aa", 0, tracklets=4, parts=1)
    person = rows[0].vector
    gallery.begin_video(VideoRow("aa", "rtsp://gate", "c1", now - 900))

    def seen(row, begin: float, end: float, **change):
        gallery.add_rows("aa", 0, [replace(row, start=now + begin, end=now + end, vector=person, **change)])

    seen(rows[1], -500, -400)  # before it was watched
    steps = iter(
        [
            lambda: None,
            lambda: seen(rows[0], 1, 2),
            lambda: seen(rows[0], 1, 5),
            lambda: seen(rows[2], 1, 5, camera="c2"),  # which is not watched
            lambda: gallery.add_rows("aa", 0, [replace(rows[3], start=now + 90, end=now + 99)]),
            lambda: None,
        ]
    )

    def stopped() -> bool:
        step = next(steps, None)
        if step:
            step()
        return step is None

    told = []
    watch_gallery(gallery, Watch("Ann", person, 0.99, told.append), ["c1"], stopped)
    [one] = told
    assert (one.hit.row.tracklet, one.hit.row.end) == (rows[0].tracklet, now + 2)
    assert one.hit.row.thumbnail == rows[0].thumbnail
