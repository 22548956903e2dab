"""Opening a gallery, and making one."""

from collections.abc import Callable
from typing import Any

from utils.errors import InputError
from utils.files import writing

from .address import parse_address
from .client import Milvus
from .creation import create_collection, create_index, load_collections
from .gallery import Gallery
from .retry import PATIENCE
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
    uri: str,
    weights: WeightsFingerprint | None = None,
    dim: int | None = None,
    create: bool = True,
    patience: float = PATIENCE,
    stopped: Callable[[], bool] | None = None,
) -> Gallery:
    """Open a gallery.

    Args:
        uri: a folder such as ``gallery.db`` (milvus-lite: one process at a time), or the address of a Milvus
            server such as ``http://host:19530``, ``http://user:password@host:19530`` or, for one of several
            galleries there, ``http://host:19530/name``.
        weights: that the vectors to add or to search come from; None: there are none to add or search.
        dim: of these vectors.
        create: with weights, make a gallery that is missing.
        patience: how long a server that stops to answer is asked again [seconds].
        stopped: if given, such a server is asked again without end, and for so long once this is true.

    Raises:
        InputError: it holds features of other weights, of another size, or of another version of the program;
            there is none, and none is made; another process uses the folder; no server answers.
    """
    address = parse_address(uri)
    create = create and weights is not None and dim is not None
    if address.folder and not create and not address.folder.exists():
        raise InputError(f"there is no gallery {address.shown}; index a video into it first")
    milvus = Milvus(address, patience, stopped)
    try:
        prepare = _prepare_folder if milvus.is_local else _prepare
        return Gallery(Store(milvus, prepare(milvus, weights, dim, create)))
    except BaseException:
        milvus.close()
        raise


def _prepare_folder(milvus: Milvus, *given: Any) -> int:
    """As ``_prepare``, for a folder that may be damaged.

    milvus-lite does not write its indexes whole or not at all, so that a power failure may leave half of one.
    It makes those anew that are missing.
    """
    from pymilvus import MilvusException

    try:
        return _prepare(milvus, *given)
    except MilvusException:
        with writing(milvus.shown):
            for index in milvus.address.folder.glob("collections/*/partitions/*/indexes/*"):
                index.unlink()
    try:
        return _prepare(milvus, *given)
    except MilvusException as error:
        reason = " ".join(error.message.split())[:150]
        raise InputError(
            f"{milvus.shown} is damaged ({reason}); restore it from a copy, or index the videos into another "
            "gallery"
        ) from None


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
    create_index(milvus, tracklets)  # who is just creating it may not have come to that
    found = milvus.call("describe_collection", tracklets)["properties"]
    dim = check_settings(found, weights, dim, milvus.shown)
    create_collection(milvus, videos, video_schema())
    create_collection(milvus, people, people_schema())
    load_collections(milvus, names)
    return dim
