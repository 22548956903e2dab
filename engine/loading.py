"""A trained network as something that gives features."""

from pathlib import Path

import torch
from loguru import logger

from config import load_cfg
from data.transforms import make_test_transform
from modeling import build_model, load_weights

from .features import FeatureExtractor


def load_extractor(weights: str | Path, device: torch.device, batch_size: int = 64) -> FeatureExtractor:
    """The network of a file of weights, by the settings beside it.

    Args:
        weights: of this program, beside the config.yml of their run or their own ``<name>.config.yml``.
        device: to compute on.
        batch_size: most images at a time.

    Raises:
        InputError: the file or its settings are missing, damaged, or do not fit each other.
    """
    cfg = load_cfg(["--model_path", str(weights)], "test")
    model = build_model(cfg, num_classes=0)
    report = load_weights(model, weights, complete=True)
    logger.info(f"Weights: {weights}: {report}")
    model.to(device, memory_format=torch.channels_last)
    return FeatureExtractor(model, make_test_transform(cfg), device, batch_size, cfg.SOLVER.AMP)
