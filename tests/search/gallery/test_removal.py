"""What is removed is gone, from the disk too, and nothing else is."""

import shutil
import time

import numpy as np
import pytest

from search.gallery import MemberRow, Selection, VideoRow, open_gallery
from tests.search.gallery.conftest import folder_bytes
from tests.search.gallery.drawn import DIM, WEIGHTS, contents, index, plain, rows_of


def test_a_removed_video_is_gone_and_may_come_back(gallery):
    rows = index(gallery, "aa")
    index(gallery, "bb", camera="c2")
    before = contents(gallery)
    assert gallery.remove(Selection(video="bb")) == 6
    assert [video.video for video in gallery.videos()] == ["aa"]
    assert contents(gallery)[1] == sorted(map(plain, rows))
    assert {hit.row.video for hit in gallery.search(np.ones(DIM), 50)[0]} == {"aa"}
    assert gallery.remove(Selection(video="bb"), purge=False) == 0
    index(gallery, "bb", camera="c2")
    assert contents(gallery) == before


def test_a_camera_is_removed_with_its_videos(gallery):
    for video, camera in (("aa", "c1"), ("bb", "c2"), ("cc", "c1")):
        index(gallery, video, camera=camera)
    gallery.begin_video(VideoRow("dd", "dd.mp4", "c1"))
    gallery.add_segment("dd", 0, rows_of("dd", 0))
    assert gallery.remove(Selection(cameras=["c1"]), purge=False) == 6 + 6 + 3
    assert [video.video for video in gallery.videos()] == ["bb"]


def test_a_span_of_time_is_removed_and_stays_so(gallery):
    """Tracklets start at 0, 10, 20, 60, 70, 80 s and last 4.8 s."""
    rows = index(gallery, "aa") + index(gallery, "bb", camera="c2")
    gallery.begin_video(VideoRow("half", "half.mp4", "c1"))
    gallery.add_segment("half", 0, rows_of("half", 0))
    rows += rows_of("half", 0)
    where = Selection(
        cameras=["c1"], since=14.7, until=70.0
    )  # sees the end of the second, the start of the fifth
    assert gallery.remove(where) == 4 + 2
    left = [row for row in rows if row.camera == "c2" or row.end < 14.7 or row.start > 70.0]
    assert contents(gallery)[1] == sorted(map(plain, left))
    videos = {video.video: video for video in gallery.videos()}
    assert {name: (video.tracklets, video.vectors) for name, video in videos.items()} == {
        "aa": (2, 4),
        "bb": (6, 12),
        "half": (1, 2),
    }
    assert videos["aa"].complete and videos["aa"].segments == 2 and videos["half"].segments == 1
    index(gallery, "aa")
    assert contents(gallery)[1] == sorted(map(plain, left))
    assert gallery.remove(where, purge=False) == 0


def left_of(gallery, video: str) -> int:
    """How many rows and records there are, also those that no list counts."""
    store, where = gallery.store, f'video == "{video}"'
    return sum(len(store.query(name, where, ["id"])) for name in store.collections)


def test_a_video_that_is_removed_while_it_is_indexed_leaves_nothing(gallery, caplog_loguru):
    gallery.begin_video(VideoRow("aa", "aa.mp4", "c1"))
    gallery.add_segment("aa", 0, rows_of("aa", 0))
    gallery.remove(Selection(video="aa"), purge=False)
    gallery.add_segment("aa", 1, rows_of("aa", 1))
    gallery.finish_video("aa", 120.0)
    assert gallery.videos() == [] and left_of(gallery, "aa") == 0
    (line,) = caplog_loguru
    assert line.startswith("the video aa was removed from ") and line.count("\n") == 1


