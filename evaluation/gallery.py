"""Which gallery images show a query's person, and which of those are matches."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch

from .embedded import Embedded


class GalleryIndex:
    """The labels of queries and gallery, with each query's own identity found in the gallery.

    Args:
        q_pids: (Q,) person ids.
        g_pids: (G,) person ids.
        q_camids: (Q,) camera ids.
        g_camids: (G,) camera ids.
        same_camera: 'drop' leaves out gallery images of the query's identity and camera; 'keep' counts them
            as matches, for data without camera ids.

    Raises:
        ValueError: person ids and camera ids differ in length.
    """

    def __init__(
        self,
        q_pids: Sequence[int],
        g_pids: Sequence[int],
        q_camids: Sequence[int],
        g_camids: Sequence[int],
        same_camera: str = "drop",
    ):
        self.q_pids, self.g_pids, self.q_camids, self.g_camids = map(
            np.asarray, (q_pids, g_pids, q_camids, g_camids)
        )
        if len(self.q_pids) != len(self.q_camids) or len(self.g_pids) != len(self.g_camids):
            raise ValueError("person ids and camera ids differ in length")
        self.keep = same_camera == "keep"
        self._order = np.argsort(self.g_pids, kind="stable")
        ids = self.g_pids[self._order]
        self._first = np.searchsorted(ids, self.q_pids, "left")
        self._last = np.searchsorted(ids, self.q_pids, "right")

    @classmethod
    def of(cls, query: Embedded, gallery: Embedded, same_camera: str = "drop") -> "GalleryIndex":
        """The index of embedded images."""
        return cls(query.pids, gallery.pids, query.camids, gallery.camids, same_camera)

    def numbered(self, scores: Iterable[torch.Tensor]) -> Iterator[tuple[range, torch.Tensor]]:
        """Each chunk (m, G) of the scores, with its queries.

        Raises:
            ValueError: the size of the scores differs from that of the ids.
        """
        start = 0
        for chunk in scores:
            queries = range(start, start + len(chunk))
            if chunk.shape[1] != len(self.g_pids) or queries.stop > len(self.q_pids):
                raise ValueError("scores, person ids and camera ids differ in length")
            yield queries, chunk
            start = queries.stop
        if start != len(self.q_pids):
            raise ValueError("scores, person ids and camera ids differ in length")

    def own(self, q: int) -> tuple[np.ndarray, np.ndarray]:
        """Gallery images of the query's identity, and whether each is a match."""
        (images,), (kinds,) = self.own_padded(range(q, q + 1))
        return images[kinds > 0], kinds[kinds > 0] == 2

    def own_padded(self, queries: range) -> tuple[np.ndarray, np.ndarray]:
        """The same for several queries: images (m, P), and 2 for a match, 1 for another, 0 for padding."""
        rows = slice(queries.start, queries.stop)
        first, number = self._first[rows, None], (self._last - self._first)[rows, None]
        place = np.arange(max(1, number.max(initial=0)))
        images = self._order[np.minimum(first + place, len(self._order) - 1)]
        is_match = (self.g_camids[images] != self.q_camids[rows, None]) | self.keep
        return images, np.where(place < number, 1 + is_match, 0)

    def own_scores(self, chunk: torch.Tensor, queries: range) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores of the queries' own images (m, P), and their kinds as ``own_padded`` gives them."""
        images, kinds = (torch.from_numpy(x).to(chunk.device) for x in self.own_padded(queries))
        return chunk.gather(1, images), kinds
