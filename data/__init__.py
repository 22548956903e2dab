"""Readers, samplers and batches. The data sets' own folders lie here too, outside git."""

import os

# An image of more pixels is refused before it is given memory: some are made to exhaust it. OpenCV reads this
# when it is first imported.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", "100000000")

from .build import (
    make_data_loader,
    make_image_loader,
    make_multi_query_loader,
    make_train_loader,
    make_val_loader,
    read_dataset,
)
from .device_loader import DeviceLoader
from .image_list import find_records, list_images

__all__ = [
    "DeviceLoader",
    "find_records",
    "list_images",
    "make_data_loader",
    "make_image_loader",
    "make_multi_query_loader",
    "make_train_loader",
    "make_val_loader",
    "read_dataset",
]
