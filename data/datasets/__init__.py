"""Data sets: a reader each, from the settings to records."""

from .base import Record, ReidDataset, statistics_table
from .market1501 import read_market1501
from .synthetic import read_synthetic

# name in DATASETS.NAMES -> reader(cfg.DATASETS) -> ReidDataset
DATASETS = {
    "market1501": read_market1501,
    "synthetic": read_synthetic,
}

__all__ = ["DATASETS", "Record", "ReidDataset", "statistics_table"]
