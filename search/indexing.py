"""From a video to a gallery: decoding, detection, tracking and embedding overlap."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

import numpy as np

from .background import Behind, prefetch
from .detectors import Detector
from .embedder import BATCH, Embedder, pooled
from .gallery import BoxPath, Gallery, Selection, TrackletRow, VideoRow, make_thumbnail
from .gallery.box_path import STEPS
from .segment import LEAD, SECONDS, Found, in_segments
from .stretch import Anew, detector_from, seen_from
from .tracker import Tracker
from .tracklet import Tracklet
from .video import Frame, Video

AHEAD = 8  # frames that are decoded before they are needed
FOUND = 4  # frames, and a batch, whose people are found before the tracker needs them
WAITING = 64  # tracklets that may wait for their vectors


@dataclass(frozen=True)
class Indexer:
    """What videos are indexed with.

    Args:
        gallery: that they go to.
        detector: that finds people.
        make_tracker: gives a tracker that has seen nothing, for so many frames per second.
        embedder: the gallery's network.
        progress: called with every frame that is looked at.
    """

    gallery: Gallery
    detector: Detector
    make_tracker: Callable[[float], Tracker]
    embedder: Embedder
    progress: Callable[[Frame], None] = lambda frame: None

    def index(self, open_from: Callable[[float], Video], row: VideoRow, frame_rate: float) -> VideoRow:
        """Index a video, or what is left of it.

        Args:
            open_from: opens the video from a time [seconds] on.
            row: what is known of it; what finds the people is added.
            frame_rate: frames per second that are looked at.

        Returns:
            What the gallery then says of it.

        Raises:
            InputError: the video or the gallery fails; what is in the gallery stays, and the same command
                resumes.
        """
        found_by = f"{self.detector.name}, {self.make_tracker(frame_rate).name}"
        row = self.gallery.begin_video(replace(row, detector=found_by))
        if row.complete:
            return row
        detector = detector_from(row.segments, self.detector)
        end = None

        def watched(frames: Iterable[Found]) -> Iterator[Found]:
            nonlocal end
            for frame, found in frames:
                end = frame.time
                self.progress(frame)
                if end >= row.segments * SECONDS - LEAD:  # the detector may have to see earlier ones
                    yield frame, found

        writer = Writer(self.gallery, self.embedder, row)
        # Left in the opposite order: the threads that decode and detect end before the video is closed.
        with (
            open_from(seen_from(row.segments, self.detector)) as video,
            closing(prefetch(detected(video, detector), FOUND + self.detector.batch)) as frames,
            Behind(WAITING) as behind,
        ):
            trackers = partial(self.make_tracker, frame_rate)
            write_behind(writer, behind, in_segments(watched(frames), row.segments, trackers))
        if end is None:  # all segments are done, which the gallery has not been told
            end = last_time(open_from, (row.segments - 1) * SECONDS)
        self.gallery.finish_video(row.video, end)
        return self.gallery.video(row.video) or row


def write_behind(writer: "Writer", behind: Behind, found: Iterable[tuple[int, Tracklet | None]]) -> None:
    """Have the tracklets written that ``in_segments`` gives."""
    for number, tracklet in found:
        if tracklet is None:
            behind.do(writer.finish, number)
        else:
            behind.do(writer.add, tracklet)


def last_time(open_from: Callable[[float], Video], since: float) -> float:
    """The time of the last frame of a video, which comes after ``since`` [seconds]; 0 if there is none."""
    with open_from(max(0.0, since)) as video, closing(video.frames()) as frames:
        return max((frame.time for frame in frames), default=0.0)


def detected(video: Video, detector: Detector | Anew) -> Iterator[Found]:
    """The frames of a video with the people in them; a thread decodes ahead."""
    with closing(prefetch(video.frames(), AHEAD + detector.batch)) as frames:
        yield from found_in(frames, detector)


def found_in(frames: Iterator[Frame], detector: Detector | Anew) -> Iterator[Found]:
    """Frames with the people in them; as many are looked at together as the detector likes."""
    while batch := list(islice(frames, detector.batch)):
        yield from zip(batch, detector(batch), strict=True)


class Writer:
    """Makes rows of the tracklets of a video, whose pictures share batches, and writes them.

    Args:
        gallery: to write to.
        embedder: makes the vectors.
        video: as the gallery has it.
        batch: pictures that are waited for; 1: each tracklet is written at once.
        wrote: called with rows that were written.
    """

    def __init__(
        self,
        gallery: Gallery,
        embedder: Embedder,
        video: VideoRow,
        batch: int = BATCH,
        wrote: Callable[[list[TrackletRow]], None] = lambda rows: None,
    ):
        self._gallery, self._embedder, self._video = gallery, embedder, video
        self._batch, self._wrote = batch, wrote
        self._waiting: list[Tracklet] = []
        self._rows: dict[tuple, TrackletRow] = {}  # of the current segment
        self._segment = video.segments
        # Last box of a person in the segment before -> id of the person's track.
        self._ends = self._ends_in_gallery(video.segments - 1) if video.segments else {}

    def add(self, tracklet: Tracklet) -> None:
        """Add a tracklet of the current segment, or what is known of it now in place of what was before."""
        self._waiting.append(tracklet)
        if sum(len(one.pictures()) for one in self._waiting) >= self._batch:
            self._write()

    def finish(self, segment: int) -> None:
        """Write what is left of the segment, and end it."""
        self._write()
        rows = list(self._rows.values())
        self._gallery.end_segment(self._video.video, segment, rows)
        self._ends = {_key(row.path.boxes[-1]): row.track for row in rows}
        self._rows, self._segment = {}, segment + 1

    def _write(self) -> None:
        tracklets = [one for one in self._waiting if one.pictures()]
        self._waiting = []
        if not tracklets:
            return
        pictures = [one.pictures() for one in tracklets]
        vectors = self._embedder([picture.image for some in pictures for picture in some])
        rows = []
        for tracklet, some in zip(tracklets, pictures, strict=True):
            own, vectors = vectors[: len(some)], vectors[len(some) :]
            rows.append(self._row(tracklet, pooled(own)))
        self._gallery.add_rows(self._video.video, self._segment, rows)
        self._wrote(rows)

    def _row(self, tracklet: Tracklet, vector: np.ndarray) -> TrackletRow:
        key = (tracklet.number, tracklet.start)
        known = self._rows.get(key)
        name = known.tracklet if known else f"{self._video.video}-{self._segment}-{len(self._rows)}"
        came_from = None if tracklet.came_from is None else _key(tracklet.came_from)
        begin = self._video.start or 0.0
        best = tracklet.pictures()[0]
        self._rows[key] = TrackletRow(
            tracklet=name,
            track=self._ends.get(came_from, name),
            video=self._video.video,
            camera=self._video.camera,
            segment=self._segment,
            start=begin + tracklet.start,
            end=begin + tracklet.end,
            quality=best.quality,
            path=BoxPath(begin + np.array(tracklet.times), np.array(tracklet.boxes)),
            thumbnail=make_thumbnail(best.image),
            vector=vector,
        )
        return self._rows[key]

    def _ends_in_gallery(self, segment: int) -> dict[tuple, str]:
        begin = (self._video.start or 0.0) + segment * SECONDS
        where = Selection(video=self._video.video, since=begin + SECONDS - LEAD, until=begin + SECONDS)
        found = [rows[0] for rows in self._gallery.tracklets(where, ["path"])]
        return {_key(row.path.boxes[-1]): row.track for row in found if row.segment == segment}


def _key(box: np.ndarray) -> tuple:
    """A box as a key, as exact as a gallery keeps it."""
    return tuple(np.round(np.asarray(box, np.float64) * STEPS).astype(int).tolist())
