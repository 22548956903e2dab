"""Galleries of walks whose vectors are made up: nothing but where, when and how alike they are."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from search.calibration import Calibration
from search.gallery import Gallery, TrackletRow, VideoRow, WeightsFingerprint, open_gallery
from search.people import Grouping, list_people

DIM = 8
WEIGHTS = WeightsFingerprint("w.pth", "0" * 64)
A, B, C, D = np.eye(4, DIM, dtype=np.float32)
NOON = 1.8e9  # a date [seconds]


class Seen(NamedTuple):
    """A tracklet to be.

    Args:
        start: [seconds].
        end: [seconds].
        vector: (DIM,).
        quality: 0 to 1.
        track: place of the first tracklet of its walk in its segment's list; None: it is the first.
    """

    start: float
    end: float
    vector: np.ndarray
    quality: float = 0.5
    track: int | None = None


def grouping(threshold: float, **how) -> Grouping:
    """To group from this similarity on, however many walks there are."""
    return Grouping(Calibration.fixed(threshold), **how)


@contextmanager
def made(folder: Path) -> Iterator[Gallery]:
    """An empty gallery."""
    with open_gallery(str(folder / "gallery.db"), WEIGHTS, DIM) as gallery:
        yield gallery


def add(
    gallery: Gallery, video: str, seen: Sequence[Seen], start: float | None = None, finish: bool = True
) -> None:
    """Index a video of the camera that its name begins with, such as ``gate 2``, in one segment.

    Its tracklets are named ``gate 2-0``, ``gate 2-1`` and so on; their times count from ``start``.
    """
    camera = video.split()[0]
    gallery.begin_video(VideoRow(video, f"{video}.mp4", camera, start))
    rows = [
        TrackletRow(
            f"{video}-{place}",
            f"{video}-{place if one.track is None else one.track}",
            video,
            camera,
            0,
            (start or 0.0) + one.start,
            (start or 0.0) + one.end,
            one.quality,
            thumbnail=cv2.imencode(".jpg", np.full((40, 20, 3), (90 + 40 * place) % 256, np.uint8))[
                1
            ].tobytes(),
            vector=one.vector,
        )
        for place, one in enumerate(seen)
    ]
    gallery.add_segment(video, 0, rows)
    if finish:
        gallery.finish_video(video, 60.0)


def who(gallery: Gallery) -> dict[str, int]:
    """The number of each tracklet's person."""
    return {member.tracklet: member.person for member in gallery.people.members()}


def groups(gallery: Gallery) -> set[frozenset[str]]:
    """The tracklets of each person."""
    return {
        frozenset(tracklet for visit in person.visits for tracklet in visit.tracklets)
        for person in list_people(gallery)
    }
