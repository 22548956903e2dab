"""Networks that turn pictures of people into vectors."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from engine import load_extractor
from engine.exported import EXPORTED
from utils.errors import InputError
from utils.run_folder import own_settings, settings_beside

from .gallery import WeightsFingerprint

BATCH = 32  # pictures
SUFFIXES = (".pth", ".pt", *EXPORTED)


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
    """A network of this program, or an exported one.

    Args:
        weights: file; of this program, with its settings beside it.
        device: to compute on.

    Raises:
        InputError: the weights cannot be loaded.
    """

    def __init__(self, weights: Path, device: torch.device):
        self.weights = WeightsFingerprint.of(weights)
        try:
            self._extract = load_extractor(weights, device, BATCH)
        except InputError as error:
            if weights.suffix.lower() in EXPORTED or settings_beside(weights).is_file():
                raise
            own = own_settings(weights)
            raise InputError(f"{error}; or copy the config.yml of the weights' run to {own}") from None
        self.dim = self._extract.model.feature_dim

    def __call__(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """(h, w, 3) uint8 BGR pictures of any size to (N, D) float32 vectors of length 1."""
        features = self._extract([picture[..., ::-1] for picture in pictures])
        return torch.nn.functional.normalize(features, dim=1).numpy()


def make_embedder(weights: str, device: torch.device) -> Embedder:
    """The network of a file of weights.

    Raises:
        InputError: there is no such file, it is of another kind, or it cannot be loaded.
    """
    path = Path(weights)
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"--weights {weights}: weights are read from {', '.join(SUFFIXES)} files")
    if not path.is_file():
        raise InputError(f"--weights {weights}: no such file")
    return NetworkEmbedder(path, device)


def pooled(vectors: np.ndarray) -> np.ndarray:
    """The mean of (N, D) vectors of one person, (D,) of length 1."""
    mean = vectors.mean(0)
    return mean / max(float(np.linalg.norm(mean)), 1e-12)
