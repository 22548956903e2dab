"""An image of a user's own data."""

from typing import NamedTuple

# 'test' stands for query and gallery, not yet divided.
SPLITS = ("train", "query", "gallery", "test")


class OwnImage(NamedTuple):
    """One image as the user names it."""

    path: str
    person: str
    camera: str | None
    split: str  # one of SPLITS
