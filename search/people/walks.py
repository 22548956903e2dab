"""What is grouped: walks, each a person's way past one camera."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from search.gallery import Gallery, MemberRow, TrackletRow, VideoRow

from .cameras import unit
from .timetable import Place, Span


@dataclass(frozen=True, eq=False)
class Walk:
    """The tracklets of a walk. It is one person's, unless a user has split it: then each part is a walk.

    Args:
        rows: of its tracklets, by time, without vectors.
        person: whose it is already; 0: not known.
    """

    rows: Sequence[TrackletRow]
    person: int = 0

    @property
    def start(self) -> float:
        """[seconds]."""
        return self.rows[0].start

    @property
    def quality(self) -> float:
        """Of its best picture, 0 to 1."""
        return max(row.quality for row in self.rows)


def read_walks(gallery: Gallery, known: Mapping[str, MemberRow]) -> list[Walk]:
    """The walks of a gallery, in an order that follows from what it holds.

    What was indexed of a segment that is not done is left out: it may still be replaced.

    Args:
        gallery: to read.
        known: what is to stay as it is, by tracklet.
    """
    done = {video.video: video.segments for video in gallery.videos()}
    tracks: dict[str, list[TrackletRow]] = defaultdict(list)
    for parts in gallery.tracklets(fields=[]):
        row = max(parts, key=lambda row: row.quality)
        if row.segment < done.get(row.video, 0):
            tracks[row.track].append(row)
    return [walk for track in sorted(tracks) for walk in _walks(tracks[track], known)]


def _walks(rows: list[TrackletRow], known: Mapping[str, MemberRow]) -> list[Walk]:
    """The walks of one track: one, unless its tracklets are known to be of several people."""
    by_person: dict[int, list[TrackletRow]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.start, row.tracklet)):
        by_person[known[row.tracklet].person if row.tracklet in known else 0].append(row)
    people = [person for person in by_person if person]
    if len(people) == 1:
        return [Walk(sum(by_person.values(), []), people[0])]
    return [Walk(some, person) for person, some in by_person.items()]


def walk_vectors(gallery: Gallery, walks: Sequence[Walk]) -> np.ndarray:
    """The mean vector of each walk, of length 1, (W, D) float32."""
    places = {row.tracklet: place for place, walk in enumerate(walks) for row in walk.rows}
    sums = np.zeros((len(walks), gallery.dim), np.float32)
    for parts in gallery.tracklets(fields=["vector"]):
        place = places.get(parts[0].tracklet)
        if place is not None:
            sums[place] += sum(row.vector for row in parts)
    return unit(sums)


def stays(
    rows: Iterable[TrackletRow | MemberRow], videos: Mapping[str, VideoRow]
) -> Iterable[tuple[Place, Span]]:
    """Where and when tracklets are, as a ``Timetable`` takes it.

    Args:
        rows: the tracklets.
        videos: of the gallery, by fingerprint.
    """
    for row in rows:
        clock = "" if videos[row.video].start is not None else row.video
        yield Place(row.camera, clock), Span(row.start, row.end)
