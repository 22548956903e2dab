"""Opening a gallery, and making one."""

from utils.errors import InputError

from .address import parse_address
from .client import Milvus
from .creation import create_collection, load_collections
from .gallery import Gallery
from .rewriting import finish_rewriting
from .schema import (
    WeightsFingerprint,
    check_settings,
    people_of,
    people_schema,
    settings,
    tracklet_schema,
    tracklets_of,
    video_schema,
    videos_of,
)
from .store import Store


def open_gallery(
    uri: str, weights: WeightsFingerprint | None = None, dim: int | None = None, create: bool = True
) -> Gallery:
    """Open a gallery.

    Args:
        uri: a folder such as ``gallery.db`` (milvus-lite: one process at a time), or the address of a Milvus
            server such as ``http://host:19530``, ``http://user:password@host:19530`` or, for one of several
            galleries there, ``http://host:19530/name``.
        weights: that the vectors to add or to search come from; None: there are none to add or search.
        dim: of these vectors.
        create: with weights, make a gallery that is missing.

    Raises:
        InputError: it holds features of other weights, of another size, or of another version of the program;
            there is none, and none is made; another process uses the folder; no server answers.
    """
    address = parse_address(uri)
    create = create and weights is not None and dim is not None
    if address.folder and not create and not address.folder.exists():
        raise InputError(f"there is no gallery {address.shown}; index a video into it first")
    milvus = Milvus(address)
    try:
        return Gallery(Store(milvus, _prepare(milvus, weights, dim, create)))
    except BaseException:
        milvus.close()
        raise


def _prepare(milvus: Milvus, weights: WeightsFingerprint | None, dim: int | None, create: bool) -> int:
    """Make and load the collections; the dimension of the vectors."""
    names = [of(milvus.address.name) for of in (tracklets_of, videos_of, people_of)]
    tracklets, videos, people = names
    if milvus.is_local:
        finish_rewriting(milvus, names)
    if create:
        create_collection(milvus, tracklets, tracklet_schema(dim), settings(weights, dim))
    elif not milvus.call("has_collection", tracklets):
        raise InputError(f"there is no gallery at {milvus.shown}; index a video into it first")
    found = milvus.call("describe_collection", tracklets)["properties"]
    dim = check_settings(found, weights, dim, milvus.shown)
    create_collection(milvus, videos, video_schema())
    create_collection(milvus, people, people_schema())
    load_collections(milvus, names)
    return dim
