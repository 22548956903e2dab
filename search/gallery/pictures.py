"""The pictures of tracklets whose ids are known."""

from collections.abc import Iterable

from .pages import ROWS
from .rows import NUMBERS, TEXTS, TrackletRow
from .store import Store
from .text import encode_text, one_of_stored

PAGE = ROWS["thumbnail"]


def thumbnails(store: Store, tracklets: Iterable[str]) -> dict[str, bytes]:
    """The best picture of each of these tracklets, as a JPEG file, by id; of those that are there."""
    ids, best = sorted({encode_text(tracklet) for tracklet in tracklets}), {}
    fields = [*TEXTS, *NUMBERS, "thumbnail"]
    for first in range(0, len(ids), PAGE):
        found = store.query(store.tracklets, one_of_stored("tracklet", ids[first : first + PAGE]), fields)
        for row in sorted(map(TrackletRow.read, found), key=lambda row: row.quality):
            best[row.tracklet] = row.thumbnail
    return best
