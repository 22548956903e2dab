"""Who was where, and when."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from search.gallery import EVERYTHING, Gallery, MemberRow, Selection, VideoRow, thumbnails
from search.spans import unbroken


@dataclass(frozen=True)
class Visit:
    """A time in which a camera saw somebody without a break.

    Args:
        camera: name.
        start: [seconds since the epoch; if the video's start is not known, since its start].
        end: likewise.
        dated: whether the video's start is known.
        name: of the video's file.
        video: fingerprint.
        tracklets: ids, by time.
    """

    camera: str
    start: float
    end: float
    dated: bool
    name: str
    video: str
    tracklets: Sequence[str]


@dataclass(frozen=True)
class Person:
    """Somebody.

    Args:
        number: by which the person is known to users.
        name: "" if nobody has said it.
        visits: by time.
        best: tracklet with the best picture.
    """

    number: int
    name: str
    visits: Sequence[Visit]
    best: str

    @property
    def label(self) -> str:
        """The name, or else the number."""
        return self.name or str(self.number)


def list_people(gallery: Gallery, where: Selection = EVERYTHING, people: Sequence[int] = ()) -> list[Person]:
    """The people of a gallery, those with a name first.

    Args:
        gallery: to read.
        where: which of their tracklets; who has none of them is left out.
        people: numbers; none: all.
    """
    videos = {video.video: video for video in gallery.videos()}
    members: dict[int, list[MemberRow]] = defaultdict(list)
    for member in gallery.people.members(where, people):
        if member.video in videos:  # else another program has just added it
            members[member.person].append(member)
    names = gallery.people.names()
    found = [
        Person(
            number,
            names.get(number, ""),
            sorted(_visits(rows, videos), key=lambda visit: (visit.start, visit.camera, visit.video)),
            max(rows, key=lambda row: (row.quality, row.tracklet)).tracklet,
        )
        for number, rows in members.items()
    ]
    return sorted(found, key=lambda person: (not person.name, person.name, person.number))


def portraits(gallery: Gallery, people: Iterable[Person]) -> dict[int, bytes]:
    """The best picture of each person, as a JPEG file, by number."""
    people = list(people)
    files = thumbnails(gallery.store, [person.best for person in people])
    return {person.number: files[person.best] for person in people if person.best in files}


def _visits(rows: Iterable[MemberRow], videos: Mapping[str, VideoRow]) -> Iterator[Visit]:
    """A person's tracklets, together where nothing but the end of a segment or of a walk is in between."""
    by_video: dict[str, list[MemberRow]] = defaultdict(list)
    for row in rows:
        by_video[row.video].append(row)
    for fingerprint, own in by_video.items():
        video = videos[fingerprint]
        for some in unbroken(own):
            yield Visit(
                video.camera,
                some[0].start,
                max(row.end for row in some),
                video.start is not None,
                video.name,
                fingerprint,
                [row.tracklet for row in some],
            )
