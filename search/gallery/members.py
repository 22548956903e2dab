"""Which person a tracklet shows, as a gallery keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass

from .rows import TrackletRow
from .text import decode_text, encode_text


@dataclass(frozen=True)
class MemberRow:
    """A tracklet of a person. Where and when it is, is said here again: so both are found and removed alike.

    Args:
        tracklet: its id.
        track: id of the first tracklet of its walk.
        video: fingerprint of the video's content.
        camera: name of the camera.
        segment: of the video, from 0.
        start: [seconds], as ``TrackletRow.start``.
        end: [seconds], likewise.
        quality: of its best picture.
        person: number of the person.
        said: whether a user has said so: then no grouping changes it.
    """

    tracklet: str
    track: str
    video: str
    camera: str
    segment: int
    start: float
    end: float
    quality: float
    person: int
    said: bool = False

    @classmethod
    def of(cls, row: TrackletRow, person: int, said: bool = False) -> "MemberRow":
        """The member that a tracklet's row becomes."""
        return cls(*(getattr(row, name) for name in SHARED), person, said)

    def stored(self) -> dict:
        """It as Milvus takes it."""
        texts = {name: encode_text(getattr(self, name)) for name in TEXTS}
        numbers = {name: getattr(self, name) for name in NUMBERS}
        more = {name: getattr(self, name) for name in MORE}
        return {"id": encode_text(self.tracklet), **texts, **numbers, "more": more, "vector": NO_VECTOR}

    @classmethod
    def read(cls, row: dict) -> "MemberRow":
        """The member that Milvus gives."""
        texts = {name: decode_text(row[name]) for name in TEXTS}
        numbers = {name: row[name] for name in NUMBERS}
        return cls(decode_text(row["id"]), **texts, **numbers, **row["more"])


# With a tracklet's row.
SHARED = ("tracklet", "track", "video", "camera", "segment", "start", "end", "quality")
TEXTS = ("video", "camera")
NUMBERS = ("segment", "start", "end", "person")
MORE = ("track", "quality", "said")  # which no filter names
FIELDS = ("id", *TEXTS, *NUMBERS, "more")
NO_VECTOR = [0.0, 0.0]
EMPTY: Mapping = {}
NOTES = "segment < 0"  # the filter for what is no member


def note(kind: str, key: str | int = "", person: int = 0, more: Mapping = EMPTY) -> dict:
    """A record beside the members, such as a name, as Milvus takes it; its id is that of no tracklet."""
    numbers = {"segment": -1, "start": 0.0, "end": 0.0, "person": person}
    return {"id": note_id(kind, key), "video": "", "camera": "", **numbers, "more": more, "vector": NO_VECTOR}


def note_id(kind: str, key: str | int = "") -> str:
    """The id of a record beside the members: ``encode_text`` leaves no "<" in a tracklet's."""
    return f"<{kind}> {key}"
