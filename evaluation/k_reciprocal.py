"""k-reciprocal re-ranking (Zhong et al., "Re-ranking Person Re-identification with …", CVPR 2017).

The published code holds several N x N matrices of all N = Q + G images. Here only the k nearest of each image
are kept: every set that the method forms is made of them, so that its N x N encoding has a few hundred
entries per row.
"""

from typing import NamedTuple

import numpy as np
import psutil
import torch
from loguru import logger
from scipy.sparse import csr_matrix

from utils.errors import InputError

from .scores import check_features

CHUNK_BYTES = 96 << 20  # distances, or pairs, held at a time
REMEMBERED = 64  # neighbours beyond k1 whose distances are kept, since most will be needed


class Neighbours(NamedTuple):
    """The nearest images of each of N images, itself first, and what its distances are divided by."""

    nearest: np.ndarray  # (N, k) int64
    distance: np.ndarray  # (N, k) float32, squared Euclidean
    farthest: np.ndarray  # (N,) float32, largest squared distance of the image to any


def re_ranking(
    query: torch.Tensor | np.ndarray,
    gallery: torch.Tensor | np.ndarray,
    k1: int = 20,
    k2: int = 6,
    lambda_value: float = 0.3,
) -> np.ndarray:
    """Distances that also count how many near neighbours two images share.

    Args:
        query: (Q, D) features, L2-normalised if cosine is wanted.
        gallery: (G, D) features.
        k1: number of nearest neighbours among which two images must find each other.
        k2: neighbours whose encodings are averaged; 1: none.
        lambda_value: weight of the original distance (squared Euclidean, divided by the query's largest); the
            rest is the Jaccard distance of the encodings.

    Returns:
        (Q, G) float32 distances, smaller = nearer.

    Raises:
        InputError: features that cannot be ranked, k1 or k2 too large for them, or too little memory.
        ValueError: shapes that do not match.
    """
    query, gallery = check_features(query, gallery)
    number = len(query) + len(gallery)
    if not 1 <= k2 <= k1 < number:
        raise InputError(
            f"re-ranking needs 1 <= k2 <= k1 < images, not k1 {k1} and k2 {k2} for {number} images; lower "
            "TEST.K1"
        )
    needed = check_memory(len(query), len(gallery), query.shape[1], k1, k2)
    logger.info(
        f"Re-ranking {len(query)} queries against {len(gallery)} images, in at most {needed / 1e9:.1f} GB"
    )
    features = torch.cat([query, gallery])
    neighbours, distance = nearest_neighbours(features, len(query), min(number, REMEMBERED + k1 + 1))
    encoding = reciprocal_encoding(features, neighbours, k1)
    if k2 > 1:
        encoding = average_encoding(encoding, neighbours.nearest[:, :k2])
    add_jaccard(distance, encoding, lambda_value)
    return distance


def check_memory(num_query: int, num_gallery: int, dim: int, k1: int, k2: int) -> int:
    """Bytes that re-ranking will need beyond the features.

    Raises:
        InputError: less memory is free.
    """
    number = num_query + num_gallery
    entries = number * min(number, 3 * k1 * k2)  # of the averaged encoding, generously
    needed = (
        4 * num_query * num_gallery
        + 4 * number * dim
        + 16 * number * (k1 + 1 + REMEMBERED)
        + 32 * entries
        + 2 * CHUNK_BYTES
    )
    available = psutil.virtual_memory().available
    if needed > available:
        raise InputError(
            f"re-ranking {num_query} queries against {num_gallery} images needs about {needed / 1e9:.1f} GB, "
            f"{available / 1e9:.1f} GB are free; test without TEST.RE_RANKING, or with fewer images"
        )
    return needed