def test_what_a_killed_program_left_of_a_removed_video_goes_when_it_is_begun_anew(gallery):
    gallery.begin_video(VideoRow("aa", "aa.mp4", "c1"))
    gallery.remove(Selection(video="aa"), purge=False)
    gallery.add_segment("aa", 0, rows_of("aa", 0))
    assert left_of(gallery, "aa") == 7, "six rows and a mark"
    assert gallery.begin_video(VideoRow("aa", "aa.mp4", "c1")).segments == 0
    assert left_of(gallery, "aa") == 1, "that it is begun"
    rows = index(gallery, "aa")
    assert contents(gallery)[1] == sorted(map(plain, rows))


@pytest.mark.parametrize("where", [Selection(video="bb"), Selection(since=0.0, cameras=["c2"])])
def test_nothing_removed_is_left_in_the_files(tmp_path, where):
    folder = tmp_path / "gallery.db"
    with open_gallery(str(folder), WEIGHTS, DIM) as gallery:
        kept = index(gallery, "aa")
        gone = index(gallery, "bb", camera="c2")
        gallery.store.flush()
        marks = [row.stored(row.vector)["thumbnail"]["base64"].encode() for row in kept + gone]
        assert all(mark in folder_bytes(folder) for mark in marks), "else this test would see nothing"
        gallery.remove(where)
        left = folder_bytes(folder)
        assert [mark in left for mark in marks] == [True] * len(kept) + [False] * len(gone)
        assert gone[0].vector.tobytes() not in left
        assert contents(gallery)[1] == sorted(map(plain, kept))
    assert not any(mark in folder_bytes(folder) for mark in marks[len(kept) :])


@pytest.mark.parametrize("kind", ["server"])
def test_a_server_writes_its_files_anew(new_uri):
    with open_gallery(new_uri, WEIGHTS, DIM) as gallery:
        index(gallery, "aa")
        index(gallery, "bb", camera="c2")
        client, name = gallery.store.milvus.client, gallery.store.tracklets

        def rows_in_files() -> int:
            """With those that are only marked as deleted."""
            return client.get_collection_stats(name)["row_count"]

        client.flush(name)
        assert rows_in_files() == 24
        gallery.remove(Selection(video="bb"))
        end = time.monotonic() + 240
        while rows_in_files() != 12 and time.monotonic() < end:
            time.sleep(0.2)
        assert rows_in_files() == 12


def test_a_purge_that_is_cut_off_anywhere_loses_nothing(tmp_path, monkeypatch):
    """Copies of the folder, made before each call of milvus-lite, are what a killed process would leave."""
    folder, copies = tmp_path / "gallery.db", []
    with open_gallery(str(folder), WEIGHTS, DIM) as gallery:
        rows = index(gallery, "aa", tracklets=1)
        index(gallery, "bb", tracklets=1)
        gallery.remove(Selection(video="bb"), purge=False)
        member = MemberRow.of(rows[0], 1, said=True)
        gallery.people.write([member])
        gallery.people.call(1, "Anna")
        milvus, call = gallery.store.milvus, gallery.store.milvus.call

        def copy_and_call(method, *args, **kwargs):
            if method in ("create_collection", "upsert", "flush", "rename_collection", "drop_collection"):
                copies.append(tmp_path / f"{len(copies)}-{method}.db")
                shutil.copytree(folder, copies[-1])
            return call(method, *args, **kwargs)

        monkeypatch.setattr(milvus, "call", copy_and_call)
        gallery.purge()
    assert sum("rename" in copy.name for copy in copies) == 6
    for copy in copies:
        with open_gallery(str(copy)) as gallery:
            assert contents(gallery)[1] == sorted(map(plain, rows)), copy
            assert [video.video for video in gallery.videos()] == ["aa"], copy
            assert [*gallery.people.members()] == [member] and gallery.people.names() == {1: "Anna"}, copy
            gallery.add_segment("aa", 2, rows_of("aa", 2))
            assert {path.name for path in (copy / "collections").iterdir()} == {
                "gallery_tracklets",
                "gallery_videos",
                "gallery_people",
            }
