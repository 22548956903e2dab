"""Networks that turn pictures of people into vectors."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from engine import load_extractor
from utils.errors import InputError

from .gallery import WeightsFingerprint
from .onnx_embedder import OnnxEmbedder

BATCH = 32  # pictures


class Embedder(Protocol):
    """Turns pictures into vectors.

    Attributes:
        dim: numbers of a vector.
        weights: what a gallery remembers of the network.
    """

    dim: int
    weights: WeightsFingerprint

    def __call__(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """(h, w, 3) uint8 BGR pictures of any size to (N, D) float32 vectors of length 1."""


class NetworkEmbedder:
    """A network of this program.

    Args:
        weights: file, with its settings beside it.
        device: to compute on.

    Raises:
        InputError: the weights cannot be loaded.
    """

    def __init__(self, weights: Path, device: torch.device):
        self.weights = WeightsFingerprint.of(weights)
        self._extract = load_extractor(weights, device, BATCH)
        self.dim = self._extract.model.feature_dim

    def __call__(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """(h, w, 3) uint8 BGR pictures of any size to (N, D) float32 vectors of length 1."""
        features = self._extract([np.ascontiguousarray(picture[..., ::-1]) for picture in pictures])
        return torch.nn.functional.normalize(features, dim=1).numpy()


# suffix of a file -> factory(path, device)
EMBEDDERS: dict[str, Callable[[Path, torch.device], Embedder]] = {
    ".pth": NetworkEmbedder,
    ".pt": NetworkEmbedder,
    ".onnx": OnnxEmbedder,
}


def make_embedder(weights: str, device: torch.device) -> Embedder:
    """The network of a file of weights.

    Raises:
        InputError: there is no such file, it is of another kind, or it cannot be loaded.
    """
    path = Path(weights)
    factory = EMBEDDERS.get(path.suffix.lower())
    if factory is None:
        raise InputError(f"--weights {weights}: weights are read from {', '.join(EMBEDDERS)} files")
    if not path.is_file():
        raise InputError(f"--weights {weights}: no such file")
    return factory(path, device)


def pooled(vectors: np.ndarray) -> np.ndarray:
    """The mean of (N, D) vectors of one person, (D,) of length 1."""
    mean = vectors.mean(0)
    return mean / max(float(np.linalg.norm(mean)), 1e-12)
