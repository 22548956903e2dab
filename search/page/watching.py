"""Looking at videos: their frames, with who is in them, and clips to play."""

from pathlib import Path

import numpy as np

from search.gallery import Selection, VideoRow, find_rows
from search.video import open_video

from .desk import Desk, Facts
from .pictures import encode, shrunk
from .said import Said
from .showing import seen, span
from .texts import Refusal

PARTS = 400  # of a video's length, of each of which the page shows whether anybody was seen
WIDEST = 1280  # pixels of a frame that is shown
MOST_SHOWN = 30  # people of a moment


def videos(desk: Desk, said: Said) -> dict:
    """The gallery's videos."""
    rows = desk.videos(anew=bool(said.number("anew", 0)))
    return {"videos": [_shown(video) for video in rows]}


def video(desk: Desk, said: Said) -> dict:
    """A video, with the times at which somebody was seen."""
    row = _row(desk, said.text("video"))
    file = desk.library.find(row.video, row.name)
    length, rate, size = _facts(desk, file) if file else (row.duration, 25.0, (0, 0))
    begin = row.start or 0.0
    stays = [(rows[0].start - begin, rows[0].end - begin) for rows in _tracklets(desk, row, ())]
    length = max([length or 0.0, row.duration or 0.0, *(end for _, end in stays)])
    return {
        **_shown(row),
        "file": file is not None,
        "length": length,
        "step": 1 / rate,
        "width": size[0],
        "height": size[1],
        "seen": _strip(stays, length),
    }


def moment(desk: Desk, said: Said) -> dict:
    """Who is before the camera at a time of a video [seconds since its start]."""
    row = _row(desk, said.text("video"))
    time = (row.start or 0.0) + said.number("time")
    where = Selection(video=row.video, since=time - 1e-3, until=time + 1e-3)
    people = []
    for rows in desk.gallery.tracklets(where, ["path", "thumbnail"]):
        best = max(rows, key=lambda one: one.quality)
        if best.path is None:
            continue
        left, top, right, bottom = best.path.at(time).tolist()
        people.append({**seen(best), "box": [left, top, right - left, bottom - top]})
    whom = desk.gallery.people.whom(one["tracklet"] for one in people)
    for one in people:
        one["person"], one["person_name"] = whom.get(one["tracklet"], (None, ""))
    return {"people": people[:MOST_SHOWN], "clock": span(time, time)}


def frame(desk: Desk, video: str, time: float) -> bytes:
    """A frame as a JPEG file."""
    return encode(shrunk(frame_of(desk, video, time), WIDEST))


def frame_of(desk: Desk, video: str, time: float) -> np.ndarray:
    """The frame (h, w, 3) uint8 BGR of a video of the gallery at a time [seconds since its start].

    Raises:
        Refusal: the gallery has no such video, its file is not there, or it has no such time.
    """
    file = file_of(desk, video)
    return desk.frames.get((file, round(time, 3)), lambda: _read_frame(file, time))


def clip(desk: Desk, tracklet: str, until: float | None) -> Path:
    """A file that shows a tracklet's way, and what follows of its walk.

    Args:
        desk: what all requests share.
        tracklet: id.
        until: end of the answer that it belongs to [seconds, as ``TrackletRow.end``].
    """
    first = next(iter(find_rows(desk.gallery.store, [tracklet], ["path"])), None)
    if first is None:
        raise Refusal("error.tracklet_gone", 404)
    row = _row(desk, first.video)
    end = max(first.end, min(until or first.end, first.start + desk.clips.longest))
    where = Selection(video=first.video, since=first.start, until=end)
    walk = [rows[0] for rows in desk.gallery.tracklets(where, ["path"]) if rows[0].track == first.track]
    return desk.clips.of_walk(file_of(desk, row.video), row.start or 0.0, walk or [first], end)


def film(desk: Desk, video: str, time: float) -> Path:
    """A file that shows a video from a time on [seconds since its start]."""
    return desk.clips.of_video(file_of(desk, video), max(0.0, time))


def file_of(desk: Desk, video: str) -> Path:
    """The file of a video of the gallery.

    Raises:
        Refusal: there is none.
    """
    row = _row(desk, video)
    file = desk.library.find(row.video, row.name)
    if file is None:
        raise Refusal("error.no_file", 404, name=row.name)
    return file


def _row(desk: Desk, video: str) -> VideoRow:
    row = desk.video(video)
    if row is None:
        raise Refusal("error.no_video", 404)
    return row


def _shown(row: VideoRow) -> dict:
    names = ("video", "name", "camera", "complete", "tracklets", "duration")
    begin = span(row.start, row.start) if row.start is not None else None
    return {**{name: getattr(row, name) for name in names}, "begin": begin}


def _tracklets(desk: Desk, row: VideoRow, fields: tuple):
    return desk.gallery.tracklets(Selection(video=row.video), fields)


def _strip(stays: list[tuple[float, float]], length: float) -> list[int]:
    """How many people are seen in each of the parts of a video."""
    edges = np.zeros(PARTS + 1, int)
    for start, end in stays:
        places = np.clip(np.array([start, end]) / max(length, 1e-9) * PARTS, 0, PARTS - 1).astype(int)
        edges[places[0]] += 1
        edges[places[1] + 1] -= 1
    return edges.cumsum()[:PARTS].tolist()


def _facts(desk: Desk, file: Path) -> Facts:
    """Length, frame rate and size of a video."""

    def look() -> Facts:
        with open_video(file) as opened:
            return opened.duration, opened.frame_rate, opened.size

    return desk.facts.get((file, file.stat().st_mtime_ns), look)


def _read_frame(file: Path, time: float) -> np.ndarray:
    for start in (max(0.0, time), max(0.0, time - 1.0)):  # after the last frame, the last one
        with open_video(file, start=start, report=lambda line: None) as opened:
            last = None
            for shot in opened.frames():
                last = shot.image
                if shot.time >= time - 1e-3:
                    return last
            if last is not None:
                return last
    raise Refusal("error.no_frame", 404)
