"""The gallery: people seen in videos, kept in Milvus. See ``open_gallery`` and ``Gallery``."""

from .box_path import BoxPath
from .gallery import Gallery
from .members import MemberRow
from .opening import open_gallery
from .pictures import find_rows, thumbnails
from .rows import EVERYTHING, Hit, Selection, TrackletRow, VideoRow
from .schema import WeightsFingerprint
from .thumbnail import make_thumbnail

__all__ = [
    "EVERYTHING",
    "BoxPath",
    "Gallery",
    "Hit",
    "MemberRow",
    "Selection",
    "TrackletRow",
    "VideoRow",
    "WeightsFingerprint",
    "find_rows",
    "make_thumbnail",
    "open_gallery",
    "thumbnails",
]
