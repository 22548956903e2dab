"""Removing videos, and parts of videos.

Who is who is removed after the tracklets, and ``Roster.write`` looks afterwards whether they are still there:
so what another program says of them meanwhile is removed as well. What is counted and listed comes last, so
that an interrupted removal can be repeated.
"""

from collections import Counter, defaultdict
from dataclasses import replace

from loguru import logger

from . import records
from .pages import MOST_ROWS, page_filters
from .rows import Selection, VideoRow
from .store import Store
from .text import decode_text, is_any_of

VIDEOS = 100  # in one filter


def remove_videos(store: Store, videos: list[VideoRow]) -> int:
    """Remove videos with their tracklets; the number of tracklets."""
    names = [video.video for video in videos]
    for first in range(0, len(names), VIDEOS):
        filter_ = is_any_of("video", names[first : first + VIDEOS])
        for collection in (store.tracklets, store.people, store.videos):
            store.delete(collection, filter_)
    return sum(video.tracklets for video in videos)


def remove_rest(store: Store, video: str) -> None:
    """Remove what this program has written of a video since another one removed it, and say so."""
    remove_videos(store, [VideoRow(video, "", "")])
    logger.warning(
        f"the video {video} was removed from {store.milvus.shown} while it was indexed; what was found since "
        "then is removed as well"
    )


def remove_tracklets(store: Store, videos: list[VideoRow], where: Selection) -> int:
    """Remove the tracklets of a selection; the videos stay. The number of tracklets."""
    count = 0
    for filter_ in page_filters(videos, where, MOST_ROWS):
        found = store.query(store.tracklets, filter_, ["id", "video", "segment", "part"])
        gone: dict[str, list[dict]] = defaultdict(list)
        for row in found:
            gone[decode_text(row["video"])].append(row)
        store.delete_ids(store.tracklets, [row["id"] for row in found])
        store.delete(store.people, filter_)
        for video, rows in gone.items():
            _lower_counts(store, video, rows)
        count += sum(row["part"] == 0 for row in found)
    return count


def _lower_counts(store: Store, video: str, gone: list[dict]) -> None:
    """Let a video's records say how many tracklets and vectors are left."""
    found = store.query(store.videos, is_any_of("video", [video]), records.FIELDS)
    tracklets = Counter(row["segment"] for row in gone if row["part"] == 0)
    vectors = Counter(row["segment"] for row in gone)
    whole = next(iter(records.videos(found)), None)
    if whole and whole.complete:
        left = (whole.tracklets - tracklets.total(), whole.vectors - vectors.total())
        lowered = [records.complete(replace(whole, tracklets=left[0], vectors=left[1]))]
    else:
        lowered = [
            records.mark(video, n, said["tracklets"] - tracklets[n], said["vectors"] - vectors[n])
            for n, said in records.marks(found).items()
            if vectors[n]
        ]
    store.write(store.videos, lowered)
