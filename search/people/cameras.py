"""What a camera gives to everybody: its light, its colours, the floor behind them."""

import numpy as np


def without_cameras(vectors: np.ndarray, cameras: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Vectors without what people before the same camera have in common.

    Args:
        vectors: (W, D) float32, of length 1.
        cameras: (W,) names, by which each was seen.
        people: (W,) int64, whose each is, more or less; -1: nobody has looked.

    Returns:
        (W, D) float32, of length 1.
    """
    cleared = vectors.copy()
    for camera in np.unique(cameras):
        own = cameras == camera
        looked_at = own & (people >= 0)
        if looked_at.any():
            cleared[own] -= common_part(vectors[looked_at], people[looked_at])
    return unit(cleared)


def common_part(vectors: np.ndarray, people: np.ndarray) -> np.ndarray:
    """What the vectors of a camera's people have in common, (D,) float32.

    It is their mean, in which each person counts once: who passes all day is no part of what others look
    like. The mean of few has much that is theirs alone, for its square is that of the common part and a share
    of their own. So it is shrunk to the part that the products of two different people show (James and Stein,
    1961). The network's own centre, zero, counts as one more person: of two who look alike, not all is the
    camera's. With one person, or with people who have nothing in common, nothing is left.

    Args:
        vectors: (W, D) float32.
        people: (W,) int64, whose each is.
    """
    order = np.argsort(people, kind="stable")
    _, begins, walks = np.unique(people[order], return_index=True, return_counts=True)
    persons = np.add.reduceat(vectors[order], begins, axis=0) / walks[:, None].astype(np.float32)
    count = len(walks) + 1
    mean = persons.sum(0) / np.float32(count)
    square = float(mean @ mean)
    product = (count * square - float((persons**2).sum()) / count) / (count - 1)
    return mean * np.float32(max(0.0, product) / max(square, 1e-12))


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors (W, D) of length 1."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
