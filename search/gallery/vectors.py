"""Vectors before they are written or searched for."""

from collections.abc import Sequence

import numpy as np

from utils.errors import InputError

from .rows import TrackletRow


def stored_rows(rows: Sequence[TrackletRow], video: str, segment: int, dim: int) -> list[dict]:
    """The rows of a segment as Milvus takes them.

    Raises:
        InputError: a vector is not finite or zero, a name too long, or a thumbnail too large.
    """
    if not rows:
        return []
    if any((row.video, row.segment) != (video, segment) for row in rows):
        raise ValueError(f"rows of another video or segment in segment {segment} of {video}")
    if len({(row.tracklet, row.part) for row in rows}) < len(rows):
        raise ValueError(f"segment {segment} of {video} has two rows for a part of a tracklet")
    vectors = unit_vectors(np.stack([row.vector for row in rows]), dim)
    return [row.stored(vector) for row, vector in zip(rows, vectors, strict=True)]


def unit_vectors(vectors: np.ndarray, dim: int) -> np.ndarray:
    """Vectors (N, dim) of length 1, as float32.

    Raises:
        InputError: one is zero or not finite.
    """
    vectors = np.asarray(vectors, np.float32)
    if vectors.shape[1] != dim:
        raise ValueError(f"vectors of {vectors.shape[1]} numbers for a gallery of {dim}")
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(norms).all() or (norms == 0).any():
        raise InputError("the network's features are zero or not finite; are its weights damaged?")
    return vectors / norms
