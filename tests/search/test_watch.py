"""One line for each time that a camera sees a person."""

import base64
from datetime import datetime

import numpy as np
import pytest

from search.gallery import TrackletRow
from search.gallery.retry import ServerGoneError
from search.watch import APART, Watch, watch_gallery

PERSON, STRANGER = np.eye(3, dtype=np.float32)[:2]
NOON = datetime(2026, 11, 25, 12).timestamp()


def row(start: float, end: float, camera: str = "gate", track: str = "t", vector=PERSON) -> TrackletRow:
    """A tracklet, its times after noon."""
    name = f"{track}-{start}"
    return TrackletRow(
        name, track, "v", camera, 0, NOON + start, NOON + end, thumbnail=b"jpeg", vector=vector
    )


def sightings(*rows: TrackletRow, threshold: float = 0.5) -> list:
    told = []
    watch = Watch("Ann", PERSON, threshold, told.append)
    for one in rows:
        watch.compare([one])
    return told


def test_a_walk_is_said_once_however_many_tracklets_it_has():
    told = sightings(
        row(0, 1), row(0, 4), row(0, 59), row(60, 119), row(60, 61), row(200, 230), row(400, 410, track="u")
    )
    assert [one.hit.row.start - NOON for one in told] == [0, 400]


def test_who_is_soon_seen_again_was_not_away():
    told = sightings(row(0, 5), row(5 + APART, 20, track="u"), row(20 + APART + 0.5, 40, track="v"))
    assert [one.hit.row.track for one in told] == ["t", "v"]


def test_each_camera_counts_and_strangers_do_not():
    alike = 0.6 * PERSON + 0.8 * STRANGER
    told = sightings(
        row(0, 5, vector=STRANGER), row(1, 5, "yard", "a"), row(2, 5, "gate", "b", alike), threshold=0.61
    )
    assert [one.hit.row.camera for one in told] == ["yard"]
    told = sightings(row(1, 5, "yard", "a"), row(2, 5, "gate", "b", alike), threshold=0.59)
    assert [one.hit.row.camera for one in told] == ["yard", "gate"]


def test_what_is_said():
    [one] = sightings(row(0, 5.25, camera="gate\n1", vector=0.8 * PERSON + 0.6 * STRANGER))
    assert one.line == "2026-11-25 12:00:00 gate\\n1: Ann, similarity 0.80"
    assert one.message == {
        "person": "Ann",
        "score": 0.8,
        "camera": "gate\n1",
        "start": NOON,
        "end": NOON + 5.25,
        "tracklet": "t-0",
        "track": "t",
        "thumbnail": base64.b64encode(b"jpeg").decode(),
    }


class GoneGallery:
    """Its server does not answer any more."""

    def search(self, *_: object) -> list:
        raise ServerGoneError("http://a:1 has not answered for 10 s")


def test_a_server_that_is_gone_is_no_error_once_it_is_to_stop():
    heard = iter([False, True])
    watch = Watch("Ann", PERSON, 0.5, print)
    watch_gallery(GoneGallery(), watch, [], lambda: next(heard))
    with pytest.raises(ServerGoneError):
        watch_gallery(GoneGallery(), watch, [], lambda: False)
