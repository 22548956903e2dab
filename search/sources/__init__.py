"""Where frames come from: one file per kind of source."""

import os
import re

from utils.errors import InputError, one_line

from .camera import Camera
from .container import without_password
from .pictures import Pictures
from .source import Shot, Source
from .stream import Stream

__all__ = [
    "Shot",
    "Source",
    "check_stored",
    "is_address",
    "is_camera",
    "open_source",
    "without_password",
]

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_CAMERA = re.compile(r"[0-9]+|/dev/video[0-9]+")


def is_address(place: str) -> bool:
    """Whether a text is an address, such as ``rtsp://…``."""
    return bool(_ADDRESS.match(place))


def is_camera(place: str) -> bool:
    """Whether a text names a camera of this machine: ``0`` or ``/dev/video0``."""
    return bool(_CAMERA.fullmatch(place))


def check_stored(place: str) -> None:
    """Refuse what is no file or folder, before anything is connected to.

    Raises:
        InputError: it is a camera or an address.
    """
    if is_camera(place):
        hint = f"; write ./{place} for a file or folder of this name" if place.isdecimal() else ""
        raise InputError(f"{place} is a camera, which tools/search.py live indexes{hint}")
    if is_address(place):
        raise InputError(
            f"{one_line(without_password(place))} is an address: tools/search.py live indexes live cameras; "
            "a video on the web must be downloaded first"
        )


def open_source(source: str | int | os.PathLike, fps: float | None = None) -> Source:
    """Open a file, folder of pictures, camera or address; see ``open_video``.

    Args:
        source: what to open.
        fps: pictures per second of a folder; None: 25.

    Raises:
        InputError: it cannot be opened.
    """
    place = os.fspath(source) if isinstance(source, os.PathLike) else str(source)
    if is_camera(place):
        return Camera(place)
    if is_address(place):
        return Stream(place, address=True)
    if os.path.isdir(place):
        return Pictures(place, fps)
    if not os.path.exists(place):
        raise InputError(f"there is no video {one_line(place)}; name a file or a folder of pictures")
    if not os.path.isfile(place):
        raise InputError(f"{one_line(place)} is neither a file nor a folder; name a video")
    return Stream(place)
