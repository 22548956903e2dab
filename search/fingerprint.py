"""What identifies a file, whatever its name."""

import hashlib
import os
from pathlib import Path

from utils.files import reading

from .sources.pictures import pictures_in

PIECE = 1 << 20  # bytes
FILES = 16  # of a folder that are looked into


def fingerprint(path: str | os.PathLike) -> str:
    """Of a video's content, or of a folder of pictures: 32 hexadecimal digits.

    Of a file, its size and a megabyte each of its start, middle and end; of a folder, the names and sizes of
    its pictures, and as much of 16 of them: the first, the last and what is evenly between. Whoever has a
    camera's recordings has terabytes, which nobody wants to read twice.

    Raises:
        InputError: it cannot be read.
    """
    with reading(path):
        return _fingerprint(Path(path))


def _fingerprint(path: Path) -> str:
    digest, looked_into = hashlib.sha256(), [path]
    if path.is_dir():
        files = pictures_in(path)
        for file in files:
            digest.update(f"{file.name}\0{file.stat().st_size}\0".encode("utf-8", "surrogateescape"))
        count = min(len(files), FILES)
        looked_into = [files[n * (len(files) - 1) // max(1, count - 1)] for n in range(count)]
    for file in looked_into:
        size = os.stat(file).st_size
        digest.update(str(size).encode())
        with open(file, "rb") as stream:
            for place in sorted({0, max(0, size // 2 - PIECE // 2), max(0, size - PIECE)}):
                stream.seek(place)
                digest.update(stream.read(PIECE))
    return digest.hexdigest()[:32]
