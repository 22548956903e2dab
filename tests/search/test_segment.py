"""Segments: tracklets that do not depend on where an indexing began."""

import numpy as np
import pytest

from search.segment import LEAD, SECONDS, in_segments
from search.tracker import TRACKERS, Tracker
from tests.search.people import KnowingDetector, frame, walk

RATE = 5.0


def found(walks, begin: float, end: float):
    detector = KnowingDetector(walks)
    for number in range(int(begin * RATE), int(end * RATE)):
        one = frame(number, walks, RATE)
        yield one, detector([one])[0]


def run(walks, first: int, end: float, tracker: str = "bytetrack") -> dict[int, list]:
    """The tracklets of each segment that is over."""
    begin = max(0.0, first * SECONDS - LEAD)
    segments: dict[int, list] = {}
    current: list = []
    for number, tracklet in in_segments(found(walks, begin, end), first, lambda: Tracker(tracker, RATE)):
        if tracklet is None:
            assert number == first + len(segments)
            segments[number], current = current, []
        else:
            current.append(tracklet)
    assert not current
    return segments


WALKS = [walk(1, 9), walk(20, 100, left=2, speed=1), walk(50, 70, top=50), walk(125, 131)]


@pytest.mark.parametrize("tracker", [name for name in TRACKERS if name != "none"])
def test_each_walk_gives_one_tracklet_in_each_segment(tracker):
    segments = run(WALKS, 0, 140, tracker)
    spans = {n: sorted((t.start, t.end) for t in some) for n, some in segments.items()}
    slack = 0.61  # a tracker waits a few frames before it believes in a person
    expected = {0: [(1, 8.8), (20, 59.8), (50, 59.8)], 1: [(60, 69.8), (60, 99.8)], 2: [(125, 130.8)]}
    for number, some in expected.items():
        assert len(spans[number]) == len(some)
        for (start, end), (wanted_start, wanted_end) in zip(spans[number], some, strict=True):
            assert wanted_start <= start <= wanted_start + slack and end == pytest.approx(wanted_end)


def test_without_a_tracker_each_box_that_would_begin_a_track_is_somebody():
    walks = [walk(0.9, 2), walk(1.5, 1.7, top=50)]
    segments = run(walks, 0, 3, "none")
    boxes = [(frame.time, *box) for frame, people in found(walks, 0, 3) for box in people.xyxy.tolist()]
    assert len(boxes) > 5
    assert sorted((t.start, *t.boxes[0].tolist()) for t in segments[0]) == sorted(boxes)
    assert all(t.start == t.end and len(t.boxes) == 1 for t in segments[0])

    one, seen = next(found(walks, 1, 2))
    seen.confidence = np.full(len(seen), 0.3, np.float32)
    assert len(Tracker("none", RATE)(one, seen)) == 0 and len(Tracker("none", RATE, 0.2)(one, seen)) == 1


def test_who_walks_over_the_boundary_is_known_by_the_last_box_before_it():
    segments = run(WALKS, 0, 140)
    ends = {tuple(t.boxes[-1].tolist()): t for t in segments[0]}
    came = [ends[tuple(t.came_from.tolist())] for t in segments[1]]
    assert sorted(t.start for t in came) == sorted(t.start for t in segments[0] if t.end > 59)
    assert all(t.came_from is None for t in segments[2])


def test_a_segment_is_the_same_when_indexing_begins_with_it():
    whole, resumed = run(WALKS, 0, 140), run(WALKS, 1, 140)
    assert set(resumed) == {1, 2}
    for number in resumed:
        for ours, theirs in zip(resumed[number], whole[number], strict=True):
            assert ours.times == theirs.times and np.array_equal(ours.boxes, theirs.boxes)
            assert np.array_equal(ours.came_from, theirs.came_from)
            for one, other in zip(ours.pictures(), theirs.pictures(), strict=True):
                assert np.array_equal(one.image, other.image) and one.quality == other.quality


def test_a_gap_in_the_video_leaves_empty_segments():
    frames = [*found(WALKS, 0, 10), *found(WALKS, 185, 190)]
    ended = [n for n, t in in_segments(frames, 0, lambda: Tracker("bytetrack", RATE)) if t is None]
    assert ended == [0, 1, 2, 3]


@pytest.mark.parametrize("tracker", [name for name in TRACKERS if name != "none"])
def test_nobody_is_followed_over_a_pause_in_the_video(tracker):
    """As between the recordings that a motion sensor triggers: who is there then is another, maybe."""
    stays = [walk(0, 200, speed=0)]
    frames = [*found(stays, 1, 6), *found(stays, 36, 41), *found(stays, 57, 59.2), *found(stays, 65, 70)]
    tracklets = [(n, t) for n, t in in_segments(frames, 0, lambda: Tracker(tracker, RATE)) if t]
    spans = [(number, round(one.start), round(one.end)) for number, one in tracklets]
    assert spans == [(0, 1, 6), (0, 36, 41), (0, 57, 59), (1, 65, 70)]
    assert len({one.number for number, one in tracklets if number == 0}) == 3
    assert tracklets[-1][1].came_from is None


def test_frames_that_are_always_far_apart_are_no_pauses():
    """Of a camera whose computer is slow, whatever rate it promised."""
    stays = [walk(0, 200, speed=0)]
    frames = [one for one in found(stays, 0, 40) if one[0].number % 10 == 0]
    [tracklet] = [t for _, t in in_segments(frames, 0, lambda: Tracker("bytetrack", RATE)) if t]
    assert tracklet.end - tracklet.start >= 32


def test_who_was_not_found_in_the_last_frames_before_the_boundary_is_still_known():
    walks = [lambda time: None if 59.5 < time < 59.95 else walk(50, 70, left=2, speed=2)(time)]
    segments = run(walks, 0, 75)
    [before], [after] = segments[0], segments[1]
    assert before.end == pytest.approx(59.4) and np.array_equal(after.came_from, before.boxes[-1])


def test_tracklets_come_when_their_people_are_gone():
    seen = []

    def watched():
        for one in found(WALKS, 0, 30):
            seen.append(one[0].time)
            yield one

    number, first = next(in_segments(watched(), 0, lambda: Tracker("bytetrack", RATE)))
    assert number == 0 and first.end == pytest.approx(8.8) and seen[-1] < 12


def test_what_is_seen_in_a_frame_or_two_is_no_tracklet():
    assert run([walk(3, 3.3)], 0, 10) == {0: []}


def test_who_stays_is_given_as_it_is_by_then_and_whole_in_the_end():
    steps = in_segments(found([walk(1, 9)], 0, 12), 0, lambda: Tracker("bytetrack", RATE), looks=(1, 4))
    given = [tracklet for _, tracklet in steps if tracklet]
    lengths = [one.end - one.start for one in given]
    assert lengths[:2] == pytest.approx([1, 4], abs=0.21) and len({one.start for one in given}) == 1
    last = given[2]
    assert last.end == pytest.approx(8.8) and len(given) == 3
    for one in given[:2]:
        assert one.times == last.times[: len(one.times)] and len(one.boxes) == len(one.times)
        assert all(picture.time <= one.end for picture in one.pictures())
