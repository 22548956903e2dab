"""A trained network, from its file."""

from pathlib import Path

import torch
from loguru import logger
from torch import nn
from yacs.config import CfgNode

from config import load_cfg
from data.transforms import make_test_transform
from modeling import Baseline, build_model, load_weights, stem_may_differ
from utils.run_folder import settings_beside

from .exported import EXPORTED
from .features import FeatureExtractor


def load_network(cfg: CfgNode, device: torch.device) -> tuple[CfgNode, nn.Module]:
    """The network of TEST.WEIGHT, with a line in the log; see ``open_network``."""
    path = Path(cfg.TEST.WEIGHT)
    settings, network, about = open_network(path, cfg, device)
    logger.info(f"Weights: {path}: {about}")
    if isinstance(network, Baseline) and not settings_beside(path).is_file() and stem_may_differ(cfg):
        logger.info(
            "No config.yml beside the weights; if they are of a plain ResNet of reid-strong-baseline, test "
            "with MODEL.STEM_RELU no"
        )
    return settings, network


def open_network(path: Path, cfg: CfgNode, device: torch.device) -> tuple[CfgNode, nn.Module, str]:
    """A network from its file: weights of this program and others, or an exported one.

    Args:
        path: of the file.
        cfg: the settings.
        device: to compute on.

    Returns:
        The settings as the network wants them: an exported file says itself what images it takes. The
        network, (B, 3, H, W) to (B, D), on the device, with the attribute ``feature_dim``, D. What it is.

    Raises:
        InputError: the file is missing, damaged, or does not fit the settings.
    """
    if open_exported := EXPORTED.get(path.suffix.lower()):
        exported = open_exported(path, device)
        return exported.settings(cfg), exported, str(exported.facts or "an ONNX file of another program")
    model = build_model(cfg, num_classes=0)
    report = load_weights(model, path, complete=True)
    return cfg, model.to(device, memory_format=torch.channels_last), str(report)


def load_extractor(weights: str | Path, device: torch.device, batch_size: int = 64) -> FeatureExtractor:
    """What gives the features of images, by the settings beside its weights.

    Args:
        weights: of this program, beside the config.yml of their run or their own ``<name>.config.yml``; or
            an exported file.
        device: to compute on.
        batch_size: most images at a time.

    Raises:
        InputError: the file or its settings are missing, damaged, or do not fit each other.
    """
    cfg, network = load_network(load_cfg(["--model_path", str(weights)], "test"), device)
    return FeatureExtractor(network, make_test_transform(cfg), device, batch_size, cfg.SOLVER.AMP)
