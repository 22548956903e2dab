"""An image of custom data: a user's own."""

from typing import NamedTuple

# 'test' stands for query and gallery, not yet divided.
SPLITS = ("train", "query", "gallery", "test")


class CustomImage(NamedTuple):
    """One image as the user names it."""

    path: str
    person: str
    camera: str | None
    split: str  # one of SPLITS
