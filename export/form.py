"""What is to be written, and of what."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import nn
from yacs.config import CfgNode

from engine.exported import Facts
from utils.files import sha256
from utils.machine import git_commit


@dataclass(frozen=True)
class Form:
    """How a network is to be written.

    Attributes:
        format: a name in FORMATS.
        precision: 'fp32', 'fp16' or 'int8'.
        takes_pixels: its input is (N, H, W, 3) uint8 RGB, which it normalises itself; else (N, 3, H, W)
            float32 RGB, normalised.
        l2_norm: its features have length 1.
        opset: version of ONNX's operators.
    """

    format: str
    precision: str = "fp32"
    takes_pixels: bool = False
    l2_norm: bool = False
    opset: int = 18


@dataclass(frozen=True)
class Source:
    """A trained network.

    Attributes:
        cfg: its settings.
        network: with its weights, in evaluation mode.
        weights: their file.
        pictures: (H, W, 3) uint8 RGB at INPUT.SIZE_TEST, at least two, to check with; for int8, those whose
            values give the ranges.
    """

    cfg: CfgNode
    network: nn.Module
    weights: Path
    pictures: list[np.ndarray]

    def facts(self, form: Form) -> Facts:
        """What a file of this form says about the network."""
        cfg = self.cfg
        return Facts(
            network=cfg.MODEL.NAME,
            input_size=tuple(cfg.INPUT.SIZE_TEST),
            colour_order="RGB",
            input_layout="NHWC" if form.takes_pixels else "NCHW",
            pixel_mean=tuple(cfg.INPUT.PIXEL_MEAN),
            pixel_std=tuple(cfg.INPUT.PIXEL_STD),
            feature_dim=self.network.feature_dim,
            l2_norm=form.l2_norm,
            neck_feat=cfg.TEST.NECK_FEAT,
            precision=form.precision,
            weights=self.weights.name,
            weights_sha256=sha256(self.weights),
            program=git_commit(),
        )
