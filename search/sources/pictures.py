"""A folder of pictures, one per frame."""

import os
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from data.datasets.files import has_image_suffix, is_file, list_folder
from data.reading import decode_image, read_file
from utils.counting import counted
from utils.errors import InputError, one_line

from .source import DEFAULT_RATE, Shot


class Pictures:
    """The pictures of a folder in the natural order of their names: 2.jpg before 10.jpg.

    Args:
        folder: of pictures; folders in it are left out.
        fps: pictures per second; None: 25.

    Raises:
        InputError: it cannot be read, or holds no picture.
    """

    live = False
    timed = True

    def __init__(self, folder: str, fps: float | None = None):
        self._shown = one_line(folder)
        self._files = sorted((entry.path for entry in pictures_in(folder)), key=_natural)
        if not self._files:
            raise InputError(f"there are no pictures in {self._shown}; name the folder that holds the frames")
        self.name = os.path.basename(os.path.abspath(folder)) or folder
        self.frame_rate = fps or DEFAULT_RATE
        self.duration = len(self._files) / self.frame_rate
        self._broken = 0
        first = next((image for image in map(_read, self._files) if image is not None), None)
        if first is None:
            files = counted(len(self._files), "picture")
            raise InputError(f"{self._shown}: {files}, of which none can be decoded")
        self.size = (first.shape[1], first.shape[0])

    def read(self, since: float) -> Iterator[Shot]:
        """The pictures from ``since`` [s] on; see ``Source``."""
        for number, file in enumerate(self._files):
            time = number / self.frame_rate
            if time >= since:
                yield Shot(number, time, partial(self._picture, file))

    def damage(self) -> str | None:
        """See ``Source``."""
        broken = self._broken
        left_out = f"{counted(broken, 'picture')} that cannot be decoded"
        return f"{self._shown}: left out {left_out}" if broken else None

    def close(self) -> None:
        """Nothing is open."""

    def _picture(self, file: str) -> np.ndarray | None:
        image = _read(file)
        self._broken += image is None
        return image


def pictures_in(folder: str | os.PathLike) -> list[os.DirEntry]:
    """The files of a folder that are its frames, by name; raises InputError if it cannot be read."""
    return [entry for entry in list_folder(Path(folder)) if is_file(entry) and has_image_suffix(entry.name)]


def _read(file: str) -> np.ndarray | None:
    content = read_file(file)
    return None if content is None else decode_image(content)


def _natural(path: str) -> list[tuple[int, int, str]]:
    """A key that sorts the numbers in a name by their values."""
    parts = re.findall(r"[0-9]+|[^0-9]+", os.path.basename(path))
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts]
