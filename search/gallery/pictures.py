"""Tracklets whose ids are known, and their pictures."""

from collections.abc import Iterable, Iterator, Sequence

from .pages import page_rows
from .rows import LARGE, NUMBERS, TEXTS, TrackletRow, row_id
from .store import OWN, Store
from .text import encode_text, one_of_stored


def thumbnails(store: Store, tracklets: Iterable[str]) -> dict[str, bytes]:
    """The best picture of each of these tracklets, as a JPEG file, by id; of those that are there."""
    rows = sorted(find_rows(store, tracklets, ["thumbnail"]), key=lambda row: row.quality)
    return {row.tracklet: row.thumbnail for row in rows}


def find_rows(store: Store, tracklets: Iterable[str], fields: Sequence[str] = LARGE) -> Iterator[TrackletRow]:
    """The rows of these tracklets, of those that are there, maybe since a second.

    Args:
        store: the collections.
        tracklets: ids.
        fields: those of ``path``, ``thumbnail`` and ``vector`` that are needed; the others stay empty.
    """
    # By the rows' ids: a filter by tracklet takes milvus-lite a quarter of a second among 100,000 rows.
    ids, part = sorted({encode_text(tracklet) for tracklet in tracklets}), 0
    while ids:
        there = []
        for row in rows_of_ids(store, [row_id(id_, part) for id_ in ids], [*TEXTS, *NUMBERS, *fields]):
            yield row
            there.append(encode_text(row.tracklet))
        ids, part = there, part + 1


def rows_of_ids(
    store: Store, ids: Sequence[str], fields: Sequence[str], level: str = OWN
) -> Iterator[TrackletRow]:
    """The rows with these ids, of those that are there, read in pages.

    Args:
        store: the collections.
        ids: as ``TrackletRow.id``.
        fields: of each row.
        level: of consistency, as Milvus names it.
    """
    page = page_rows(fields)
    for first in range(0, len(ids), page):
        filter_ = one_of_stored("id", ids[first : first + page])
        yield from map(TrackletRow.read, store.query(store.tracklets, filter_, fields, level))
