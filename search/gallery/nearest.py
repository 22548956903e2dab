"""Searching a gallery: many rows of a tracklet are one hit."""

from collections.abc import Sequence

import numpy as np

from .rows import NUMBERS, TEXTS, Hit, Selection, TrackletRow
from .store import MOST_IDS, Store
from .text import one_of_stored

MOST_ROWS = 16_384  # that Milvus gives for a vector
FIELDS = ["id", *TEXTS, *NUMBERS, "path", "thumbnail"]


def nearest(
    store: Store, vectors: np.ndarray, top: int, where: Selection, threshold: float | None, level: str
) -> list[list[Hit]]:
    """The nearest tracklets of each vector, as ``Gallery.search`` says.

    Args:
        store: the collections.
        vectors: (Q, D) float32, L2-normalised.
        top: tracklets for each.
        where: among which.
        threshold: the least similarity; None: any.
        level: of consistency, as Milvus names it.
    """
    limit = min(MOST_ROWS, top)  # indexing writes one row of each tracklet
    while True:
        found = store.milvus.call(
            "search",
            store.tracklets,
            data=list(vectors),
            limit=limit,
            filter=where.filter(),
            output_fields=["tracklet"],
            consistency_level=level,
        )
        answers = [_best(hits, top, threshold) for hits in found]
        enough = [whole or len(hits) < limit for (_, whole), hits in zip(answers, found, strict=True)]
        if all(enough) or limit == MOST_ROWS:
            break
        limit = min(MOST_ROWS, 4 * limit)
    rows = _rows(store, {id_ for best, _ in answers for id_, _ in best}, level)
    # A row may have been removed in between.
    return [[Hit(score, rows[id_]) for id_, score in best if id_ in rows] for best, _ in answers]


def _best(hits: Sequence[dict], top: int, threshold: float | None) -> tuple[list[tuple[str, float]], bool]:
    """Id and score of the best row of each of the nearest tracklets, and whether more rows would add none."""
    best: dict[str, tuple[str, float]] = {}
    for hit in hits:  # the nearest first
        score = float(hit["distance"])
        if len(best) == top or (threshold is not None and score < threshold):
            return list(best.values()), True
        best.setdefault(hit["entity"]["tracklet"], (hit["id"], score))
    return list(best.values()), len(best) == top


def _rows(store: Store, ids: set[str], level: str) -> dict[str, TrackletRow]:
    wanted, rows = sorted(ids), {}
    for first in range(0, len(wanted), MOST_IDS):
        found = store.milvus.call(
            "query",
            store.tracklets,
            filter=one_of_stored("id", wanted[first : first + MOST_IDS]),
            output_fields=FIELDS,
            consistency_level=level,
        )
        rows |= {row["id"]: TrackletRow.read(row) for row in found}
    return rows
