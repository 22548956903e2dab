"""The three collections of a gallery, and what their names and settings say."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utils.errors import InputError
from utils.files import sha256

from .text import LONGEST

FORMAT = "1"  # of what is stored; another program version reads no other
MOST_CONTENT = 65_535  # bytes of a video's record, the most of a VARCHAR
# Exact. On 100,000 vectors of 512, an approximate index gains milliseconds and loses people.
INDEX = "FLAT"
METRIC = "IP"  # of unit vectors: their cosine similarity


@dataclass(frozen=True)
class WeightsFingerprint:
    """Which network made the vectors of a gallery.

    Args:
        name: of the weights' file, for messages.
        sha256: of its content.
    """

    name: str
    sha256: str

    @classmethod
    def of(cls, file: str | Path) -> "WeightsFingerprint":
        """The fingerprint of a file of weights.

        Raises:
            InputError: it cannot be read.
        """
        return cls(Path(file).name, sha256(file))


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
    from pymilvus import DataType, MilvusClient

    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=LONGEST + 16)
    for name in ("tracklet", "track", "video", "camera"):
        schema.add_field(name, DataType.VARCHAR, max_length=LONGEST)
    for name in ("segment", "part"):
        schema.add_field(name, DataType.INT64)
    for name in ("start", "end"):
        schema.add_field(name, DataType.DOUBLE)
    schema.add_field("quality", DataType.FLOAT)
    # Not VARCHAR: pymilvus looks at every character of one, which takes longer than all the rest.
    for name in ("path", "thumbnail"):
        schema.add_field(name, DataType.JSON)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
    return schema


def video_schema() -> Any:
    """Fields of the collection with the videos; a collection of Milvus must have a vector."""
    from pymilvus import DataType, MilvusClient

    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=LONGEST + 16)
    schema.add_field("video", DataType.VARCHAR, max_length=LONGEST)
    schema.add_field("segment", DataType.INT64)
    schema.add_field("content", DataType.VARCHAR, max_length=MOST_CONTENT)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    return schema


def people_schema() -> Any:
    """Fields of the collection that says who is who, as of ``MemberRow.stored``."""
    from pymilvus import DataType, MilvusClient

    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=LONGEST + 16)
    for name in ("video", "camera"):
        schema.add_field(name, DataType.VARCHAR, max_length=LONGEST)
    for name in ("segment", "person"):
        schema.add_field(name, DataType.INT64)
    for name in ("start", "end"):
        schema.add_field(name, DataType.DOUBLE)
    schema.add_field("more", DataType.JSON)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    return schema


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
