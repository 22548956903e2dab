"""The three collections of a gallery, and what their names and settings say."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utils.errors import InputError
from utils.onnx_session import network_sha256

from .text import LONGEST

FORMAT = "1"  # of what is stored; another program version reads no other
MOST_CONTENT = 65_535  # bytes of a video's record, the most of a VARCHAR
# Exact. On 100,000 vectors of 512, an approximate index gains milliseconds and loses people.
INDEX = "FLAT"
# Parts of a server's collection. Each is searched by one thread of its own, on however many cores.
SHARDS = 2
METRIC = "IP"  # of unit vectors: their cosine similarity


@dataclass(frozen=True)
class WeightsFingerprint:
    """Which network made the vectors of a gallery.

    Args:
        name: of the weights' file, for messages.
        sha256: of its content, and of weights that are in files beside it.
    """

    name: str
    sha256: str

    @classmethod
    def of(cls, file: str | Path) -> "WeightsFingerprint":
        """The fingerprint of a file of weights.

        Raises:
            InputError: it cannot be read.
        """
        return cls(Path(file).name, network_sha256(file))


def tracklets_of(name: str) -> str:
    """Name of the collection with a gallery's vectors."""
    return f"{name}_tracklets"


def videos_of(name: str) -> str:
    """Name of the collection with a gallery's videos."""
    return f"{name}_videos"


def people_of(name: str) -> str:
    """Name of the collection that says who is who."""
    return f"{name}_people"


def tracklet_schema(dim: int) -> Any:
    """Fields of the collection with the vectors, as of ``TrackletRow.stored``."""
    return _schema(
        dim,
        VARCHAR=("tracklet", "track", "video", "camera"),
        INT64=("segment", "part"),
        DOUBLE=("start", "end"),
        FLOAT=("quality",),
        # Not VARCHAR: pymilvus looks at every character of one, which takes longer than all the rest.
        JSON=("path", "thumbnail"),
    )


def video_schema() -> Any:
    """Fields of the collection with the videos."""
    return _schema(VARCHAR=("video", "content"), INT64=("segment",))


def people_schema() -> Any:
    """Fields of the collection that says who is who, as of ``MemberRow.stored``."""
    return _schema(
        VARCHAR=("video", "camera"), INT64=("segment", "person"), DOUBLE=("start", "end"), JSON=("more",)
    )


def settings(weights: WeightsFingerprint, dim: int) -> dict[str, str]:
    """The settings of a gallery, as properties of its first collection: written with it, all or nothing."""
    return {
        "reid.format": FORMAT,
        "reid.weights": weights.name,
        "reid.sha256": weights.sha256,
        "reid.dim": str(dim),
    }


def check_settings(
    found: dict[str, str], weights: WeightsFingerprint | None, dim: int | None, shown: str
) -> int:
    """Compare a gallery's settings with what it is opened for.

    Args:
        found: the properties of its first collection.
        weights: that will be used; None: none will.
        dim: of the vectors; None: none will be given.
        shown: the gallery's address.

    Returns:
        The dimension of its vectors.

    Raises:
        InputError: they differ, or it is not a gallery of this version of the program.
    """
    if found.get("reid.format") != FORMAT:
        raise InputError(
            f"{shown} holds a gallery of another version of this program (format "
            f"{found.get('reid.format', 'unknown')}, not {FORMAT}); index the videos into a new one"
        )
    there = f"{found['reid.weights']} (SHA-256 {found['reid.sha256'][:8]}, {found['reid.dim']} numbers each)"
    if weights and (weights.sha256 != found["reid.sha256"] or dim not in (None, int(found["reid.dim"]))):
        given = f"{weights.name} (SHA-256 {weights.sha256[:8]}, {dim or '?'} numbers each)"
        raise InputError(
            f"{shown} holds features of {there}, which cannot be compared with those of {given}; use the "
            "same weights, or another gallery"
        )
    return int(found["reid.dim"])


def _schema(dim: int = 2, **fields: Sequence[str]) -> Any:
    """An id, fields by their types, and a vector, which a collection of Milvus must have."""
    from pymilvus import DataType, MilvusClient

    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=LONGEST + 16)
    for kind, names in fields.items():
        for name in names:
            longest = MOST_CONTENT if name == "content" else LONGEST
            more = {"max_length": longest} if kind == "VARCHAR" else {}
            schema.add_field(name, DataType[kind], **more)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
    return schema
