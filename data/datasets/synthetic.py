"""People drawn by this program, in Market-1501's layout: a data set that needs no download."""

import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path

from filelock import FileLock
from loguru import logger
from yacs.config import CfgNode

from utils.errors import InputError, os_reason

from .base import ReidDataset
from .market_layout import read_market_layout
from .synthesis import SyntheticSpec, write_synthetic

# Raised whenever the drawing changes, so that a set made before is made again.
DRAWING_VERSION = 1
STAMP = "synthetic.json"  # the file that says what was drawn


def read_synthetic(cfg: CfgNode) -> ReidDataset:
    """Read ``ROOT_DIR/synthetic``; draw it first if it is missing or was drawn with other settings.

    Args:
        cfg: the settings' section DATASETS; SYNTHETIC gives size and seed.

    Raises:
        InputError: the folder cannot be written.
    """
    numbers = cfg.SYNTHETIC
    spec = SyntheticSpec(numbers.TRAIN_IDS, numbers.TEST_IDS, numbers.IMAGES_PER_CAMERA, numbers.SEED)
    folder = Path(cfg.ROOT_DIR) / "synthetic"
    if not is_drawn(folder, spec):
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(folder.with_name(".synthetic.lock")):
                if not is_drawn(folder, spec):  # another process may just have drawn it
                    draw(folder, spec)
        except OSError as error:
            raise InputError(
                f"cannot draw the synthetic data set into {folder}: {os_reason(error)}; "
                "set DATASETS.ROOT_DIR to a folder that can be written"
            ) from None
    return read_market_layout(folder, "Synthetic")


def is_drawn(folder: Path, spec: SyntheticSpec) -> bool:
    """Whether the folder holds the data set of this spec, drawn by this version."""
    stamp = folder / STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == _stamp(spec)


def draw(folder: Path, spec: SyntheticSpec) -> None:
    """Draw the data set under a temporary name, then rename it; one drawn before is replaced.

    Raises:
        InputError: the folder exists and was not drawn by this program.
        OSError: it cannot be written.
    """
    logger.info(f"Drawing the synthetic data set into {folder}")
    part = folder.with_name(f"{folder.name}.part-{os.getpid()}")
    try:
        write_synthetic(part, spec)
        (part / STAMP).write_text(_stamp(spec), encoding="utf-8")
        if folder.exists():
            if not (folder / STAMP).is_file():
                raise InputError(f"{folder} exists and was not drawn by this program; rename it")
            shutil.rmtree(folder)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _stamp(spec: SyntheticSpec) -> str:
    return json.dumps(asdict(spec) | {"drawing_version": DRAWING_VERSION})
