"""The three collections of a gallery, read and written."""

from collections.abc import Iterable, Iterator, Sequence

from .client import Milvus
from .schema import people_of, tracklets_of, videos_of

CHUNK_BYTES = 8 << 20  # of rows in one call; a server takes 64 MiB
# Of rows in milvus-lite's log, which are then written to its files: it searches them slowly, and with 128 MB
# it could not be opened on a full disk.
FLUSH_BYTES = 32 << 20
MOST_IDS = 1000  # in one filter
# Milvus's names of what a read sees: all that was written before, which a server needs half a second for; or
# what this program has written, and others a second ago.
ALL, OWN = "Strong", "Session"


class Store:
    """The collections of an opened gallery.

    Args:
        milvus: the connection.
        dim: of the vectors.
    """

    def __init__(self, milvus: Milvus, dim: int):
        self.milvus, self.dim = milvus, dim
        name = milvus.address.name
        self.tracklets, self.videos, self.people = tracklets_of(name), videos_of(name), people_of(name)
        self._unflushed = 0  # bytes

    @property
    def collections(self) -> tuple[str, str, str]:
        """Names of all."""
        return self.tracklets, self.videos, self.people

    def query(
        self,
        collection: str,
        filter_: str,
        fields: Sequence[str],
        level: str = ALL,
        most: int | None = None,
    ) -> list[dict]:
        """The rows that a filter holds, of all that was written before, or of what ``level`` says.

        Args:
            collection: name.
            filter_: as Milvus takes it.
            fields: of each row.
            level: of consistency, as Milvus names it.
            most: rows that are given, whichever; None: all.
        """
        how = {"filter": filter_, "output_fields": list(fields), "consistency_level": level, "limit": most}
        return list(self.milvus.call("query", collection, **how))

    def write(self, collection: str, rows: Sequence[dict]) -> None:
        """Write rows, over those with the same ids."""
        for chunk, size in _chunks(rows):
            self.milvus.call("upsert", collection, chunk)
            self._unflushed += size
        if self._unflushed >= FLUSH_BYTES:
            self.flush()

    def delete(self, collection: str, filter_: str) -> None:
        """Delete the rows that a filter holds."""
        self.milvus.call("delete", collection, filter=filter_)

    def delete_ids(self, collection: str, ids: Iterable[str]) -> None:
        """Delete the rows with these ids."""
        ids = sorted(ids)
        for first in range(0, len(ids), MOST_IDS):
            self.milvus.call("delete", collection, ids=ids[first : first + MOST_IDS])

    def flush(self) -> None:
        """Let milvus-lite write what is in its memory to its files; a server knows when to."""
        if self.milvus.is_local:
            for name in self.collections:
                self.milvus.call("flush", name)
        self._unflushed = 0


def _chunks(rows: Sequence[dict]) -> Iterator[tuple[list[dict], int]]:
    """Parts of the rows, and the bytes of each."""
    chunk, size = [], 0
    for row in rows:
        row_size = 4 * len(row["vector"])
        row_size += sum(len(str(value)) for name, value in row.items() if name != "vector")
        if chunk and size + row_size > CHUNK_BYTES:
            yield chunk, size
            chunk, size = [], 0
        chunk.append(row)
        size += row_size
    if chunk:
        yield chunk, size
