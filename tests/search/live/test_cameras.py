"""Which cameras a command names."""

import pytest

from search.live import name_cameras
from utils.errors import InputError


def test_names_come_from_the_addresses_without_what_is_secret_or_long():
    sources = ["rtsp://me:secret@10.0.0.5:554/stream1?key=7", "http://yard/video/", "0", "/dev/video1"]
    sources.append("rtsp://me:at@sign@10.0.0.6/stream")
    cameras = name_cameras(sources, [])
    names = ["10.0.0.5:554/stream1", "yard/video", "camera 0", "camera /dev/video1", "10.0.0.6/stream"]
    assert [c.name for c in cameras] == names
    assert [c.source for c in cameras] == sources
    assert [c.name for c in name_cameras(sources[:2], ["gate", "yard"])] == ["gate", "yard"]


def test_what_is_no_camera_or_has_no_name_of_its_own_is_refused():
    for sources, names, said in (
        (["entrance.mp4"], [], "entrance.mp4 is not a live camera"),
        (["rtsp://a/1", "10.0.0.5"], [], "10.0.0.5 is not a live camera"),
        (["rtsp://a/1", "rtsp://a/2"], ["gate"], "--camera gives 1 name for 2 cameras"),
        (["rtsp://a/1?channel=1", "rtsp://a/1?channel=2"], [], "two cameras are named a/1"),
        (["rtsp://a/1", "rtsp://a/2"], ["gate", "gate"], "two cameras are named gate"),
    ):
        with pytest.raises(InputError, match=said):
            name_cameras(sources, names)
