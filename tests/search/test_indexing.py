"""From frames to a gallery: nothing twice, nothing lost, whatever interrupts."""

import weakref
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

import search.stretch
from search.background import Behind
from search.detectors import MotionDetector
from search.gallery import Selection, TrackletRow, VideoRow, open_gallery
from search.indexing import Indexer, Writer, detected, write_behind
from search.segment import LEAD, SECONDS, in_segments
from search.stretch import LEARNING
from search.tracker import Tracker
from search.tracklet import Tracklet
from search.video import Frame
from tests.search.people import COLOURS, SIZE, ColourEmbedder, KnowingDetector, frame, walk
from utils.errors import InputError

RATE = 5.0
WALKS = [walk(1, 9), walk(20, 100, left=2, speed=1), walk(50, 70, top=50), walk(125, 131)]
ROW = VideoRow("f" * 32, "yard.mp4", "yard", None, "knowing")


class DrawnVideo:
    """The frames of people from a time on; it may break after some frames."""

    name, size, frame_rate, live = "yard.mp4", SIZE[::-1], RATE, False

    def __init__(self, start: float = 0.0, breaks_after: float = np.inf, walks=WALKS, duration=140.0):
        self.start, self.breaks_after, self.walks, self.duration = start, breaks_after, walks, duration
        self.closed = False

    def frames(self):
        for number in range(round(self.start * RATE), round(self.duration * RATE)):
            if number / RATE > self.breaks_after:
                raise InputError("the disk is gone")
            yield frame(number, self.walks, RATE)

    def close(self):
        self.closed = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


@pytest.fixture
def gallery(tmp_path):
    with open_gallery(str(tmp_path / "gallery.db"), ColourEmbedder.weights, 3) as opened:
        yield opened


def indexer(gallery, **kwargs) -> Indexer:
    make_tracker = partial(Tracker, "bytetrack")
    return Indexer(gallery, KnowingDetector(WALKS), make_tracker, ColourEmbedder(), **kwargs)


def contents(gallery) -> list[tuple]:
    """All that a gallery holds, as values that can be compared."""
    found = []
    for rows in gallery.tracklets():
        assert len(rows) == 1
        [row] = rows
        found.append(
            (row.tracklet, row.track, row.camera, row.segment, row.start, row.end, row.quality, row.thumbnail)
            + (tuple(row.path.times.tolist()), tuple(row.path.boxes.ravel().tolist()))
            + tuple(np.round(row.vector, 5).tolist())
        )
    return found


def test_walks_become_tracklets_with_their_times_boxes_and_vectors(gallery):
    after = indexer(gallery).index(DrawnVideo, ROW, RATE)
    assert after.complete and after.duration == pytest.approx(139.8) and after.tracklets == 6
    rows = [rows[0] for rows in gallery.tracklets()]
    assert [row.segment for row in rows] == [0, 0, 0, 1, 1, 2]
    for row in rows:
        hit = gallery.search(row.vector[None], 1)[0][0]
        assert hit.score == pytest.approx(1, abs=1e-4)
        whose = [c for c in COLOURS if np.dot(c, row.vector) / np.linalg.norm(c) > 0.999]
        place = WALKS[COLOURS.index(whose[0])]
        for time, box in zip(row.path.times, row.path.boxes, strict=True):
            assert np.allclose(box, place(time), atol=0.1)
    tracks = {row.track for row in rows}
    assert len(tracks) == 4, "two people walk on from the first minute to the second"


def test_to_index_again_changes_nothing(gallery):
    first = indexer(gallery)
    first.index(DrawnVideo, ROW, RATE)
    before, again = contents(gallery), indexer(gallery)
    assert again.index(DrawnVideo, ROW, RATE).complete
    assert contents(gallery) == before and not again.detector.seen


