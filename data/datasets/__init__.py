"""Data sets: one reader each, from the settings to records."""

from collections.abc import Sequence
from pathlib import Path

from yacs.config import CfgNode

from utils.errors import InputError

from .base import Names, Record, ReidDataset, counts, statistics_table
from .cuhk03 import read_cuhk03
from .custom import find_custom, read_custom
from .dukemtmc import read_dukemtmc
from .market1501 import read_market1501
from .msmt17 import read_msmt17
from .occluded_duke import read_occluded_duke
from .synthetic import read_synthetic
from .union import unite
from .veri import read_veri

# name in DATASETS.NAMES -> reader(cfg.DATASETS) -> ReidDataset
DATASETS = {
    "market1501": read_market1501,
    "dukemtmc": read_dukemtmc,
    "msmt17": read_msmt17,
    "cuhk03": read_cuhk03,
    "occluded_duke": read_occluded_duke,
    "veri": read_veri,
    "synthetic": read_synthetic,
}


def read_named(name: str, cfg: CfgNode) -> ReidDataset:
    """Read a data set by its name in DATASETS, or a user's own by its path.

    Args:
        name: an entry of DATASETS.NAMES, or DATASETS.TEST_NAME.
        cfg: the settings' section DATASETS.

    Raises:
        InputError: it is not there, or cannot be read.
    """
    if name in DATASETS:
        return DATASETS[name](cfg)
    path = find_custom(name, cfg.ROOT_DIR)
    if path is None:
        raise InputError(f"{name} is not a data set, folder or table")
    return read_custom(path)


def joint_name(names: Sequence[str]) -> str:
    """One word for the data sets of a run: ``market1501+mydata``, for folders and files."""
    return "+".join(Path(name).resolve().stem for name in names)


__all__ = [
    "DATASETS",
    "Names",
    "Record",
    "ReidDataset",
    "counts",
    "find_custom",
    "joint_name",
    "read_named",
    "statistics_table",
    "unite",
]
