"""Occluded-Duke (Miao et al., "Pose-Guided Feature Alignment for Occluded Person Re-ID", ICCV 2019)."""

from yacs.config import CfgNode

from .base import ReidDataset
from .market_layout import read_benchmark

FOLDERS = ("Occluded_Duke", "occluded_duke", "Occluded-Duke", "Occluded-DukeMTMC-reID", "occluded-duke")


def read_occluded_duke(cfg: CfgNode) -> ReidDataset:
    """Read Occluded-Duke from ``ROOT_DIR/Occluded_Duke`` or one of its other usual names.

    Args:
        cfg: the settings' section DATASETS.

    Raises:
        InputError: no such folder, or one that is empty or unpacked in part.
    """
    return read_benchmark(
        cfg,
        "Occluded-Duke",
        FOLDERS,
        "the folders that its script makes of DukeMTMC-reID (Occluded-Duke's page)",
    )
