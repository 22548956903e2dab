"""Readers, samplers and batches. The data sets' own folders lie here too, outside git."""

from .build import (
    make_data_loader,
    make_multi_query_loader,
    make_train_loader,
    make_val_loader,
    read_dataset,
)

__all__ = [
    "make_data_loader",
    "make_multi_query_loader",
    "make_train_loader",
    "make_val_loader",
    "read_dataset",
]
