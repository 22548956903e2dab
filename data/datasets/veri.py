"""VeRi-776: vehicles (Liu et al., "… Progressive Vehicle Re-identification …", ECCV 2016)."""

from yacs.config import CfgNode

from .base import ReidDataset
from .market_layout import read_benchmark

FOLDERS = ("VeRi", "veri", "VeRi-776", "VeRi776", "veri776")
SUBSETS = {"train": "image_train", "query": "image_query", "gallery": "image_test"}


def read_veri(cfg: CfgNode) -> ReidDataset:
    """Read VeRi-776 from ``ROOT_DIR/VeRi`` or one of its other usual names.

    Args:
        cfg: the settings' section DATASETS.

    Raises:
        InputError: no such folder, or one that is empty or unpacked in part.
    """
    return read_benchmark(cfg, "VeRi-776", FOLDERS, "VeRi.zip", SUBSETS)
