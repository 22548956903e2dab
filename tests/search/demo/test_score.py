"""The scores of tracking and queries, recomputed by plain loops."""

from itertools import permutations

import numpy as np
import pytest

from search.demo.ground_truth import Track, read_ground_truth
from search.demo.score import Answers, score_queries, score_tracking, track_people
from utils.errors import InputError

pytest.importorskip("trackers")

FPS = 4


def write_truth(folder, **cameras):
    """Ground truth of rows (frame from 1, person, x, y, width, height, visibility) for each camera."""
    (folder / "ground_truth").mkdir(exist_ok=True)
    for name, (count, rows) in cameras.items():
        lines = [f"{f},{person},{x},{y},{w},{h},1,1,{v}" for f, person, x, y, w, h, v in rows]
        (folder / "ground_truth" / f"{name}.txt").write_text("\n".join(lines))
        (folder / "ground_truth" / f"{name}.ini").write_text(
            f"[Sequence]\nframeRate={FPS}\nseqLength={count}\n"
        )


def track(camera, first, boxes):
    """A track with a box (x, y, width, height) in each frame from the `first` on, from 1."""
    boxes = np.array(boxes, dtype=np.float32)
    boxes[:, 2:] += boxes[:, :2]
    return Track(camera, (np.arange(len(boxes)) + first - 1) / FPS, boxes)


