"""Answers as a table, JSON or CSV."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, fields

from utils.errors import one_line

from .clock import show_time
from .gallery import VideoRow
from .query import Answer
from .video_names import short_ids

FIELDS = ("score", "person", "person_name", "camera", "start", "end", "name", "video", "tracklets")
VIDEO_FIELDS = tuple(field.name for field in fields(VideoRow))


def plain(answer: Answer) -> dict:
    """An answer as plain values; times are seconds since the epoch, or since the video's start."""
    return {
        "score": round(answer.score, 4),
        "person": answer.person,
        "person_name": answer.person_name,
        "camera": answer.camera,
        "start": round(answer.start, 3),
        "end": round(answer.end, 3),
        "name": answer.name,
        "video": answer.video,
        "tracklets": [hit.row.tracklet for hit in answer.hits],
    }


def as_json(answers: Sequence[Answer]) -> str:
    """A list of objects."""
    return json_text(map(plain, answers))


def as_csv(answers: Sequence[Answer]) -> str:
    """A header, and a line for each answer."""
    return csv_text(FIELDS, map(plain, answers))


def as_table(answers: Sequence[Answer]) -> str:
    """Columns for a person to read; ``unknown`` if there are no answers."""
    if not answers:
        return "unknown: nobody in the gallery is similar enough"
    rows = [("", "camera", "from", "to", "score", "person", "video")]
    for place, answer in enumerate(answers, 1):
        who = answer.person_name or str(answer.person or "")
        when = (show_time(answer.start), show_time(answer.end))
        rows.append((str(place), answer.camera, *when, f"{answer.score:.2f}", who, answer.name))
    return table(rows)


def videos_json(videos: Sequence[VideoRow]) -> str:
    """The videos of a gallery as a list of objects, as ``VideoRow`` has them."""
    return json_text(map(asdict, videos))


def videos_csv(videos: Sequence[VideoRow]) -> str:
    """A header, and a line for each video of a gallery."""
    return csv_text(VIDEO_FIELDS, map(asdict, videos))


def videos_table(videos: Sequence[VideoRow]) -> str:
    """The videos of a gallery for a person to read, with as much of their ids as names each."""
    ids = short_ids(videos)
    rows = [("id", "camera", "video", "starts", "length", "tracklets", "")]
    for video in videos:
        length = "" if video.duration is None else show_time(video.duration)
        starts = "" if video.start is None else show_time(video.start)
        state = "" if video.complete else f"not complete: {video.segments} segments are done"
        named = (ids[video.video], video.camera, video.name)
        rows.append((*named, starts, length, str(video.tracklets), state))
    return table(rows)


def json_text(records: Iterable[dict]) -> str:
    """Records as a list of objects, in ASCII: so it is the same in whatever encoding it is read."""
    return json.dumps(list(records), indent=1)


def csv_text(fields: Sequence[str], records: Iterable[dict]) -> str:
    """A header, and a line for each record; what is a list has spaces between its items."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fields, lineterminator="\n")
    writer.writeheader()
    for record in records:
        writer.writerow({k: " ".join(v) if isinstance(v, list | tuple) else v for k, v in record.items()})
    return text.getvalue().rstrip("\n")


def table(rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their texts, a line for each row, whatever is in a name."""
    rows = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


FORMATS: dict[str, Callable[[Sequence[Answer]], str]] = {"table": as_table, "json": as_json, "csv": as_csv}
VIDEO_FORMATS: dict[str, Callable[[Sequence[VideoRow]], str]] = {
    "table": videos_table,
    "json": videos_json,
    "csv": videos_csv,
}
