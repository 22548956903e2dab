"""The file of a pixel cache: pixels, then a footer with checksums; written whole or not at all."""

import hashlib
import json
import math
import os
import struct
import zlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from utils.files import atomic_write

from .datasets import Record
from .reading import read_image

VERSION = 1  # raised when reading or resizing changes
BLOCK = 512  # images to a checksum


class UnusableError(Exception):
    """There is no cache, or it cannot be used; the message, if any, says why."""


def write_pixels(file: Path, records: Sequence[Record], size: tuple[int, int], fingerprint: str) -> None:
    """Read images in as many threads as there are cores, with a progress bar, and write them.

    Args:
        file: to write.
        records: images; one that cannot be read is written as black, and listed in the footer.
        size: height and width [pixels].
        fingerprint: of the records, from before they are read.

    Raises:
        InputError: the file cannot be written.
    """
    unreadable, checksums = [], []
    with (
        atomic_write(file, "wb") as stream,
        ThreadPoolExecutor(os.cpu_count()) as pool,
        tqdm(total=len(records), desc=f"caching {size[0]}x{size[1]} pixels", disable=None) as bar,
    ):
        for start in range(0, len(records), BLOCK):
            block = records[start : start + BLOCK]
            pixels = np.zeros((len(block), *size, 3), np.uint8)
            for i, image in enumerate(pool.map(lambda record: read_image(record.path, size), block)):
                if image is None:
                    unreadable.append(start + i)
                else:
                    pixels[i] = image
            checksums.append(zlib.crc32(pixels))
            # Through write, not through a memory map: there, a full disk would kill the process.
            stream.write(pixels)
            bar.update(len(block))
        footer = {"fingerprint": fingerprint, "checksums": checksums, "unreadable": unreadable}
        text = json.dumps(footer).encode()
        stream.write(struct.pack("<I", zlib.crc32(text)) + text)


def open_pixels(
    file: Path, records: Sequence[Record], size: tuple[int, int], fingerprint: str
) -> tuple[np.memmap, list[int]]:
    """The pixels in a file, (N, H, W, 3) uint8 RGB, memory-mapped; and which images could not be read.

    Raises:
        UnusableError: there is no such file, it is stale, or damaged. It is not mapped any more then, so that
            it can be replaced on Windows too.
    """
    if not file.exists():
        raise UnusableError()
    shape = (len(records), *size, 3)
    footer = _read_footer(file, math.prod(shape))
    if footer is None:
        raise UnusableError(f"the pixel cache {file} is damaged")
    # A file that could not be read may have been out of reach for a moment, unchanged.
    readable = any(read_image(records[i].path, size) is not None for i in footer["unreadable"])
    if footer["fingerprint"] != fingerprint or readable:
        raise UnusableError(f"image files have changed since the pixel cache {file} was made")
    if _checksums(map_pixels(file, shape)) != footer["checksums"]:
        raise UnusableError(f"the pixel cache {file} is damaged")
    return map_pixels(file, shape), footer["unreadable"]


def map_pixels(file: Path, shape: tuple[int, ...]) -> np.memmap:
    """The pixels in a file, mapped into memory to be read."""
    return np.memmap(file, np.uint8, "r", shape=shape)


def fingerprint_of(records: Sequence[Record]) -> str:
    """What the pixels depend on besides the paths and the size: the files' sizes and times, and the code."""

    def parts():
        yield f"{VERSION} {cv2.__version__}"
        for record in records:
            try:
                stat = os.stat(record.path)
            except OSError:
                yield "none"
            else:
                yield f"{stat.st_size} {stat.st_mtime_ns}"

    return digest(parts())


def digest(texts: Iterable[str]) -> str:
    """A checksum of texts."""
    found = hashlib.sha256()
    for text in texts:
        found.update(text.encode(errors="surrogateescape") + b"\0")
    return found.hexdigest()


def _checksums(pixels: np.ndarray) -> list[int]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(zlib.crc32, (pixels[i : i + BLOCK] for i in range(0, len(pixels), BLOCK))))


def _read_footer(file: Path, start: int) -> dict | None:
    with open(file, "rb") as stream:
        stream.seek(start)
        checksum, text = stream.read(4), stream.read()
    return json.loads(text) if struct.pack("<I", zlib.crc32(text)) == checksum and text else None
