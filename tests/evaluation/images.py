"""Embedded images that need no network."""

import numpy as np
import torch

from evaluation import Embedded, TestImages


def embedded(features: torch.Tensor, pids, camids, mirrored: torch.Tensor | None = None) -> Embedded:
    """Features with their labels."""
    labels = (torch.as_tensor(pids), torch.as_tensor(camids), torch.arange(len(features)))
    return Embedded(features, *labels, mirrored)


def random_images(seed: int = 0, number: int = 40) -> TestImages:
    """Features of 4 dimensions and of different lengths; 10 queries, the rest gallery."""
    rng = np.random.default_rng(seed)

    def draw() -> torch.Tensor:
        features = rng.normal(size=(number, 4)) * rng.uniform(0.5, 2, (number, 1))
        return torch.tensor(features, dtype=torch.float32)

    images = embedded(draw(), np.arange(number) % 5, np.arange(number) % 3, draw())
    is_query = torch.arange(number) < 10
    return TestImages(images.where(is_query), images.where(~is_query))
