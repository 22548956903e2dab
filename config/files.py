"""Files that a command needs, looked for before anything slow starts."""

import os
from pathlib import Path

from yacs.config import CfgNode

from utils.run_folder import settings_beside

from .errors import ConfigError


def check_training_files(cfg: CfgNode) -> None:
    """Raise a ConfigError if a file that a training starts from or learns from is missing."""
    for key in ("TEACHER", "TEACHER_FEATURES"):
        if cfg.KD[key]:
            _check_file(f"KD.{key}", cfg.KD[key], "name the teacher's file")
    if cfg.KD.TEACHER and not settings_beside(Path(cfg.KD.TEACHER)).is_file():
        raise ConfigError(
            f"KD.TEACHER {cfg.KD.TEACHER}: no config.yml beside it to say what network it is; copy the one "
            "of its run there"
        )
    if cfg.RESUME:  # only the run's own state is loaded
        return
    if cfg.MODEL.PRETRAIN_CHOICE == "self" or cfg.MODEL.PRETRAIN_PATH and cfg.MODEL.PRETRAIN_CHOICE != "none":
        _check_file(
            "MODEL.PRETRAIN_PATH",
            cfg.MODEL.PRETRAIN_PATH,
            "name a file with --model_path (mobilenet_v2 has a ready one with --pretrain_choice self) or "
            "start from random weights with --pretrain_choice none",
        )


def check_tested_weights(cfg: CfgNode) -> None:
    """Raise a ConfigError if the weights to test are not named or missing."""
    _check_file("TEST.WEIGHT", cfg.TEST.WEIGHT, "name the weights with --model_path logs/<run>/mAPxx.pth")


def _check_file(key: str, path: str, fix: str) -> None:
    if not path:
        raise ConfigError(f"{key} is empty; {fix}")
    if not os.path.isfile(path):
        raise ConfigError(f"{key} {path}: no such file; {fix}")
