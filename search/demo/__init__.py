"""Drawn videos for trying the search without any data, and how well it does on them."""

from .spec import VideoSpec
from .videos import draw_videos

__all__ = ["VideoSpec", "draw_videos"]