def nearest_neighbours(features: torch.Tensor, num_query: int, k: int) -> tuple[Neighbours, np.ndarray]:
    """The nearest images of each image, and the distances of the queries to the gallery.

    Args:
        features: (N, D), queries first.
        num_query: Q.
        k: neighbours of each image, itself among them.

    Returns:
        Neighbours, and (Q, N - Q) float32 squared Euclidean distances, each divided by its query's largest.
    """
    number = len(features)
    nearest = torch.empty(number, k, dtype=torch.int64)
    nearest_distance = torch.empty(number, k)
    farthest = torch.empty(number)
    distance = np.empty((num_query, number - num_query), np.float32)
    norms = features.square().sum(1)
    step = max(1, CHUNK_BYTES // (4 * number))
    buffer = features.new_empty(min(step, number), number)
    for start in range(0, number, step):
        rows = features[start : start + step]
        squared = torch.addmm(norms[None], rows, features.T, alpha=-2, out=buffer[: len(rows)])
        squared += norms[start : start + step, None]
        largest = squared.amax(1)
        farthest[start : start + step] = largest
        part = squared.topk(k, dim=1, largest=False)
        nearest[start : start + step], nearest_distance[start : start + step] = part.indices, part.values
        if start < num_query:
            queries = min(num_query - start, len(rows))
            relative = squared[:queries, num_query:] / largest[:queries, None]
            distance[start : start + queries] = relative.cpu().numpy()
    return Neighbours(nearest.numpy(), nearest_distance.numpy(), farthest.numpy()), distance


def reciprocal_encoding(features: torch.Tensor, neighbours: Neighbours, k1: int) -> csr_matrix:
    """Each image as weights of the images that are its k-reciprocal neighbours.

    Two images are k-reciprocal neighbours if each is among the other's k nearest. A neighbour adds its own
    k1 / 2 nearest neighbours if more than two thirds of them are the image's already.

    Args:
        features: (N, D).
        neighbours: of each image, k1 + 1 of them or more.
        k1: as for ``re_ranking``.

    Returns:
        (N, N) with rows that sum to 1, weights falling with exp(-distance).
    """
    nearest = neighbours.nearest[:, : k1 + 1]
    number, half = len(nearest), round(k1 / 2) + 1
    mutual = _are_mutual(nearest)
    mutual_half = _are_mutual(nearest[:, :half])
    pairs = []
    step = max(1, CHUNK_BYTES // (8 * nearest.shape[1] ** 2 * half))
    for start in range(0, number, step):
        own, is_own = nearest[start : start + step], mutual[start : start + step]
        theirs = nearest[own, :half]  # (m, k1 + 1, half)
        is_theirs = mutual_half[own] & is_own[:, :, None]
        known = np.where(is_own, own, -1)
        shared = (theirs[:, :, :, None] == known[:, None, None, :]).any(3) & is_theirs
        joins = 3 * shared.sum(2) > 2 * is_theirs.sum(2)
        rows = np.arange(start, start + len(own)) * number
        pairs.append(np.unique(np.concatenate([
            (rows[:, None] + own)[is_own], (rows[:, None, None] + theirs)[is_theirs & joins[:, :, None]]
        ])))  # fmt: skip
    rows, columns = np.divmod(np.concatenate(pairs), number)
    weights = np.exp(-_pair_distances(features, neighbours, rows, columns) / neighbours.farthest[rows])
    weights /= np.bincount(rows, weights, number)[rows]
    return csr_matrix((weights.astype(np.float32), (rows, columns)), shape=(number, number))


def average_encoding(encoding: csr_matrix, nearest: np.ndarray) -> csr_matrix:
    """Each image's encoding as the mean of those of its nearest images (N, k2), itself among them."""
    number, k2 = nearest.shape
    ends = np.arange(0, number * k2 + 1, k2)
    mean = csr_matrix((np.full(nearest.size, 1 / k2, np.float32), nearest.ravel(), ends), encoding.shape)
    return mean @ encoding


def add_jaccard(distance: np.ndarray, encoding: csr_matrix, lambda_value: float) -> None:
    """Mix the Jaccard distance of the encodings into the distances (Q, G), in place.

    With rows that sum to 1, the sums of the larger and of the smaller weights of two images add up to 2, so
    that the distance is 1 - s / (2 - s) with the sum s of the smaller ones.
    """
    num_query, num_gallery = distance.shape
    queries, gallery = encoding[:num_query], encoding[num_query:].tocsc()
    lengths = np.diff(gallery.indptr)
    work = np.concatenate([[0], np.cumsum(lengths[queries.indices])])[queries.indptr]  # pairs before each
    start = 0
    while start < num_query:
        # As many queries as have about a chunk of pairs, and at least one.
        stop = max(start + 1, int(np.searchsorted(work, work[start] + CHUNK_BYTES // 64, "right")) - 1)
        stop = min(stop, start + max(1, CHUNK_BYTES // (64 * num_gallery)), num_query)
        rows = slice(queries.indptr[start], queries.indptr[stop])
        columns = queries.indices[rows]
        of_query = np.repeat(np.arange(stop - start), np.diff(queries.indptr[start : stop + 1]))
        count = lengths[columns]
        first = gallery.indptr[columns] - np.concatenate([[0], np.cumsum(count)[:-1]])
        place = np.repeat(first, count) + np.arange(count.sum())
        smaller = np.minimum(np.repeat(queries.data[rows], count), gallery.data[place])
        cell = np.repeat(of_query * num_gallery, count) + gallery.indices[place]
        shared = np.bincount(cell, smaller, (stop - start) * num_gallery).reshape(-1, num_gallery)
        distance[start:stop] *= lambda_value
        distance[start:stop] += (1 - lambda_value) * (1 - shared / (2 - shared))
        start = stop


def _are_mutual(nearest: np.ndarray) -> np.ndarray:
    """For each neighbour (N, k) whether the image is among the neighbour's own."""
    mutual = np.empty(nearest.shape, bool)
    step = max(1, CHUNK_BYTES // (8 * nearest.shape[1] ** 2))
    for start in range(0, len(nearest), step):
        rows = nearest[start : start + step]
        image = np.arange(start, start + len(rows))
        mutual[start : start + step] = (nearest[rows] == image[:, None, None]).any(2)
    return mutual


def _pair_distances(
    features: torch.Tensor, neighbours: Neighbours, rows: np.ndarray, columns: np.ndarray
) -> np.ndarray:
    """Squared Euclidean distances of pairs of images, looked up where they are known."""
    number, k = neighbours.nearest.shape
    known = (neighbours.nearest + number * np.arange(number)[:, None]).ravel()
    order = np.argsort(known)
    wanted = rows * number + columns
    found = order[np.searchsorted(known, wanted, sorter=order).clip(max=number * k - 1)]
    distance = neighbours.distance.ravel()[found]
    unknown = np.flatnonzero(known[found] != wanted)
    for part in np.array_split(unknown, len(unknown) // 512 + 1):  # small enough for the processor's cache
        a, b = (features[torch.from_numpy(images[part]).to(features.device)] for images in (rows, columns))
        distance[part] = a.sub_(b).square_().sum(1).cpu().numpy()
    return distance
