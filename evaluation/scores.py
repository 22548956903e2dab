"""From features to scores: larger = nearer, chunk by chunk, never all pairs at once."""

from collections.abc import Iterator

import numpy as np
import torch

from utils.errors import InputError

CHUNK_BYTES = 48 << 20  # scores held at a time, but never fewer than MIN_ROWS queries' scores
MIN_ROWS = 128  # fewer rows would make the matrix product wait for memory


def check_features(
    query: torch.Tensor | np.ndarray, gallery: torch.Tensor | np.ndarray
) -> tuple[torch.Tensor, torch.Tensor]:
    """Features as tensors, float32 at least.

    Raises:
        InputError: there are none, or some are not finite.
        ValueError: they are not (Q, D) and (G, D).
    """
    both = []
    for name, features in (("query", query), ("gallery", gallery)):
        features = torch.as_tensor(features)
        features = features.to(torch.promote_types(features.dtype, torch.float32))
        if features.ndim != 2:
            raise ValueError(f"{name} features must be (number, dimensions), not {tuple(features.shape)}")
        if not len(features):
            raise InputError(f"there are no {name} images to rank")
        if bad := int((~torch.isfinite(features.sum(1))).sum()):
            raise InputError(
                f"{bad} of {len(features)} {name} features are not finite (NaN or infinite); did the "
                "training of these weights diverge?"
            )
        both.append(features)
    if both[0].shape[1] != both[1].shape[1]:
        raise ValueError(f"query has {both[0].shape[1]} dimensions, gallery {both[1].shape[1]}")
    return both[0], both[1]


def feature_scores(query: torch.Tensor, gallery: torch.Tensor) -> Iterator[torch.Tensor]:
    """Chunks (m, G) of the dot products of (Q, D) and (G, D) features, each overwriting the one before."""
    step = max(MIN_ROWS, CHUNK_BYTES // (gallery.element_size() * len(gallery)))
    buffer = gallery.new_empty(min(step, len(query)), len(gallery))
    for rows in query.split(step):
        yield torch.mm(rows, gallery.T, out=buffer[: len(rows)])


def euclidean_scores(query: torch.Tensor, gallery: torch.Tensor) -> Iterator[torch.Tensor]:
    """Chunks (m, G) of q·g - |g|²/2, which falls as |q - g| grows; each overwriting the one before."""
    query = torch.cat([query, query.new_ones(len(query), 1)], dim=1)
    return feature_scores(query, torch.cat([gallery, -gallery.square().sum(1, keepdim=True) / 2], dim=1))


def distance_scores(distance: np.ndarray) -> Iterator[torch.Tensor]:
    """Chunks (m, G) of the scores of (Q, G) distances, which are not changed."""
    for rows in torch.from_numpy(distance).split(256):
        yield -rows
