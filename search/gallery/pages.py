"""Reading a selection in pages, each small enough for one answer of Milvus and for the memory.

Milvus can only give the first rows of a filter, in an order that not all its versions share. But the videos'
records say how many vectors each has; so filters are made that hold about as many as a page may. The records
themselves are read by ranges of videos.
"""

from collections.abc import Callable, Collection, Iterator, Sequence

from .rows import Selection, VideoRow
from .text import is_any_of

# Rows of a page with such a field, and of one without: an answer of Milvus holds 64 MB.
ROWS = {"thumbnail": 200, "path": 1000, "vector": 2000}
MOST_ROWS = 8000
RECORDS = 8000  # of videos, in one answer


def page_rows(fields: Collection[str]) -> int:
    """How many rows a page may hold with these fields."""
    return min([MOST_ROWS, *(rows for name, rows in ROWS.items() if name in fields)])


def page_filters(videos: Sequence[VideoRow], where: Selection, rows: int) -> Iterator[str]:
    """Filters that hold the rows of a selection, each row once.

    Args:
        videos: all of the gallery.
        where: the selection.
        rows: of a page, about.
    """
    limits = where.filter()
    for part in _parts([video for video in videos if where.may_hold(video)], rows):
        yield f"{part} and {limits}" if limits else part


def all_records(read: Callable[[str, int], list[dict]], filter_: str, most: int) -> Iterator[dict]:
    """The records of videos that a filter holds, however many there are.

    A range of videos that one answer cannot hold is divided where the middle one of the answer is.

    Args:
        read: gives the records that a filter holds, so many at most, whichever.
        filter_: that holds two of each video at most.
        most: records in one answer, at least 4.
    """
    ranges = [("", "")]  # from one video to before another, as they are stored; "": without a bound
    while ranges:
        first, end = ranges.pop()
        bounds = [f'video >= "{first}"'] * bool(first) + [f'video < "{end}"'] * bool(end)
        found = read(" and ".join([filter_, *bounds]), most)
        if len(found) < most:
            yield from found
        else:
            middle = sorted(row["video"] for row in found)[most // 2]
            ranges += [(middle, end), (first, middle)]


def _parts(videos: Sequence[VideoRow], rows: int) -> Iterator[str]:
    small, count = [], 0  # videos that share a page
    for video in videos:
        if video.vectors > rows:
            yield from _parts_of(video, rows)
            continue
        if small and count + video.vectors > rows:
            yield is_any_of("video", small)
            small, count = [], 0
        small.append(video.video)
        count += max(1, video.vectors)
    if small:
        yield is_any_of("video", small)


def _parts_of(video: VideoRow, rows: int) -> Iterator[str]:
    step = max(1, video.segments * rows // video.vectors)
    firsts = range(0, max(1, video.segments), step)
    for first in firsts:
        part = f"{is_any_of('video', [video.video])} and segment >= {first}"
        # The last is open: a segment may be added meanwhile.
        yield part if first == firsts[-1] else f"{part} and segment < {first + step}"
