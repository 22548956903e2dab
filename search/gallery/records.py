"""What a gallery knows about its videos: records that are added, not changed, so that machines cannot clash.

A video has the record that it was begun, a mark for each segment that is done, and in the end, in place of
the marks, the record that it is complete. Their ids follow from the video and the segment: to write one twice
changes nothing, whoever does.
"""

import json
from collections import defaultdict
from collections.abc import Iterable

from search.clock import write_start
from utils.errors import InputError

from .rows import VideoRow
from .text import decode_text, encode_text

BEGUN, COMPLETE = -1, -2  # in place of a mark's segment
FIELDS = ["id", "video", "segment", "content"]
GIVEN = ("name", "camera", "start", "detector", "fps")  # what a video's first record says


def begun(video: VideoRow) -> dict:
    """The record that a video was begun."""
    return record(video.video, BEGUN, {name: getattr(video, name) for name in GIVEN})


def mark(video: str, segment: int, tracklets: int, vectors: int) -> dict:
    """The record that a segment is done."""
    return record(video, segment, {"tracklets": tracklets, "vectors": vectors})


def complete(video: VideoRow) -> dict:
    """The record that a video is."""
    names = ("segments", "duration", "tracklets", "vectors")
    return record(video.video, COMPLETE, {name: getattr(video, name) for name in names})


def record(video: str, segment: int, content: dict) -> dict:
    """A record as Milvus takes it."""
    stored = encode_text(video)
    return {
        "id": f"{stored}:{segment}",
        "video": stored,
        "segment": segment,
        "content": json.dumps(content),
        "vector": [0.0, 0.0],
    }


def marks(stored: Iterable[dict]) -> dict[int, dict]:
    """The segments of a video that are done, with what their marks say."""
    return {row["segment"]: json.loads(row["content"]) for row in stored if row["segment"] >= 0}


def videos(stored: Iterable[dict]) -> list[VideoRow]:
    """The videos that records tell of, in the order of camera, start and name."""
    by_video: dict[str, list[dict]] = defaultdict(list)
    for row in stored:
        by_video[row["video"]].append(row)
    found = [_video(decode_text(video), rows) for video, rows in by_video.items()]
    return sorted(
        (video for video in found if video), key=lambda v: (v.camera, v.start or 0.0, v.name, v.video)
    )


def check_same(found: VideoRow, given: VideoRow) -> None:
    """Refuse to go on with a video otherwise than it was begun.

    Args:
        found: the video as it is in the gallery.
        given: as it is to be indexed.

    Raises:
        InputError: they differ.
    """
    for name, there, here in (
        ("camera", found.camera, given.camera),
        ("start", *(None if one.start is None else write_start(one.start) for one in (found, given))),
    ):
        if there != here:
            raise InputError(
                f"{given.name} is in the gallery already, with {name} {there or 'unknown'}, not "
                f"{here or 'unknown'}; remove it first, or leave --{name} out"
            )
    if not found.complete and found.detector != given.detector:
        raise InputError(
            f"{given.name} is half done with {found.detector}, not with {given.detector}; resume it with the "
            "same --detector, --score, --tracker, --fps and --every, or remove the video first"
        )


def _video(video: str, stored: list[dict]) -> VideoRow | None:
    said = {row["segment"]: json.loads(row["content"]) for row in stored if row["segment"] < 0}
    if BEGUN not in said:
        return None  # it was removed while another machine was at it
    if COMPLETE in said:
        return VideoRow(video, **said[BEGUN], complete=True, **said[COMPLETE])
    done = marks(stored)
    segments = next(number for number in range(len(done) + 1) if number not in done)
    counts = {name: sum(mark[name] for mark in done.values()) for name in ("tracklets", "vectors")}
    return VideoRow(video, **said[BEGUN], segments=segments, **counts)
