"""From uint8 pixels to the network's input, a whole batch at a time, on the device."""

from .batch import TestTransform, TrainTransform, denormalise, normalise, random_flip_crop
from .build import make_test_transform, make_train_transform
from .color import POLICIES
from .erasing import random_erasing
from .small_first import SmallFirst

__all__ = [
    "POLICIES",
    "SmallFirst",
    "TestTransform",
    "TrainTransform",
    "denormalise",
    "make_test_transform",
    "make_train_transform",
    "normalise",
    "random_erasing",
    "random_flip_crop",
]
