"""CUHK03-NP: CUHK03 (Li et al., CVPR 2014) with the 767/700 protocol (Zhong et al., CVPR 2017)."""

from yacs.config import CfgNode

from .base import ReidDataset
from .market_layout import read_benchmark

FOLDERS = ("cuhk03-np", "CUHK03-NP", "cuhk03_np", "cuhk03np", "cuhk03")


def read_cuhk03(cfg: CfgNode) -> ReidDataset:
    """Read the boxes that a detector found, or with CUHK03_LABELED the hand-drawn ones, of CUHK03-NP.

    Args:
        cfg: the settings' section DATASETS.

    Raises:
        InputError: no such folder, or one that is empty or unpacked in part.
    """
    boxes = "labeled" if cfg.CUHK03_LABELED else "detected"
    archive = "CUHK03-NP (its folders detected and labeled, in Market-1501's layout)"
    return read_benchmark(cfg, f"CUHK03-NP ({boxes})", FOLDERS, archive, below=boxes)
