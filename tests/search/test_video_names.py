"""Videos are named by their files, their names or their ids."""

import pytest

from search.fingerprint import fingerprint
from search.gallery import Gallery, VideoRow
from search.report import VIDEO_FORMATS
from search.video_names import find_video, short_ids
from utils.errors import InputError

HOURS = ["live-4f0c1d2e3a5b6978-1764057600000", "live-4f0c1d2e3a5b6978-1764061200000"]


@pytest.fixture
def gallery(lite, tmp_path) -> Gallery:
    """A file that is there, one that is gone, two that begin alike, and two hours of a camera."""
    (tmp_path / "here.mp4").write_bytes(b"here")
    lite.begin_video(VideoRow(fingerprint(tmp_path / "here.mp4"), "here.mp4", "gate"))
    for video, name in (("0123456789ab" + 20 * "0", "gone\n.mp4"), ("0123456789cd" + 20 * "0", "here.mp4")):
        lite.begin_video(VideoRow(video, name, "yard"))
    for video in HOURS:
        lite.begin_video(VideoRow(video, "rtsp://10.0.0.5/stream", "door", int(video[-13:]) / 1000))
    return lite


def refused(gallery: Gallery, text: str) -> str:
    with pytest.raises(InputError) as error:
        find_video(gallery, text)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_file_is_known_by_its_content_whatever_its_name(gallery, tmp_path):
    (tmp_path / "other.mp4").write_bytes(b"here")
    assert find_video(gallery, str(tmp_path / "other.mp4")).camera == "gate"
    (tmp_path / "other.mp4").write_bytes(b"other")
    assert refused(gallery, str(tmp_path / "other.mp4")).endswith("other.mp4 is not in the gallery")


def test_a_file_of_the_name_of_another_video_is_not_taken_for_it(gallery, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_video(gallery, "here.mp4").camera == "gate", "there are two of the name"
    (tmp_path / "here.mp4").write_bytes(b"recorded anew")
    assert "here.mp4 is not in the gallery; what is called so there is another: " in refused(
        gallery, "here.mp4"
    )


def test_a_video_without_a_file_has_its_name_and_its_id(gallery):
    assert find_video(gallery, "gone\n.mp4").video == find_video(gallery, "gone\\n.mp4").video
    assert find_video(gallery, "gone\n.mp4").video == find_video(gallery, "0123456789a").video
    assert find_video(gallery, HOURS[1]).video == HOURS[1]
    for text in ("01234", "0123456789ef", "none.mp4", "GONE"):
        assert refused(gallery, text).startswith(f"{text} is no file, and no name or id of a video")


def test_what_may_be_several_is_listed_with_their_ids(gallery):
    said = refused(gallery, "012345")
    assert "0123456789a (gone\\n.mp4, yard), 0123456789c (here.mp4, yard); name one by its id" in said
    said = refused(gallery, "rtsp://me:pass@word@10.0.0.5/stream")
    assert (
        said.startswith("rtsp://10.0.0.5/stream may be live-4f0c1d2e3a5b6978-176405 (") and "word" not in said
    )
    assert said.count("(rtsp://10.0.0.5/stream, door from 2025-11-25 ") == 2


def test_an_id_is_shown_as_far_as_it_is_the_only_one(gallery):
    videos = gallery.videos()
    ids = short_ids(videos)
    for video in videos:
        assert find_video(gallery, ids[video.video]) == video and video.video.startswith(ids[video.video])
    assert sorted(map(len, ids.values())) == [8, 11, 11, 28, 28]
    shown = [line.split()[0] for line in VIDEO_FORMATS["table"](videos).splitlines()[1:]]
    assert shown == [ids[video.video] for video in videos]
