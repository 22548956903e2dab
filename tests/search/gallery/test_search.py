"""Searching: exact, one hit for each tracklet, among what a selection holds."""

import numpy as np
import pytest

from search.gallery import EVERYTHING, Gallery, Selection, TrackletRow, VideoRow
from search.gallery.pages import ROWS
from tests.search.gallery.drawn import DIM, plain, rows_of

SPACE = np.random.default_rng(7)


def fill(gallery: Gallery) -> list[TrackletRow]:
    """Four videos of two cameras; the tracklets of a video have one, two, three and nine vectors."""
    rows = []
    for number, parts in enumerate((1, 2, 3, 9)):
        video, camera = f"v{number}", f"c{number % 2}"
        gallery.begin_video(VideoRow(video, f"{video}.mp4", camera))
        for segment in range(2):
            new = [
                TrackletRow(**vars(row) | {"vector": SPACE.normal(size=DIM) + 2 * np.eye(DIM)[number]})
                for row in rows_of(video, segment, camera, tracklets=4, parts=parts)
            ]
            gallery.add_segment(video, segment, new)
            rows += new
    return rows


def expected(rows: list[TrackletRow], vector: np.ndarray, where: Selection) -> list[tuple[float, str, int]]:
    """Score, tracklet and part of all hits, by plain loops in float64."""
    best: dict[str, tuple[float, str, int]] = {}
    for row in rows:
        if where.cameras and row.camera not in where.cameras or where.video not in (None, row.video):
            continue
        if where.since is not None and row.end < where.since:
            continue
        if where.until is not None and row.start > where.until:
            continue
        lengths = np.linalg.norm(row.vector) * np.linalg.norm(vector)
        score = sum(a * b for a, b in zip(row.vector, vector, strict=True)) / lengths
        if score > best.get(row.tracklet, (-2.0, "", 0))[0]:
            best[row.tracklet] = (score, row.tracklet, row.part)
    return sorted(best.values(), reverse=True)


WHERE = [
    EVERYTHING,
    Selection(cameras=["c1"]),
    Selection(cameras=["c0", "c1"], since=15.0, until=64.0),
    Selection(video="v3"),
    Selection(since=90.0),
    Selection(until=0.0),
    Selection(cameras=["c7"]),
    Selection(since=1e9),
]


def test_search_is_exact(gallery):
    rows = fill(gallery)
    queries = np.concatenate([SPACE.normal(size=(3, DIM)), 5 * rows[-1].vector[None]])
    for where in WHERE:
        for top in (1, 5, 40):
            found = gallery.search(queries, top, where)
            assert len(found) == len(queries)
            for vector, hits in zip(queries, found, strict=True):
                wanted = expected(rows, vector, where)[:top]
                assert [(hit.row.tracklet, hit.row.part) for hit in hits] == [hit[1:] for hit in wanted]
                assert [hit.score for hit in hits] == pytest.approx([hit[0] for hit in wanted], abs=1e-5)
    assert found[0] == [], "of the last selection"


def test_a_hit_has_all_but_its_vector(gallery):
    rows = fill(gallery)
    (hit,) = gallery.search(rows[5].vector, top=1)[0]
    assert plain(hit.row) == plain(TrackletRow(**vars(rows[5]) | {"vector": None}))


def test_the_threshold_is_the_least_score(gallery):
    rows = fill(gallery)
    vector = SPACE.normal(size=DIM)
    scores = [score for score, *_ in expected(rows, vector, EVERYTHING)]
    threshold = (scores[4] + scores[5]) / 2
    assert len(gallery.search(vector, 20, threshold=threshold)[0]) == 5
    assert len(gallery.search(vector, 3, threshold=threshold)[0]) == 3
    assert gallery.search(vector, 20, threshold=1.1) == [[]]


def test_rows_that_one_answer_may_not_hold_are_read_in_pages(gallery, monkeypatch):
    rows, queries = fill(gallery), SPACE.normal(size=(2, DIM))
    at_once = [[(hit.score, plain(hit.row)) for hit in hits] for hits in gallery.search(queries, 20)]
    monkeypatch.setattr("search.gallery.nearest.AT_ONCE", 7)
    monkeypatch.setitem(ROWS, "thumbnail", 7)
    answers, call = [], gallery.store.milvus.call

    def counting(method, *args, **kwargs):
        answer = call(method, *args, **kwargs)
        parts = answer if method == "search" else [answer]
        found = [row.get("entity", row) for part in parts for row in part]
        answers.append(sum("thumbnail" in row for row in found))
        return answer

    monkeypatch.setattr(gallery.store.milvus, "call", counting)
    in_pages = [[(hit.score, plain(hit.row)) for hit in hits] for hits in gallery.search(queries, 20)]
    assert in_pages == at_once and max(answers) == 7 and len(rows) > 40
    answers.clear()
    gallery.search(queries, 1)
    assert len(answers) == 1, "few are read at once"


def test_each_search_sees_what_this_program_has_just_written(gallery):
    for segment in range(3):
        gallery.begin_video(VideoRow("aa", "aa.mp4", "c1"))
        rows = rows_of("aa", segment, tracklets=1)
        gallery.add_segment("aa", segment, rows)
        hits = gallery.search(rows[0].vector, top=50)[0]
        assert len(hits) == segment + 1 and hits[0].score == pytest.approx(1)
    gallery.remove(EVERYTHING, purge=False)
    assert gallery.search(rows[0].vector, top=50) == [[]]


def test_a_vector_of_another_size_is_refused(lite):
    with pytest.raises(ValueError, match="vectors of 8 numbers for a gallery of 16"):
        lite.search(np.ones(8))