@pytest.mark.parametrize("breaks_after", [30, 61, 123])
def test_an_interrupted_indexing_resumes_and_ends_as_if_nothing_had_been(gallery, tmp_path, breaks_after):
    with pytest.raises(InputError, match="the disk is gone"):
        indexer(gallery).index(partial(DrawnVideo, breaks_after=breaks_after), ROW, RATE)
    done = int(breaks_after // SECONDS)
    assert gallery.video(ROW.video).segments == done and not gallery.video(ROW.video).complete
    resumed = indexer(gallery)
    resumed.index(DrawnVideo, ROW, RATE)
    assert min(resumed.detector.seen) == max(0, round((done * SECONDS - LEAD) * RATE))
    with open_gallery(str(tmp_path / "whole.db"), ColourEmbedder.weights, 3) as whole:
        indexer(whole).index(DrawnVideo, ROW, RATE)
        assert contents(gallery) == contents(whole)


@pytest.mark.parametrize("duration", [110.0, 119.6], ids=["before the lead", "in the lead"])
def test_what_was_killed_before_the_end_was_written_has_the_same_segments_and_length(
    gallery, tmp_path, monkeypatch, duration
):
    video = partial(DrawnVideo, duration=duration)
    with monkeypatch.context() as killed:
        killed.setattr(gallery, "finish_video", lambda video, duration: [][0])
        with pytest.raises(IndexError):
            indexer(gallery).index(video, ROW, RATE)
    assert gallery.video(ROW.video).segments == 2 and not gallery.video(ROW.video).complete
    indexer(gallery).index(video, ROW, RATE)
    with open_gallery(str(tmp_path / "whole.db"), ColourEmbedder.weights, 3) as whole:
        indexer(whole).index(video, ROW, RATE)
        assert gallery.videos() == whole.videos() and contents(gallery) == contents(whole)


def test_a_detector_that_learns_the_background_finds_the_same_after_resumes(gallery, tmp_path, monkeypatch):
    """Within two minutes that are looked at with one background, and where the next one begins."""
    monkeypatch.setattr(search.stretch, "SEGMENTS", 2)
    walks = [walk(20, 32), walk(52, 66, speed=6, top=50), walk(112, 128, speed=5), walk(121, 131, top=50)]
    trackers, seen = partial(Tracker, "bytetrack"), []

    def index(into, **kwargs) -> None:
        seen.clear()
        moving = Indexer(
            into, MotionDetector(), trackers, ColourEmbedder(), lambda one: seen.append(one.time)
        )
        moving.index(partial(DrawnVideo, walks=walks, **kwargs), ROW, RATE)

    for breaks_after in (61, 123):
        with pytest.raises(InputError, match="the disk is gone"):
            index(gallery, breaks_after=breaks_after)
        assert seen[0] == 0
    index(gallery)
    assert seen[0] == 2 * SECONDS - LEAD - LEARNING
    with open_gallery(str(tmp_path / "whole.db"), ColourEmbedder.weights, 3) as whole:
        index(whole)
        assert contents(gallery) == contents(whole)
        assert {one[3] for one in contents(whole)} == {0, 1, 2}, "somebody is found in each minute"


def test_a_resume_with_other_settings_is_refused(gallery):
    with pytest.raises(InputError, match="the disk is gone"):
        indexer(gallery).index(partial(DrawnVideo, breaks_after=2), ROW, RATE)
    begun = r"yard.mp4 is half done with knowing, bytetrack \(score 0.5, 5 frames per second\)"
    for tracker, rate, other in (
        (partial(Tracker, "ocsort"), RATE, r"ocsort \(score 0.5, 5 "),
        (partial(Tracker, "bytetrack", score=0.6), RATE, r"bytetrack \(score 0.6, 5 "),
        (partial(Tracker, "bytetrack"), 2.5, r"bytetrack \(score 0.5, 2.5 "),
    ):
        with pytest.raises(InputError, match=f"{begun}, not with knowing, {other}"):
            Indexer(gallery, KnowingDetector(WALKS), tracker, ColourEmbedder()).index(DrawnVideo, ROW, rate)


def test_with_a_start_times_are_those_of_the_day(gallery):
    row = VideoRow(ROW.video, ROW.name, ROW.camera, 1_790_000_000.0, ROW.detector)
    indexer(gallery).index(DrawnVideo, row, RATE)
    starts = [rows[0].start - row.start for rows in gallery.tracklets()]
    assert 1 <= min(starts) <= 1.7 and 125 <= max(starts) <= 126
    assert len(list(gallery.tracklets(Selection(until=row.start + 10)))) == 1
    tracks = {rows[0].track for rows in gallery.tracklets()}
    assert len(tracks) == 4


def test_tracks_go_on_after_a_resume_with_a_start(gallery):
    row = VideoRow(ROW.video, ROW.name, ROW.camera, 1_790_000_000.0, ROW.detector)
    with pytest.raises(InputError):
        indexer(gallery).index(partial(DrawnVideo, breaks_after=61), row, RATE)
    indexer(gallery).index(DrawnVideo, row, RATE)
    assert len({rows[0].track for rows in gallery.tracklets()}) == 4


def test_who_is_written_while_still_there_is_found_and_leaves_the_same_gallery(gallery, tmp_path):
    """As live cameras are indexed: each tracklet at once, also after 1 s and 4 s of it."""
    written = []

    def found_already(rows):
        written.extend(rows)
        hits = gallery.search(rows[0].vector[None], 9, Selection(video=ROW.video))[0]
        assert (rows[0].tracklet, rows[0].end) in [(hit.row.tracklet, hit.row.end) for hit in hits]

    found_by = f"{ROW.detector}, {Tracker('bytetrack', RATE).name}"
    row = gallery.begin_video(replace(ROW, detector=found_by))
    detector, writer = KnowingDetector(WALKS), Writer(gallery, ColourEmbedder(), row, 1, found_already)
    found = detected(DrawnVideo(), detector)
    with Behind(5) as behind:
        steps = in_segments(found, 0, partial(Tracker, "bytetrack", RATE), looks=(1.0, 4.0))
        write_behind(writer, behind, steps)
    gallery.finish_video(row.video, 139.8)
    ends = {}
    for one in written:
        ends.setdefault(one.tracklet, []).append(one.end - one.start)
    for lengths in ends.values():
        assert len(lengths) == 3 and lengths[:2] == pytest.approx([1, 4], abs=0.21) and lengths[2] > 4.2
    with open_gallery(str(tmp_path / "whole.db"), ColourEmbedder.weights, 3) as whole:
        indexer(whole).index(DrawnVideo, ROW, RATE)
        assert gallery.videos() == whole.videos()
        # Only the names differ: they follow the order of writing.
        found, expected = (sorted(one[2:] for one in contents(some)) for some in (gallery, whole))
        assert found == expected
    assert len({rows[0].track for rows in gallery.tracklets()}) == 4


def test_pictures_share_batches_and_few_of_a_tracklet_are_embedded(gallery):
    whole = indexer(gallery)
    whole.index(DrawnVideo, ROW, RATE)
    detections = sum(place(n / RATE) is not None for n in range(700) for place in WALKS)
    assert sum(whole.embedder.batches) <= 4 * 6 < detections / 20
    assert max(whole.embedder.batches) > 4


def test_a_failure_of_a_stage_ends_it_and_closes_the_video(gallery):
    videos = []

    def open_from(start: float) -> DrawnVideo:
        videos.append(DrawnVideo(start))
        return videos[-1]

    broken = indexer(gallery)
    broken.embedder.__class__ = type("Broken", (ColourEmbedder,), {"__call__": lambda self, pictures: [][1]})
    with pytest.raises(IndexError):
        broken.index(open_from, ROW, RATE)
    assert videos[0].closed and gallery.video(ROW.video).segments == 0


class Watched:
    """How many of the objects that were seen are still held by somebody."""

    def __init__(self):
        self.seen: list[weakref.ref] = []

    def see(self, one: object) -> None:
        self.seen = [*(ref for ref in self.seen if ref() is not None), weakref.ref(one)]


def test_what_is_held_does_not_grow_with_the_length(gallery, monkeypatch):
    """Frames, tracklets and rows of five minutes with somebody in each."""
    walks = [walk(60 * minute + 5, 60 * minute + 15) for minute in range(5)]
    frames, tracklets, rows = Watched(), Watched(), Watched()
    held: list[tuple[int, ...]] = []

    def watch(kind: type, watched: Watched) -> Callable:
        def make(*args, **kwargs):
            made = kind(*args, **kwargs)
            watched.see(made)
            return made

        return make

    def progress(one: Frame) -> None:
        frames.see(one)
        held.append(tuple(len(watched.seen) for watched in (frames, tracklets, rows)))

    monkeypatch.setattr("search.segment.Tracklet", watch(Tracklet, tracklets))
    monkeypatch.setattr("search.indexing.TrackletRow", watch(TrackletRow, rows))
    watching = Indexer(
        gallery, KnowingDetector(walks), partial(Tracker, "bytetrack"), ColourEmbedder(), progress
    )
    video = partial(DrawnVideo, walks=walks, duration=300.0)
    assert watching.index(video, ROW, RATE).tracklets == 5
    assert (np.max(held, 0) <= [KnowingDetector.batch + 2, 2, 2]).all(), "what is of a minute, not of all"
    assert np.min(held, 0)[0] > 0 and np.max(held, 0)[1] > 0


def test_frames_are_counted_for_the_bar(gallery):
    times = []
    indexer(gallery, progress=lambda one: times.append(one.time)).index(DrawnVideo, ROW, RATE)
    assert len(times) == 700 and times == sorted(times)


def test_a_video_without_people_is_complete_and_empty(gallery):
    empty = Indexer(gallery, KnowingDetector([]), partial(Tracker, "bytetrack"), ColourEmbedder())
    after = empty.index(DrawnVideo, ROW, RATE)
    assert after.complete and after.tracklets == 0 and not list(gallery.tracklets())
    with closing(gallery):
        assert gallery.search(np.ones((1, 3), np.float32), 5) == [[]]
