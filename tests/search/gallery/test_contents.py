"""What is put into a gallery comes out of it."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from search.clock import parse_start, write_start
from search.gallery import (
    EVERYTHING,
    BoxPath,
    Selection,
    TrackletRow,
    VideoRow,
    find_rows,
    open_gallery,
    records,
    thumbnails,
)
from tests.search.gallery.drawn import DIM, SEGMENT, contents, index, plain, rows_of
from utils.errors import InputError


def test_what_was_indexed_is_there_also_for_another_program(gallery, uri, kind):
    rows = index(gallery, "aa") + index(gallery, "bb", segments=1, camera="c2")
    expected = sorted(map(plain, rows))
    assert contents(gallery)[1] == expected
    if kind == "lite":
        gallery.close()
    with open_gallery(uri) as again:
        videos, found = contents(again)
    assert found == expected
    assert videos == [
        VideoRow("aa", "aa.mp4", "c1", None, "", 2, True, 2 * SEGMENT, tracklets=6, vectors=12),
        VideoRow("bb", "bb.mp4", "c2", None, "", 1, True, SEGMENT, tracklets=3, vectors=6),
    ]


def test_to_index_a_video_again_changes_nothing(gallery):
    index(gallery, "aa")
    before = contents(gallery)
    index(gallery, "aa")
    assert contents(gallery) == before
    for number in range(2):  # even if a second machine has not seen that it is done
        gallery.add_segment("aa", number, rows_of("aa", number))
    gallery.finish_video("aa", 0.0)
    assert contents(gallery) == before


def test_an_interrupted_video_resumes_at_its_first_segment_that_is_not_done(gallery):
    index(gallery, "aa", segments=4)
    expected = contents(gallery)
    gallery.remove(EVERYTHING, purge=False)
    begun = gallery.begin_video(VideoRow("aa", "aa.mp4", "c1"))
    assert (begun.segments, begun.complete) == (0, False)
    gallery.add_segment("aa", 0, rows_of("aa", 0))
    gallery.add_segment("aa", 1, rows_of("aa", 1))
    # The next was interrupted after half of its rows; another try gave more tracklets than there will be.
    gallery.store.write(gallery.store.tracklets, stored(rows_of("aa", 2, tracklets=5)[:7]))
    gallery.store.write(gallery.store.tracklets, stored(rows_of("aa", 3, tracklets=4)))
    assert gallery.video("aa").segments == 2
    index(gallery, "aa", segments=4)
    assert contents(gallery) == expected


def test_tracklets_are_found_by_their_ids_with_all_their_rows(gallery):
    rows = [row for row in index(gallery, "aa") + index(gallery, 'b"b') if row.tracklet.endswith("0001")]
    ids = [*{row.tracklet for row in rows}, "none"]
    assert sorted(map(plain, find_rows(gallery.store, ids))) == sorted(map(plain, rows))
    best = max((row for row in rows if row.tracklet == ids[0]), key=lambda row: row.quality)
    assert thumbnails(gallery.store, ids[:1]) == {ids[0]: best.thumbnail}
    assert gallery.names(["aa", "none"]) == {"aa": "aa.mp4"}


def test_milvus_lite_does_one_thing_at_a_time(lite, monkeypatch):
    """It replaces a row in two steps, between which another thread would find none."""
    inside: list[int] = []
    overlaps: list[int] = []

    def query(*_: object, **__: object) -> list:
        overlaps.extend(inside)
        inside.append(1)
        time.sleep(0.01)
        inside.pop()
        return []

    monkeypatch.setattr(lite.store.milvus.client, "query", query)
    with ThreadPoolExecutor(4) as threads:
        assert [*threads.map(lambda _: lite.videos(), range(8))] == [[]] * 8
    assert overlaps == []


def stored(rows: list[TrackletRow]) -> list[dict]:
    return [row.stored(row.vector) for row in rows]


def test_tracklets_are_found_before_their_segment_is_done(gallery):
    gallery.begin_video(VideoRow("aa", "aa.mp4", "c1"))
    rows = rows_of("aa", 0, tracklets=3, parts=1)
    for row in rows[:2]:
        gallery.add_rows("aa", 0, [row])
    assert {rows[0].tracklet for rows in gallery.tracklets()} == {row.tracklet for row in rows[:2]}
    assert (gallery.video("aa").segments, gallery.video("aa").tracklets) == (0, 0)
    later = replace(rows[0], end=rows[0].end + 5)
    gallery.add_rows("aa", 0, [later])
    gallery.end_segment("aa", 0, [later, rows[1]])
    assert (gallery.video("aa").segments, gallery.video("aa").tracklets) == (1, 2)
    assert sorted(rows[0].end for rows in gallery.tracklets()) == sorted([later.end, rows[1].end])


def test_segments_may_be_empty_and_videos_too(gallery):
    gallery.begin_video(VideoRow("aa", "aa.mp4", "c1", start=1.5e9, detector="boxes"))
    gallery.add_segment("aa", 0, [])
    assert gallery.video("aa").segments == 1
    gallery.finish_video("aa", 12.5)
    assert gallery.videos() == [VideoRow("aa", "aa.mp4", "c1", 1.5e9, "boxes", 1, True, 12.5)]
    assert gallery.search(np.ones(DIM)) == [[]] and list(gallery.tracklets()) == []
    assert gallery.video("bb") is None


def test_a_video_keeps_its_camera_its_start_and_while_it_is_not_complete_its_detector(lite):
    lite.begin_video(VideoRow("aa", "aa.mp4", "c1", start=1.5e9, detector="yolox_s 12ab"))
    day = write_start(1.5e9)
    assert parse_start(day) == 1.5e9
    for change, words in (
        ({"camera": "c2"}, "camera c1, not c2; remove it first, or leave --camera out"),
        ({"start": 1.5e9 + 1}, re.escape(f"start {day}, not {write_start(1.5e9 + 1)}")),
        ({"start": None}, re.escape(f"start {day}, not unknown")),
        ({"detector": "motion"}, "half done with yolox_s 12ab, not with motion; resume"),
    ):
        given = {"camera": "c1", "start": 1.5e9, "detector": "yolox_s 12ab"} | change
        with pytest.raises(InputError, match=f"^b.mp4 is .*{words}"):
            lite.begin_video(VideoRow("aa", "b.mp4", **given))
    lite.finish_video("aa", 0.0)
    assert lite.begin_video(VideoRow("aa", "b.mp4", "c1", 1.5e9, "motion")).complete


HOSTILE = [
    "a\"b'c",
    "back\\slash\\",
    "../../etc/passwd",
    "line\nbreak\r\nand\ttab\0",
    '" or segment >= 0 or camera == "',
    "%22%5C",
    "{camera}",
    "小明的摄像头" * 50,
    "x" * 300,
    "",
    "half \udcff a character \ud83d",
    "😀",
]


def test_any_name_is_kept_and_found_and_nothing_else_is(gallery):
    rows = {name: rows_of(name, 0, f"{name}c", tracklets=1, parts=1) for name in HOSTILE}
    for name in HOSTILE:
        gallery.begin_video(VideoRow(name, f"{name}.mp4", f"{name}c"))
        gallery.add_segment(name, 0, rows[name])
    assert {video.name for video in gallery.videos()} == {f"{name}.mp4" for name in HOSTILE}
    for name, (row,) in rows.items():
        for where in (Selection(video=name), Selection(cameras=[f"{name}c", "none"])):
            assert [hit.row.camera for hit in gallery.search(row.vector, 20, where)[0]] == [f"{name}c"]
    found = gallery.tracklets(Selection(cameras=[f"{name}c" for name in HOSTILE[:3]]))
    assert sorted(plain(row) for (row,) in found) == sorted(plain(*rows[name]) for name in HOSTILE[:3])
    assert gallery.remove(Selection(video=HOSTILE[4]), purge=False) == 1
    assert {video.video for video in gallery.videos()} == {*HOSTILE} - {HOSTILE[4]}


def test_what_a_gallery_does_not_take_is_one_line(gallery):
    gallery.begin_video(VideoRow("aa", "aa.mp4", "c1"))
    row = rows_of("aa", 0)[0]
    for change, words in (
        (
            {"thumbnail": bytes(50_000)},
            "a thumbnail of 50 kB is too large .* takes 45 kB",
        ),
        ({"camera": "x" * 10_000}, "the name 'xxxxx.*is too long"),
        ({"vector": np.full(DIM, np.nan)}, "not finite"),
        ({"vector": np.zeros(DIM)}, "zero"),
    ):
        with pytest.raises(InputError, match=words):
            gallery.add_segment("aa", 0, [TrackletRow(**vars(row) | change)])
    for change in ({"name": "x" * 10_000}, {"camera": "小" * 1000}):
        with pytest.raises(InputError, match="is too long; choose one of less than 900 characters"):
            gallery.begin_video(VideoRow(**{"video": "bb", "name": "bb.mp4", "camera": "c1"} | change))
    assert [(video.video, video.segments) for video in gallery.videos()] == [("aa", 0)]
    gallery.add_segment("aa", 0, [TrackletRow(**vars(row) | {"thumbnail": bytes(45_000)})])
    assert len(next(gallery.tracklets())[0].thumbnail) == 45_000


def test_large_rows_go_in_several_calls(gallery, monkeypatch):
    monkeypatch.setattr("search.gallery.store.CHUNK_BYTES", 2500)
    monkeypatch.setattr("search.gallery.store.FLUSH_BYTES", 9000)
    rows = index(gallery, "aa", segments=2, tracklets=9, parts=1)
    assert contents(gallery)[1] == sorted(map(plain, rows))


def test_pages_hold_each_tracklet_once(gallery, monkeypatch):
    rows = []
    for number, segments in enumerate((1, 7, 2, 0, 3)):
        rows += index(gallery, f"v{number}", segments, camera=f"c{number % 2}")
    gallery.begin_video(VideoRow("half", "half.mp4", "c1"))
    gallery.add_segment("half", 0, rows_of("half", 0, "c1"))
    rows += rows_of("half", 0, "c1")
    tracklets = sorted({row.tracklet for row in rows})
    seen = [row for row in rows if row.end >= 100 and row.start <= 130]
    of_one_camera = sorted({row.tracklet for row in seen if row.camera == "c0"})
    assert 0 < len(of_one_camera) < len(seen) / 2
    for size in (5, 100):
        monkeypatch.setattr("search.gallery.gallery.page_rows", lambda fields, size=size: size)
        found = list(gallery.tracklets(fields=["path"]))
        assert sorted(parts[0].tracklet for parts in found) == tracklets
        assert all([row.part for row in parts] == [0, 1] for parts in found)
        assert all(len({row.tracklet for row in parts}) == 1 for parts in found)
        assert all(row.vector is None and not row.thumbnail and row.path for parts in found for row in parts)
        some = gallery.tracklets(Selection(cameras=["c0"], since=100.0, until=130.0), fields=[])
        assert sorted(parts[0].tracklet for parts in some) == of_one_camera


def test_videos_are_read_in_parts_however_many_there_are(gallery, kind, monkeypatch):
    rows = [VideoRow(name, f"{name}.mp4", "c1") for name in HOSTILE]
    done = [records.complete(row) for number, row in enumerate(rows) if number % 3]
    gallery.store.write(gallery.store.videos, [*map(records.begun, rows), *done])
    all_at_once, answers = gallery.videos(), []
    assert len(all_at_once) == len(HOSTILE)
    query = gallery.store.query

    def counted(*args) -> list[dict]:
        answers.append(query(*args))
        return answers[-1]

    monkeypatch.setattr(gallery.store, "query", counted)
    for most in (4, 7, 1000) if kind == "lite" else (12,):
        monkeypatch.setattr("search.gallery.gallery.RECORDS", most)
        answers.clear()
        assert gallery.videos() == all_at_once
        *parts, unfinished = answers
        assert len(unfinished) == 0 and max(map(len, parts)) <= most
        assert len(parts) == 1 if most == 1000 else len(parts) > 2


def test_a_path_may_be_missing_or_longer_than_a_field(gallery):
    gallery.begin_video(VideoRow("aa", "aa.mp4", "c1"))
    row = rows_of("aa", 0)[0]
    long = BoxPath(np.arange(9000) / 25, np.random.default_rng(0).uniform(0, 2000, (9000, 4)))
    rows = [TrackletRow(**vars(row) | {"path": None}), TrackletRow(**vars(row) | {"path": long, "part": 1})]
    gallery.add_segment("aa", 0, rows)
    none, path = (row.path for row in next(gallery.tracklets()))
    assert none is None
    assert path.times[0] == 0 and path.times[-1] == pytest.approx(8999 / 25) and 2000 < len(path.times) < 9000
