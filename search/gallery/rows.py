"""What a gallery holds and gives back."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.clock import A_YEAR, is_date
from utils.errors import InputError

from .box_path import BoxPath, pack, unpack
from .text import decode_text, encode_text, is_any_of
from .thumbnail import decode_thumbnail, encode_thumbnail


@dataclass(frozen=True, eq=False)
class TrackletRow:
    """A vector of a tracklet, with what is known about the tracklet. A tracklet may have several.

    Args:
        tracklet: its id: the same video, indexed again, gives the same ids.
        track: id of the first tracklet of the person's walk.
        video: fingerprint of the video's content.
        camera: name of the camera.
        segment: of the video, from 0.
        start: of the tracklet [seconds since the epoch; if the video's start is not known, since its start].
        end: of the tracklet, likewise.
        quality: of this vector's picture.
        part: number of the vector in its tracklet, from 0.
        path: where the person was; None if it was not asked for.
        thumbnail: JPEG file of this vector's picture; empty if it was not asked for.
        vector: (D,) float32, L2-normalised; None if it was not asked for.
    """

    tracklet: str
    track: str
    video: str
    camera: str
    segment: int
    start: float
    end: float
    quality: float = 0.0
    part: int = 0
    path: BoxPath | None = None
    thumbnail: bytes = b""
    vector: np.ndarray | None = None

    @property
    def id(self) -> str:
        """The id that it is stored with, of which there is never a second in a gallery."""
        return row_id(encode_text(self.tracklet), self.part)

    def stored(self, unit_vector: np.ndarray) -> dict:
        """The row as Milvus takes it, with its vector normalised.

        Raises:
            InputError: a name is too long, or the thumbnail too large.
        """
        texts = {name: encode_text(getattr(self, name)) for name in TEXTS}
        return texts | {
            "id": self.id,
            "segment": int(self.segment),
            "part": int(self.part),
            "start": float(self.start),
            "end": float(self.end),
            "quality": float(self.quality),
            "path": {DATA: pack(self.path) if self.path is not None else ""},
            "thumbnail": {DATA: encode_thumbnail(self.thumbnail)},
            "vector": unit_vector,
        }

    @classmethod
    def read(cls, row: dict) -> "TrackletRow":
        """The row that Milvus gives."""
        vector = row.get("vector")
        return cls(
            **{name: decode_text(row[name]) for name in TEXTS},
            **{name: row[name] for name in NUMBERS},
            path=unpack(row["path"][DATA]) if row.get("path", EMPTY)[DATA] else None,
            thumbnail=decode_thumbnail(row.get("thumbnail", EMPTY)[DATA]),
            vector=None if vector is None else np.asarray(vector, np.float32),
        )


def row_id(stored_tracklet: str, part: int) -> str:
    """The id of a row, by its tracklet's as it is stored, and the number of its part."""
    return f"{stored_tracklet}-{part:02d}"


TEXTS = ("tracklet", "track", "video", "camera")
NUMBERS = ("segment", "part", "start", "end", "quality")
LARGE = ("path", "thumbnail", "vector")  # given only if they are asked for
DATA = "base64"  # key of the text in such a field that is not a vector
EMPTY = {DATA: ""}
ALL_FIELDS = (*TEXTS, *NUMBERS, *LARGE)


@dataclass(frozen=True)
class VideoRow:
    """A video of a gallery.

    Args:
        video: fingerprint of its content.
        name: of its file, as given.
        camera: name of the camera.
        start: when it begins [seconds since the epoch]; None: not known.
        detector: what found the people, with its file's checksum.
        segments: how many, from the first, are done.
        complete: whether they are all.
        duration: [seconds]; None: not complete.
        tracklets: in the segments that are done.
        vectors: of these tracklets.
        fps: pictures per second of a folder of pictures; None: it is a file, which tells their times.
    """

    video: str
    name: str
    camera: str
    start: float | None = None
    detector: str = ""
    segments: int = 0
    complete: bool = False
    duration: float | None = None
    tracklets: int = 0
    vectors: int = 0
    fps: float | None = None


@dataclass(frozen=True, eq=False)
class Hit:
    """A tracklet that was found: its nearest row, and how similar that is (cosine, -1 to 1)."""

    score: float
    row: TrackletRow


@dataclass(frozen=True)
class Selection:
    """The tracklets for which all of this holds; by default, all.

    Times are dates, or of the videos' own clocks. A date says nothing about a video whose start is not known,
    nor a clock about one whose start is: so a selection by time holds tracklets of its kind only.

    Args:
        video: fingerprint.
        cameras: names; none: all.
        since: they are seen at this time or later [seconds, as ``TrackletRow.start``].
        until: they are seen at this time or before.
        tracks: ids of their walks; none: all.

    Raises:
        InputError: one time is a date, and the other is not.
    """

    video: str | None = None
    cameras: Sequence[str] = ()
    since: float | None = None
    until: float | None = None
    tracks: Sequence[str] = ()

    def __post_init__(self):
        if len({is_date(time) for time in self._times}) == 2:
            raise InputError("one time is a date, the other a video's own clock; write both in the same way")

    @property
    def is_timed(self) -> bool:
        """Whether it may hold a part of a video."""
        return bool(self._times)

    def filter(self) -> str:
        """It as a filter of Milvus; "" for all."""
        parts = []
        if self.video is not None:
            parts.append(is_any_of("video", [self.video]))
        if self.cameras:
            parts.append(is_any_of("camera", self.cameras))
        if self.tracks:
            parts.append(is_any_of("track", self.tracks))
        if self.since is not None:
            parts.append(f"end >= {self.since:.6f}")
        if self.until is not None:
            parts.append(f"start <= {self.until:.6f}")
        if self._times:
            parts.append(f"start {'>=' if is_date(self._times[0]) else '<'} {A_YEAR}")
        return " and ".join(parts)

    def may_hold(self, video: VideoRow) -> bool:
        """Whether it may hold tracklets of a video."""
        return self._names(video) and self._has_clock_of(video)

    def leaves(self, video: VideoRow) -> bool:
        """Whether it holds nothing of a video only because their times are of the two kinds."""
        return self._names(video) and not self._has_clock_of(video)

    def _names(self, video: VideoRow) -> bool:
        return self.video in (None, video.video) and (not self.cameras or video.camera in self.cameras)

    def _has_clock_of(self, video: VideoRow) -> bool:
        return all(is_date(time) == is_date(video.start or 0.0) for time in self._times)

    @property
    def _times(self) -> list[float]:
        """Those that limit it."""
        return [time for time in (self.since, self.until) if time is not None]


EVERYTHING = Selection()
