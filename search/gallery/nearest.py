"""Searching a gallery: many rows of a tracklet are one hit."""

from collections.abc import Sequence

import numpy as np

from .rows import NUMBERS, TEXTS, Hit, TrackletRow
from .store import Store

MOST_ROWS = 16_384  # that Milvus gives for a vector
FIELDS = [*TEXTS, *NUMBERS, "path", "thumbnail"]


def nearest(
    store: Store, vectors: np.ndarray, top: int, filter_: str, threshold: float | None, level: str
) -> list[list[Hit]]:
    """The nearest tracklets of each vector, as ``Gallery.search`` says.

    Args:
        store: the collections.
        vectors: (Q, D) float32, L2-normalised.
        top: tracklets for each.
        filter_: among which, as Milvus takes it.
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
            filter=filter_,
            output_fields=FIELDS,
            consistency_level=level,
        )
        answers = [_best(rows, top, threshold) for rows in found]
        enough = [whole or len(rows) < limit for (_, whole), rows in zip(answers, found, strict=True)]
        if all(enough) or limit == MOST_ROWS:
            return [
                [Hit(float(row["distance"]), TrackletRow.read(row["entity"])) for row in best]
                for best, _ in answers
            ]
        limit = min(MOST_ROWS, 4 * limit)


def _best(rows: Sequence[dict], top: int, threshold: float | None) -> tuple[list[dict], bool]:
    """The best row of each of the nearest tracklets, and whether more rows would add none."""
    best: dict[str, dict] = {}
    for row in rows:  # the nearest first
        if len(best) == top or (threshold is not None and row["distance"] < threshold):
            return list(best.values()), True
        best.setdefault(row["entity"]["tracklet"], row)
    return list(best.values()), len(best) == top
