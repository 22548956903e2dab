"""The live cameras that a command names."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from search.sources import is_address, is_camera, without_password
from utils.counting import counted
from utils.errors import InputError, one_line


class Camera(NamedTuple):
    """A camera's name, and the address or device that it is read from."""

    name: str
    source: str


def name_cameras(sources: Sequence[str], names: Sequence[str]) -> list[Camera]:
    """Cameras with their names.

    Args:
        sources: addresses and cameras of this machine.
        names: one for each; none: an address without protocol, password and query, or "camera 0".

    Raises:
        InputError: a source is neither, there are more or fewer names, or two cameras have the same.
    """
    for source in sources:
        if not (is_address(source) or is_camera(source)):
            raise InputError(
                f"{one_line(source)} is not a live camera; name an address (rtsp://…) or a camera of this "
                "machine (0, /dev/video0). Files are for tools/search.py index"
            )
    if names and len(names) != len(sources):
        given = f"{counted(len(names), 'name')} for {counted(len(sources), 'camera')}"
        raise InputError(f"--camera gives {given}; give one for each")
    names = list(names or map(_name, sources))
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two cameras are named {one_line(name)}; name them apart with --camera")
    return [Camera(name, source) for name, source in zip(names, sources, strict=True)]


def _name(source: str) -> str:
    if is_camera(source):
        return f"camera {source}"
    return re.sub(r"^[^:]+://|[?#].*", "", without_password(source)).strip("/")
