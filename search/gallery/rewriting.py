"""Writing milvus-lite's files anew without what was deleted; its ``compact`` does nothing.

milvus-lite only notes what is deleted, and drops it when it happens to merge that file with others: maybe
never. So the rows that are left are copied to a new collection, which then takes the place of the old one:

    copy to <name>_new, rename <name> to <name>_old, rename <name>_new to <name>, delete <name>_old

An interruption leaves the old one, or the whole new one; ``finish_rewriting`` sorts that out.
"""

import shutil
from collections.abc import Iterable

from utils.files import writing

from .client import Milvus
from .creation import create_collection, load_collections
from .members import FIELDS as MEMBER_FIELDS
from .members import NOTES
from .pages import MOST_ROWS, page_filters, page_rows
from .records import FIELDS
from .rows import ALL_FIELDS, EVERYTHING, VideoRow
from .schema import people_schema, tracklet_schema, video_schema
from .store import Store
from .text import is_any_of

NEW, OLD = "_new", "_old"


def rewrite(store: Store, videos: list[VideoRow]) -> None:
    """Write the files of an opened milvus-lite gallery anew.

    Args:
        store: the collections.
        videos: all of the gallery.
    """
    properties = store.milvus.call("describe_collection", store.tracklets)["properties"]
    filters = page_filters(videos, EVERYTHING, page_rows(ALL_FIELDS))
    create_collection(store.milvus, store.tracklets + NEW, tracklet_schema(store.dim), properties)
    _copy(store, store.tracklets, ["id", *ALL_FIELDS], filters)
    create_collection(store.milvus, store.videos + NEW, video_schema())
    _copy(store, store.videos, [*FIELDS, "vector"], (is_any_of("video", [video.video]) for video in videos))
    create_collection(store.milvus, store.people + NEW, people_schema())
    filters = (NOTES, *page_filters(videos, EVERYTHING, MOST_ROWS))
    _copy(store, store.people, [*MEMBER_FIELDS, "vector"], filters)
    load_collections(store.milvus, store.collections)


def finish_rewriting(milvus: Milvus, names: Iterable[str]) -> None:
    """Put in order what an interrupted ``rewrite`` has left in the folder, before its collections are opened.

    Args:
        milvus: the connection.
        names: of the collections.

    Raises:
        InputError: the folder cannot be written.
    """
    root = milvus.address.folder / "collections"
    for name in names:
        if (root / (name + NEW)).exists() and not (root / name).exists():
            milvus.call("rename_collection", name + NEW, name)
        for leftover in (root / (name + NEW), root / (name + OLD)):
            if leftover.exists():
                with writing(milvus.shown):
                    shutil.rmtree(leftover)


def _copy(store: Store, name: str, fields: list[str], filters: Iterable[str]) -> None:
    for filter_ in filters:
        store.write(name + NEW, store.query(name, filter_, fields))
    store.milvus.call("flush", name + NEW)
    store.milvus.call("rename_collection", name, name + OLD)
    store.milvus.call("rename_collection", name + NEW, name)
    store.milvus.call("drop_collection", name + OLD)
