"""Answers as a table, JSON or CSV."""

import csv
import io
import json
from collections.abc import Callable, Sequence

from .clock import show_time
from .gallery import VideoRow
from .query import Answer

FIELDS = ("score", "camera", "start", "end", "name", "video", "tracklets")


def plain(answer: Answer) -> dict:
    """An answer as plain values; times are seconds since the epoch, or since the video's start."""
    return {
        "score": round(answer.score, 4),
        "camera": answer.camera,
        "start": round(answer.start, 3),
        "end": round(answer.end, 3),
        "name": answer.name,
        "video": answer.video,
        "tracklets": [hit.row.tracklet for hit in answer.hits],
    }


def as_json(answers: Sequence[Answer]) -> str:
    """A list of objects."""
    return json.dumps([plain(answer) for answer in answers], ensure_ascii=False, indent=1)


def as_csv(answers: Sequence[Answer]) -> str:
    """A header, and a line for each answer."""
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(plain(a) | {"tracklets": " ".join(plain(a)["tracklets"])} for a in answers)
    return text.getvalue().rstrip("\n")


def as_table(answers: Sequence[Answer]) -> str:
    """Columns for a person to read; ``unknown`` if there are no answers."""
    if not answers:
        return "unknown: nobody in the gallery is similar enough"
    rows = [("", "camera", "from", "to", "score", "video")]
    rows += [
        (str(place), a.camera, show_time(a.start), show_time(a.end), f"{a.score:.2f}", a.name)
        for place, a in enumerate(answers, 1)
    ]
    return table(rows)


def videos_table(videos: Sequence[VideoRow]) -> str:
    """The videos of a gallery for a person to read."""
    rows = [("camera", "video", "starts", "length", "tracklets", "")]
    for video in videos:
        length = "" if video.duration is None else show_time(video.duration)
        starts = "" if video.start is None else show_time(video.start)
        state = "" if video.complete else f"not complete: {video.segments} segments are done"
        rows.append((video.camera, video.name, starts, length, str(video.tracklets), state))
    return table(rows)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their texts; line breaks in names become spaces."""
    rows = [[" ".join(cell.split()) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


FORMATS: dict[str, Callable[[Sequence[Answer]], str]] = {"table": as_table, "json": as_json, "csv": as_csv}
