"""Pictures of a person to answers."""

import csv
import io
import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from search.clock import parse_time
from search.gallery import (
    BoxPath,
    MemberRow,
    Selection,
    TrackletRow,
    VideoRow,
    WeightsFingerprint,
    make_thumbnail,
    open_gallery,
)
from search.query import answers, walk_scores
from search.report import as_csv, as_json, as_table, table, videos_table
from search.sheet import caption, write_sheet
from utils.figures import COLOURS

A, B, C = np.eye(3, dtype=np.float32)


def row(
    name: str, track: str, start: float, end: float, vector: np.ndarray, video: str = "v1"
) -> TrackletRow:
    camera = {"v1": "gate", "v2": "yard"}[video]
    image = np.full((60, 30, 3), int(200 * abs(float(vector[0]))), np.uint8)
    path = BoxPath(np.array([start, end]), np.array([[0, 0, 10, 20], [5, 0, 15, 20]], np.float32))
    return TrackletRow(
        name,
        track,
        video,
        camera,
        0,
        start,
        end,
        0.5,
        0,
        path,
        make_thumbnail(image),
        vector / np.linalg.norm(vector),
    )


@pytest.fixture
def gallery(tmp_path):
    weights = WeightsFingerprint("w.pth", "0" * 64)
    with open_gallery(str(tmp_path / "gallery.db"), weights, 3) as opened:
        for video, name, rows in (
            (
                "v1",
                "gate.mp4",
                [
                    row("t1", "t1", 10, 59.9, A),
                    row("t2", "t1", 60, 71, A + 0.5 * B),
                    row("t3", "t3", 20, 30, B),
                    row("t6", "t1", 90, 95, A + 0.1 * C),
                ],
            ),
            ("v2", "yard.mp4", [row("t4", "t4", 5, 8, A + 0.2 * B, "v2"), row("t5", "t5", 0, 9, C, "v2")]),
        ):
            opened.begin_video(VideoRow(video, name, rows[0].camera))
            opened.add_segment(video, 0, rows)
            opened.finish_video(video, 100.0)
        yield opened


def summary(found) -> list[tuple]:
    return [(a.camera, a.name, a.start, a.end, round(a.score, 3)) for a in found]


def test_tracklets_of_one_walk_are_one_answer_unless_the_person_was_away(gallery):
    one, five = 1 / np.sqrt(1.01), 1 / np.sqrt(1.04)
    assert summary(answers(gallery, A, 10, threshold=0.5)) == [
        ("gate", "gate.mp4", 10, 71, 1.0),
        ("gate", "gate.mp4", 90, 95, round(one, 3)),
        ("yard", "yard.mp4", 5, 8, round(five, 3)),
    ]
    assert [hit.row.tracklet for hit in answers(gallery, A, 1)[0].hits] == ["t1", "t2"]


def test_a_walk_is_as_similar_as_the_best_of_its_answers(gallery):
    found = answers(gallery, A, 10, threshold=0.5)
    assert walk_scores(found) == {"t1": found[0].score, "t4": found[2].score}
    assert found[0].hits[-1].score < found[0].score, "the last tracklet is not the most similar"


def test_threshold_top_and_selection(gallery):
    assert answers(gallery, -A, 10, threshold=0.1) == []
    assert len(answers(gallery, A, 2)) == 2
    assert [a.camera for a in answers(gallery, A, 10, Selection(cameras=("yard",)), 0.5)] == ["yard"]
    assert [a.start for a in answers(gallery, A, 10, Selection(since=80, until=100), 0.5)] == [90]


def test_an_answer_is_the_same_whatever_the_number_of_answers(gallery):
    """Somebody walks for an hour, of which most is more like the query than any other walk."""
    hour = [row(f"h{n}", "h0", 200 + 60 * n, 259.9 + 60 * n, A + 0.005 * (n + 1) * C) for n in range(60)]
    gallery.begin_video(VideoRow("v3", "hour.mp4", "gate"))
    gallery.add_segment("v3", 0, [replace(one, video="v3") for one in hour])
    query = A + 0.01 * C
    found = answers(gallery, query, 100)
    whole = next(answer for answer in found if answer.video == "v3")
    assert (whole.start, whole.end, len(whole.hits)) == (200, 3799.9, 60)
    for top in (1, 2, 3, 5):
        assert summary(answers(gallery, query, top)) == summary(found[:top])
    assert {answer.camera for answer in answers(gallery, query, 4)} == {"gate", "yard"}


def test_reports(gallery):
    assert as_table(answers(gallery, A, 1)).splitlines()[1].split()[-2:] == ["1.00", "gate.mp4"], (
        "nobody's yet"
    )
    walk = [rows[0] for rows in gallery.tracklets() if rows[0].tracklet in ("t1", "t2")]
    gallery.people.write([MemberRow.of(row, 4) for row in walk])
    gallery.people.call(4, "Anna")
    found = answers(gallery, A, 10, threshold=0.5)
    lines = as_table(found).splitlines()
    assert lines[0].split() == ["camera", "from", "to", "score", "person", "video"]
    assert lines[1].split() == ["1", "gate", "00:10", "01:11", "1.00", "Anna", "gate.mp4"]
    tree = json.loads(as_json(found))
    assert tree[0] == {
        "score": 1.0,
        "person": 4,
        "person_name": "Anna",
        "camera": "gate",
        "start": 10.0,
        "end": 71.0,
        "name": "gate.mp4",
        "video": "v1",
        "tracklets": ["t1", "t2"],
    }
    [first, *_] = csv.DictReader(io.StringIO(as_csv(found)))
    assert (first["camera"], first["start"], first["tracklets"]) == ("gate", "10.0", "t1 t2")
    assert as_table([]).startswith("unknown") and json.loads(as_json([])) == []
    assert as_csv([]) == "score,person,person_name,camera,start,end,name,video,tracklets"
    assert "00:10" not in videos_table(gallery.videos()) and "01:40" in videos_table(gallery.videos())


def test_names_cannot_break_a_table():
    assert table([("a", "b"), ("x\ny\x1b", "../c")]) == "a         b\nx\\ny\\x1b  ../c"


def test_contact_sheet_holds_the_pictures(gallery, tmp_path):
    found = answers(gallery, A, 10, threshold=0.5)
    query = np.full((120, 60, 3), (0, 0, 255), np.uint8)
    write_sheet(tmp_path / "found.png", [query], found)
    sheet = cv2.imread(str(tmp_path / "found.png"))
    assert (np.abs(sheet.astype(int) - (0, 0, 255)).sum(2) < 30).sum() > 5000, "the query is red"
    assert (np.abs(sheet.astype(int) - 200).max(2) < 3).sum() > 5000, "the best answer is light grey"
    assert caption(found[0]) == "gate\n00:10 – 01:11\n1.00"
    begins = parse_time("2026-11-25T08:00")
    dated = replace(found[0], start=begins, end=begins + 61)
    assert caption(dated) == "gate\n2026-11-25\n08:00:00 – 08:01:01\n1.00", "no line is wider than a picture"
    blue = tuple(int(COLOURS[0][at : at + 2], 16) for at in (5, 3, 1))
    assert (sheet == blue).all(2).sum() > 500, "frames of answers"
    write_sheet(tmp_path / "unsure.png", [query], found, threshold=1.01)
    assert not (cv2.imread(str(tmp_path / "unsure.png")) == blue).all(2).any(), "grey: too little alike"
    write_sheet(tmp_path / "empty.png", [query] * 9, [])
    assert cv2.imread(str(tmp_path / "empty.png")) is not None
