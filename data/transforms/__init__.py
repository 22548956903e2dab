"""From uint8 pixels to the network's input, a whole batch at a time, on the device."""

from .batch import TestTransform, TrainTransform, normalise, random_flip_crop
from .erasing import random_erasing

__all__ = ["TestTransform", "TrainTransform", "normalise", "random_erasing", "random_flip_crop"]
