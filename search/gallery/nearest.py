"""Searching a gallery: many rows of a tracklet are one hit."""

from collections.abc import Sequence

import numpy as np

from .pictures import rows_of_ids
from .rows import NUMBERS, TEXTS, Hit, Selection, TrackletRow
from .store import Store

MOST_ROWS = 16_384  # that Milvus gives for a vector
# Rows with all fields. An answer of 64 MB holds as many even if each is as large as it may be, 120 kB.
AT_ONCE = 500
FIELDS = [*TEXTS, *NUMBERS, "path", "thumbnail"]


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
        # One call gives all, if one answer can hold that; else what tells which rows to read.
        whole = limit * len(vectors) <= AT_ONCE
        found = store.milvus.call(
            "search",
            store.tracklets,
            data=list(vectors),
            limit=limit,
            filter=where.filter(),
            output_fields=FIELDS if whole else ["tracklet"],
            consistency_level=level,
        )
        answers = [_best(rows, top, threshold) for rows in found]
        enough = [done or len(rows) < limit for (_, done), rows in zip(answers, found, strict=True)]
        if all(enough) or limit == MOST_ROWS:
            break
        limit = min(MOST_ROWS, 4 * limit)
    return _hits(store, [best for best, _ in answers], whole, level)


def _hits(store: Store, chosen: list[list[dict]], whole: bool, level: str) -> list[list[Hit]]:
    """What was chosen for each vector, with all fields, which are read first unless it is whole."""
    if whole:
        read = {row["id"]: TrackletRow.read(row["entity"]) for best in chosen for row in best}
    else:
        ids = sorted({row["id"] for best in chosen for row in best})
        read = {row.id: row for row in rows_of_ids(store, ids, FIELDS, level)}
    # Without those that were removed in between.
    return [
        [Hit(float(row["distance"]), read[row["id"]]) for row in best if row["id"] in read] for best in chosen
    ]


def _best(rows: Sequence[dict], top: int, threshold: float | None) -> tuple[list[dict], bool]:
    """The best row of each of the nearest tracklets, and whether more rows would add none."""
    best: dict[str, dict] = {}
    for row in rows:  # the nearest first
        if len(best) == top or (threshold is not None and row["distance"] < threshold):
            return list(best.values()), True
        best.setdefault(row["entity"]["tracklet"], row)
    return list(best.values()), len(best) == top