def iou(one, other):
    """Of two boxes (x1, y1, x2, y2)."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0) * max(height, 0)
    return shared / (
        (one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1]) - shared
    )


def plain_idf1(people, found):
    """Ristani et al.: twice the best one-to-one agreement by the number of all boxes."""
    ids, tracks = ({name for frame in side for name in frame} for side in (people, found))
    tracks = sorted(tracks) + [None] * len(ids)
    best = 0
    for choice in set(permutations(tracks, len(ids))):
        pairs = dict(zip(sorted(ids), choice, strict=True))
        hits = sum(
            iou(box, there[pairs[person]]) >= 0.5
            for here, there in zip(people, found, strict=True)
            for person, box in here.items()
            if pairs[person] in there
        )
        best = max(best, hits)
    return 2 * best / sum(len(frame) for frame in (*people, *found))


def plain_mota(people, found):
    """Bernardin and Stiefelhagen: a match of the frame before is kept, the others are the best there are."""
    misses = false = switches = total = 0
    before, latest = {}, {}
    for here, there in zip(people, found, strict=True):
        good = {(p, t) for p in here for t in there if iou(here[p], there[t]) >= 0.5}
        best = max(
            (
                dict(zip(here, choice, strict=True))
                for choice in permutations([*there, *[None] * len(here)], len(here))
            ),
            key=lambda pairs: sum(
                1000 * (before.get(p) == t) + iou(here[p], there[t])
                for p, t in pairs.items()
                if (p, t) in good
            ),
        )
        before = {p: t for p, t in best.items() if (p, t) in good}
        switches += sum(latest.get(p, t) != t for p, t in before.items())
        latest |= before
        misses += len(here) - len(before)
        false += len(there) - len(before)
        total += len(here)
    return 1 - (misses + false + switches) / total, switches


def wander(rng, frames):
    """Three people who cross each other, and three tracks of them that mix them up: boxes by frame."""
    people, found = [], []
    start, speed = rng.uniform(0, 60, 3), rng.uniform(-6, 6, 3)
    for frame in range(frames):
        here = {
            p + 1: (start[p] + speed[p] * frame, 10.0, start[p] + speed[p] * frame + 20, 60.0)
            for p in range(3)
        }
        there = {}
        for index, person in enumerate((1, 2, 3) if frame < frames // 2 else (2, 1, 3)):
            if rng.random() < 0.85:
                there[index] = tuple(np.array(here[person]) + rng.normal(0, 2.5, 4))
        people.append(here)
        found.append(there)
    return people, found


@pytest.mark.parametrize("seed", range(6))
def test_tracking_is_scored_as_plain_loops_do(tmp_path, seed):
    people, found = wander(np.random.default_rng(seed), 10)
    rows = [
        (frame + 1, person, box[0], box[1], box[2] - box[0], box[3] - box[1], 1.0)
        for frame, here in enumerate(people)
        for person, box in here.items()
    ]
    write_truth(tmp_path, camera1=(10, rows))
    tracks = []
    for name in range(3):
        frames = [frame for frame in range(10) if name in found[frame]]
        tracks.append(
            Track("camera1", np.array(frames) / FPS, np.array([found[frame][name] for frame in frames]))
        )
        for frame in range(frames[0], frames[-1]):  # Missing boxes are on the line between the others.
            if name not in found[frame]:
                box = [np.interp(frame, frames, [found[f][name][side] for f in frames]) for side in range(4)]
                found[frame][name] = tuple(box)
    scores = score_tracking(tmp_path, tracks)
    mota, switches = plain_mota(people, found)
    assert scores["camera1"].idf1 == pytest.approx(plain_idf1(people, found))
    assert scores["camera1"].mota == pytest.approx(mota)
    assert scores["camera1"].switches == switches
    assert scores["all"] == scores["camera1"]


def test_perfect_tracks_of_two_cameras(tmp_path):
    rows = [(frame, 1, 10 * frame, 5, 20, 50, 1.0) for frame in range(1, 7)]
    later = [(frame, 2, 100, 5, 20, 50, 1.0) for frame in range(3, 6)]
    write_truth(tmp_path, camera1=(6, rows), camera2=(6, later))
    tracks = [
        track("camera1", 1, [row[2:6] for row in rows]),
        track("camera2", 3, [row[2:6] for row in later]),
    ]
    for name in ("camera1", "camera2", "all"):
        assert score_tracking(tmp_path, tracks)[name] == (1.0, 1.0, 1.0, 1.0, 0)
    scores = score_tracking(tmp_path, tracks[:1])
    assert scores["camera2"] == (0.0, 0.0, 0.0, 0.0, 0)
    assert scores["all"].recall == pytest.approx(6 / 9)
    assert scores["all"].idf1 == pytest.approx(2 * 6 / (9 + 6))


def test_frames_that_were_left_out_are_on_the_line_between(tmp_path):
    rows = [(frame, 1, 10 * frame, 5, 20, 50, 1.0) for frame in range(1, 8)]
    write_truth(tmp_path, camera1=(7, rows))
    whole = track("camera1", 1, [row[2:6] for row in rows])
    every = Track("camera1", whole.times[::3], whole.boxes[::3])
    assert score_tracking(tmp_path, [every])["all"].idf1 == 1
    away = Track("camera1", whole.times[[0, 1, 6]], whole.boxes[[0, 1, 6]])
    assert score_tracking(tmp_path, [away])["all"].recall == pytest.approx(3 / 7), (
        "gone for more than a second"
    )


def test_people_of_whom_little_is_seen_need_not_be_found_and_may_be(tmp_path):
    rows = [(frame, 1, 10, 5, 20, 50, 1.0 if frame < 4 else 0.1) for frame in range(1, 7)]
    write_truth(tmp_path, camera1=(6, rows))
    boxes = [row[2:6] for row in rows]
    for tracks in ([track("camera1", 1, boxes)], [track("camera1", 1, boxes[:3])]):
        assert score_tracking(tmp_path, tracks)["all"] == (1.0, 1.0, 1.0, 1.0, 0)
    elsewhere = track("camera1", 1, [(200, 5, 20, 50)] * 6)
    assert score_tracking(tmp_path, [elsewhere])["all"].mota == 1 - (3 + 6) / 3


def test_who_comes_back_is_tracked_anew(tmp_path):
    rows = [(frame, 1, 10, 5, 20, 50, 1.0) for frame in (1, 2, 3, 20, 21, 22)]
    write_truth(tmp_path, camera1=(22, rows))
    visits = [track("camera1", 1, [(10, 5, 20, 50)] * 3), track("camera1", 20, [(10, 5, 20, 50)] * 3)]
    assert score_tracking(tmp_path, visits)["all"] == (1.0, 1.0, 1.0, 1.0, 0)


def two_cameras(folder):
    """Three people before two cameras each, at places of their own, and a track of each visit."""
    rows = {
        name: [(frame, person, 100 * person, 5, 20, 50, 1.0) for frame in range(1, 5) for person in (1, 2, 3)]
        for name in ("camera1", "camera2")
    }
    write_truth(folder, **{name: (4, part) for name, part in rows.items()})
    places = [(name, person) for name in rows for person in (1, 2, 3)]
    return [track(name, 1, [(100 * person, 5, 20, 50)] * 4) for name, person in places]


def test_a_track_is_of_the_person_whom_most_of_its_boxes_show(tmp_path):
    tracks = two_cameras(tmp_path)
    mixed = track("camera1", 1, [(100, 5, 20, 50), (200, 5, 20, 50), (200, 5, 20, 50), (204, 5, 20, 50)])
    half = track("camera2", 1, [(300, 5, 20, 50), (300, 5, 20, 50), (900, 5, 20, 50), (900, 5, 20, 50)])
    stray = track("camera2", 1, [(300, 5, 20, 50), (900, 5, 20, 50), (900, 5, 20, 50), (900, 5, 20, 50)])
    assert track_people(tmp_path, [*tracks, mixed, half, stray]) == [1, 2, 3, 1, 2, 3, 2, 3, 0]


def plain_average_precision(ranked, person, camera, tracks, people):
    """Over tracks from the best to the worst, with those of the query's person and camera left out."""
    left = [index for index in ranked if not (people[index] == person and tracks[index].camera == camera)]
    hits = [people[index] == person for index in left]
    precisions = [sum(hits[: rank + 1]) / (rank + 1) for rank, hit in enumerate(hits) if hit]
    return sum(precisions) / len(precisions), hits[0]


