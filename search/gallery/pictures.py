"""Tracklets whose ids are known, and their pictures."""

from collections.abc import Iterable, Iterator, Sequence

from .pages import page_rows
from .rows import LARGE, NUMBERS, TEXTS, TrackletRow
from .store import Store
from .text import encode_text, one_of_stored


def thumbnails(store: Store, tracklets: Iterable[str]) -> dict[str, bytes]:
    """The best picture of each of these tracklets, as a JPEG file, by id; of those that are there."""
    rows = sorted(rows_of(store, tracklets, ["thumbnail"]), key=lambda row: row.quality)
    return {row.tracklet: row.thumbnail for row in rows}


def rows_of(store: Store, tracklets: Iterable[str], fields: Sequence[str] = LARGE) -> Iterator[TrackletRow]:
    """The rows of these tracklets, of those that are there.

    Args:
        store: the collections.
        tracklets: ids.
        fields: those of ``path``, ``thumbnail`` and ``vector`` that are needed; the others stay empty.
    """
    ids, page = sorted({encode_text(tracklet) for tracklet in tracklets}), page_rows(fields)
    for first in range(0, len(ids), page):
        filter_ = one_of_stored("tracklet", ids[first : first + page])
        yield from map(TrackletRow.read, store.query(store.tracklets, filter_, [*TEXTS, *NUMBERS, *fields]))
