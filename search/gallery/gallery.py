"""The vectors, times, box paths and thumbnails of the people in videos, in Milvus."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np

from . import records
from .nearest import nearest
from .pages import RECORDS, all_records, page_filters, page_rows
from .removal import remove_rest, remove_tracklets, remove_videos
from .rewriting import rewrite
from .roster import Roster
from .rows import EVERYTHING, LARGE, NUMBERS, TEXTS, Hit, Selection, TrackletRow, VideoRow
from .store import ALL, OWN, Store
from .text import encode_text, is_any_of
from .vectors import stored_rows, unit_vectors

MOST_VIDEOS = 100  # in one filter


class Gallery:
    """A gallery, as ``open_gallery`` opens it.

        video = gallery.begin_video(VideoRow(video, name, camera))
        if not video.complete:
            for number in range(video.segments, all_segments):
                gallery.add_segment(video.video, number, rows)
            gallery.finish_video(video.video, duration)

    Every row and record has an id that follows from what it says, and replaces the one of that id. So to
    write it again changes nothing: after an interruption, when a server's answer was lost, or by a second
    machine that indexes the same video. A segment is done once its mark is written, which is after its rows.

    All reads see what was written before them, by whichever machine; ``search`` has an exception, and so has
    what shows its hits.
    """

    def __init__(self, store: Store):
        self.store = store
        self.people = Roster(store, self.videos)
        # Ids of rows in segments that are not done: video -> segment -> ids.
        self._leftovers: dict[str, dict[int, set[str]]] = {}
        self._level = ALL

    @property
    def dim(self) -> int:
        """Numbers of a vector."""
        return self.store.dim

    def videos(self) -> list[VideoRow]:
        """All videos, by camera, start and name."""
        found = list(all_records(lambda part, most: self._records(part, most=most), "segment < 0", RECORDS))
        unfinished = [video.video for video in records.videos(found) if not video.complete]
        return records.videos(found + self._records_of(unfinished, "segment >= 0"))

    def names(self, videos: Collection[str]) -> dict[str, str]:
        """The names of these videos' files, by fingerprint; of those that are there, maybe since a second."""
        found = records.videos(self._records_of(sorted({*videos}), "segment < 0", OWN))
        return {video.video: video.name for video in found}

    def video(self, video: str) -> VideoRow | None:
        """A video; None if it is not in the gallery."""
        return next(iter(records.videos(self._records(is_any_of("video", [video])))), None)

    def begin_video(self, video: VideoRow) -> VideoRow:
        """Begin a video, or resume it.

        Args:
            video: what is known before: up to its detector.

        Returns:
            The video as it is in the gallery; ``segments`` is the first segment to add, and if it is
            ``complete``, there is none.

        Raises:
            InputError: it is there with another camera or start, or half of it was found otherwise; a name
                is too long.
        """
        for name in (video.name, video.camera):
            encode_text(name)
        found = self.video(video.video)
        if found is None:
            # A machine that was at it when it was removed may have been killed before its end.
            remove_videos(self.store, [video])
            self.store.write(self.store.videos, [records.begun(video)])
            return replace(video, segments=0, complete=False, duration=None, tracklets=0, vectors=0)
        records.check_same(found, video)
        if not found.complete:
            self._leftovers[video.video] = self._find_leftovers(found)
        return found

    def add_segment(self, video: str, segment: int, rows: Sequence[TrackletRow]) -> None:
        """Write all tracklets of a segment, and end it; raises as ``add_rows`` does.

        Args:
            video: fingerprint of a video that was begun.
            segment: its number, from 0.
            rows: maybe none.
        """
        self.add_rows(video, segment, rows)
        self.end_segment(video, segment, rows)

    def add_rows(self, video: str, segment: int, rows: Sequence[TrackletRow]) -> None:
        """Write tracklets of a segment that is not done yet; from now on, they are found.

        Raises:
            InputError: a vector is not finite or zero, a name is too long, a thumbnail too large; the disk is
                full; the server has not answered for long.
        """
        self.store.write(self.store.tracklets, stored_rows(rows, video, segment, self.dim))

    def end_segment(self, video: str, segment: int, rows: Sequence[TrackletRow]) -> None:
        """Mark a segment as done, all of whose tracklets are written: ``rows``.

        What else an interrupted try has left of it is removed before.
        """
        leftovers = self._leftovers.get(video, {}).pop(segment, set())
        self.store.delete_ids(self.store.tracklets, leftovers - {row.id for row in rows})
        tracklets = len({row.tracklet for row in rows})
        self.store.write(self.store.videos, [records.mark(video, segment, tracklets, len(rows))])

    def finish_video(self, video: str, duration: float) -> None:
        """Say that all segments of a video are done.

        If another machine has removed the video meanwhile, what was written since is removed, too.

        Args:
            video: fingerprint of a video that was begun.
            duration: [seconds].
        """
        found = self.video(video)
        if found is None:
            remove_rest(self.store, video)
        elif not found.complete:  # else another machine has finished it
            self.store.write(self.store.videos, [records.complete(replace(found, duration=float(duration)))])
            self.store.delete(self.store.videos, f"{is_any_of('video', [video])} and segment >= 0")
        self._leftovers.pop(video, None)
        self.store.flush()

    def search(
        self,
        vectors: np.ndarray,
        top: int = 10,
        where: Selection = EVERYTHING,
        threshold: float | None = None,
    ) -> list[list[Hit]]:
        """The tracklets nearest to each vector, each tracklet once, by its nearest row.

        Exact: each vector is compared with all rows of the selection. The first search sees all that was
        written before it, by whichever machine. The following ones see all that this program has written, but
        may miss what others have written in the last second: to wait for that takes a server ten times as
        long as to search.

        Args:
            vectors: (Q, D).
            top: tracklets for each.
            where: among which.
            threshold: their least cosine similarity.

        Returns:
            Q lists, the nearest first, of rows with paths and thumbnails, without vectors.
        """
        unit = unit_vectors(np.atleast_2d(vectors), self.dim)
        hits = nearest(self.store, unit, top, where, threshold, self._level)
        self._level = OWN
        return hits

    def tracklets(
        self, where: Selection = EVERYTHING, fields: Sequence[str] = LARGE
    ) -> Iterator[list[TrackletRow]]:
        """The rows of each tracklet of a selection, by video and segment, with a page of them in memory.

        Args:
            where: the selection.
            fields: those of ``path``, ``thumbnail`` and ``vector`` that are needed; the others stay empty.
        """
        for filter_ in page_filters(self.videos(), where, page_rows(fields)):
            rows = self.store.query(self.store.tracklets, filter_, [*TEXTS, *NUMBERS, *fields])
            page: dict[tuple, list[TrackletRow]] = defaultdict(list)
            for row in map(TrackletRow.read, rows):
                page[row.video, row.segment, row.tracklet].append(row)
            for key in sorted(page):
                yield sorted(page[key], key=lambda row: row.part)

    def remove(self, where: Selection, purge: bool = True) -> int:
        """Remove the tracklets of a selection, and the videos that it holds, which may be indexed again.

        Somebody of whom nothing is left is forgotten, with the name.

        A selection by time removes every tracklet that is seen at any moment of it; the videos stay, and to
        index them again does not bring those tracklets back.

        Args:
            where: the selection.
            purge: from the disk as well, see ``purge``; else they are only gone for every read.

        Returns:
            The number of tracklets.
        """
        videos = [video for video in self.videos() if where.may_hold(video)]
        if where.is_timed:
            count = remove_tracklets(self.store, videos, where)
        else:
            count = remove_videos(self.store, videos)
        self.people.forget_names()
        if purge:
            self.purge()
        return count

    def purge(self) -> None:
        """Remove from the disk what ``remove`` has removed.

        milvus-lite's files are written anew, which takes as long as to write the gallery. A server is asked
        to compact its files, and deletes the old ones when it next clears up: after hours, by default.
        """
        if self.store.milvus.is_local:
            rewrite(self.store, self.videos())
            return
        for name in self.store.collections:
            self.store.milvus.call("flush", name)
            self.store.milvus.call("compact", name)

    def close(self) -> None:
        """Write what is in memory, and let other processes have the gallery."""
        self.store.milvus.close()

    def __enter__(self) -> "Gallery":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _records(self, filter_: str, level: str = ALL, most: int | None = None) -> list[dict]:
        return self.store.query(self.store.videos, filter_, records.FIELDS, level, most)

    def _records_of(self, videos: Sequence[str], which: str, level: str = ALL) -> list[dict]:
        found = []
        for first in range(0, len(videos), MOST_VIDEOS):
            some = is_any_of("video", videos[first : first + MOST_VIDEOS])
            found += self._records(f"{some} and {which}", level)
        return found

    def _find_leftovers(self, video: VideoRow) -> dict[int, set[str]]:
        filter_ = f"{is_any_of('video', [video.video])} and segment >= {video.segments}"
        leftovers: dict[int, set[str]] = defaultdict(set)
        for row in self.store.query(self.store.tracklets, filter_, ["id", "segment"]):
            leftovers[row["segment"]].add(row["id"])
        return leftovers
