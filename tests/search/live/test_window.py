"""How long people stay in the gallery."""

import pytest

from search.gallery import VideoRow
from search.live.window import Window
from tests.search.gallery.drawn import rows_of

DAY = 86_400.0
HOURS = {"live-a-1": ("c1", 0.0), "live-a-2": ("c1", 120.0), "live-b-1": ("c2", 0.0), "file": ("c1", 0.0)}


@pytest.fixture
def gallery(lite):
    """Two minutes each, with tracklets that begin 0, 10, 20, 60, 70 and 80 s after the start."""
    for video, (camera, start) in HOURS.items():
        lite.begin_video(VideoRow(video, "rtsp://a", camera, start))
        for segment in range(2):
            rows = rows_of(video, segment, camera)
            for row in rows:
                object.__setattr__(row, "start", row.start + start)
                object.__setattr__(row, "end", row.end + start)
            lite.add_segment(video, segment, rows)
        lite.finish_video(video, 120.0)
    return lite


@pytest.fixture
def purges(gallery, monkeypatch) -> list[int]:
    """How many tracklets were left at each purge."""
    found: list[int] = []
    monkeypatch.setattr(gallery, "purge", lambda: found.append(len(list(gallery.tracklets(fields=())))))
    return found


def left(gallery) -> dict[str, int]:
    counted = {video.video: video.tracklets for video in gallery.videos()}
    assert sum(counted.values()) == len(list(gallery.tracklets(fields=())))
    return counted


def test_only_what_is_older_goes_and_only_of_these_live_cameras(gallery, purges):
    window = Window(gallery, ["c1"], DAY)
    window.move(DAY - 1)
    assert left(gallery) == dict.fromkeys(HOURS, 6) and not purges
    window.move(DAY + 65)  # all who were seen at 65 s or before
    assert left(gallery) == {"live-a-1": 2, "live-a-2": 6, "live-b-1": 6, "file": 6}
    window.move(DAY + 121)
    assert left(gallery) == {"live-a-2": 5, "live-b-1": 6, "file": 6}
    window.move(DAY + 500)
    assert left(gallery) == {"live-b-1": 6, "file": 6}


def test_files_are_written_anew_with_the_first_removal_and_then_each_half_window(gallery, purges):
    window = Window(gallery, ["c1", "c2"], 100.0)
    window.move(105.0)
    assert purges == [22]
    window.move(115.0)
    window.move(145.0)
    assert purges == [22] and sum(left(gallery).values()) == 18
    window.move(156.0)
    assert purges == [22, 18]
    window.move(400.0)
    assert purges == [22, 18, 6] and left(gallery) == {"file": 6}
    window.move(500.0)
    assert purges == [22, 18, 6], "nothing was removed since"


def test_what_was_removed_is_in_no_file_any_more(gallery, tmp_path):
    from tests.search.gallery.conftest import folder_bytes

    gone = {row.tracklet.encode() for rows in gallery.tracklets() for row in rows if row.video == "live-a-1"}
    gallery.store.flush()
    before = folder_bytes(tmp_path / "gallery.db")
    assert all(name in before for name in gone)
    Window(gallery, ["c1"], DAY).move(DAY + 125)
    gallery.close()
    after = folder_bytes(tmp_path / "gallery.db")
    assert not any(name in after for name in gone)


def test_it_moves_often_enough(gallery):
    assert Window(gallery, [], 120.0).period == 1.2 and Window(gallery, [], 7 * DAY).period == 600