def test_queries_are_scored_as_plain_loops_do(tmp_path):
    tracks = two_cameras(tmp_path)
    tracks += [tracks[4], track("camera2", 1, [(900, 5, 20, 50)] * 4)]
    people = [1, 2, 3, 1, 2, 3, 2, 0]
    rng = np.random.default_rng(1)
    queries, plain = [], []
    for person in (1, 2, 3):
        for camera in ("camera1", "camera2"):
            scores = rng.random(len(tracks))
            ranked = np.argsort(-scores).tolist()
            queries.append(Answers(person, camera, ranked, scores[ranked].tolist()))
            plain.append(plain_average_precision(ranked, person, camera, tracks, people))
    result = score_queries(tmp_path, tracks, queries)
    assert result.mAP == pytest.approx(np.mean([precision for precision, _ in plain]))
    assert result.cmc[0] == pytest.approx(np.mean([first for _, first in plain]))
    assert result.num_valid_queries == 6


def test_what_was_not_found_ranks_last(tmp_path):
    tracks = two_cameras(tmp_path)
    found = Answers(1, "camera1", [4, 3], [-0.2, -0.5])
    assert score_queries(tmp_path, tracks, [found]).mAP == pytest.approx(1 / 2)
    missed = Answers(1, "camera1", [4], [-0.2])
    assert score_queries(tmp_path, tracks, [missed]).mAP == pytest.approx(1 / 5)
    nothing = Answers(1, "camera1", [], [])
    assert score_queries(tmp_path, tracks, [found, nothing]).mAP == pytest.approx((1 / 2 + 1 / 5) / 2)


def test_a_person_whom_no_other_camera_has_is_not_counted(tmp_path):
    tracks = [one for one in two_cameras(tmp_path) if (one.camera, one.boxes[0, 0]) != ("camera2", 300)]
    lonely = Answers(3, "camera1", [0], [0.9])
    right = Answers(1, "camera1", [3], [0.9])
    assert score_queries(tmp_path, tracks, [lonely, right]).num_valid_queries == 1
    with pytest.raises(InputError, match="no query has"):
        score_queries(tmp_path, tracks, [lonely])


def test_ground_truth_that_cannot_be_read_is_one_line(tmp_path):
    with pytest.raises(InputError, match="no ground truth"):
        read_ground_truth(tmp_path)
    write_truth(tmp_path, camera1=(2, [(1, 1, 0, 0, 5, 5, 1.0)]))
    file = tmp_path / "ground_truth" / "camera1.txt"
    file.write_text("1,1,what\n")
    with pytest.raises(InputError, match="cannot read the ground truth .*camera1.txt"):
        read_ground_truth(tmp_path)
    file.write_text("")
    (truth,) = read_ground_truth(tmp_path)
    assert len(truth.people) == 0 and len(truth.times) == 2
    file.with_suffix(".ini").unlink()
    with pytest.raises(InputError, match="cannot read"):
        read_ground_truth(tmp_path)
