"""Market-1501 (Zheng et al., "Scalable Person Re-identification: A Benchmark", ICCV 2015)."""

from yacs.config import CfgNode

from .base import ReidDataset
from .market_layout import read_benchmark

FOLDERS = ("market1501/Market-1501-v15.09.15", "market1501", "Market1501", "Market-1501-v15.09.15")


def read_market1501(cfg: CfgNode) -> ReidDataset:
    """Read Market-1501 from ``ROOT_DIR/market1501`` or one of its other usual names.

    Args:
        cfg: the settings' section DATASETS.

    Raises:
        InputError: no such folder, or one that is empty or unpacked in part.
    """
    archive = "Market-1501-v15.09.15.zip (search for it by this name, e.g. on Kaggle)"
    return read_benchmark(cfg, "Market1501", FOLDERS, archive)
