"""Making the collections of a gallery, also by several machines at once."""

from collections.abc import Iterable
from typing import Any

from .client import Milvus
from .retry import ServerRefusesError
from .schema import INDEX, METRIC, SHARDS


def create_collection(
    milvus: Milvus, name: str, schema: Any, properties: dict[str, str] | None = None
) -> None:
    """Create a collection with its index, unless it is there, or another machine is quicker."""
    if not milvus.call("has_collection", name):
        try:
            milvus.call(
                "create_collection",
                name,
                schema=schema,
                properties=properties,
                consistency_level="Strong",
                num_shards=SHARDS,
            )
        except ServerRefusesError:
            if not milvus.call("has_collection", name):
                raise
    create_index(milvus, name)


def create_index(milvus: Milvus, name: str) -> None:
    """Create a collection's index, without which it cannot be loaded, unless it is there."""
    if not milvus.call("list_indexes", name):
        index = milvus.client.prepare_index_params()
        index.add_index("vector", index_type=INDEX, metric_type=METRIC)
        milvus.call("create_index", name, index, sync=False)  # an empty one has nothing to wait for


def load_collections(milvus: Milvus, names: Iterable[str]) -> None:
    """Let Milvus load collections into its memory; returns once they can be read."""
    names = list(names)
    for name in names:  # all at once
        milvus.call("load_collection", name, _async=True)
    for name in names:
        milvus.call("load_collection", name)
