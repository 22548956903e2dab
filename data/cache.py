"""Every image decoded and resized once, into one memory-mapped file that all processes share."""

import hashlib
import json
import math
import os
import shutil
import struct
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import psutil
import torch
from filelock import FileLock, Timeout
from loguru import logger
from tqdm import tqdm

from utils.device import upload
from utils.errors import os_reason

from .datasets import Record
from .reading import read_image

VERSION = 1  # raised when reading or resizing changes
BLOCK = 512  # images to a checksum


class PixelCache:
    """The images of records, as pixels.

    Args:
        pixels: (N, H, W, 3) uint8 RGB, in memory, memory-mapped or, as a tensor, on a device; black where a
            file could not be read.
        unreadable: indices of those files.
    """

    def __init__(self, pixels: np.ndarray | torch.Tensor, unreadable: Sequence[int]):
        self.pixels = pixels
        self.unreadable = frozenset(unreadable)

    @property
    def on_device(self) -> bool:
        """Whether the pixels lie in a GPU's memory."""
        return isinstance(self.pixels, torch.Tensor)

    def images(self, indices: Sequence[int]) -> torch.Tensor:
        """(n, H, W, 3) uint8 RGB, on the device of the pixels."""
        if self.on_device:
            where = torch.tensor(indices, dtype=torch.int64)
            return self.pixels.index_select(0, upload(where, self.pixels.device))
        return torch.from_numpy(self.pixels.take(indices, axis=0))

    def to(self, device: torch.device) -> "PixelCache":
        """This cache in a GPU's memory; itself, with a warning, where it would take more than half of it."""
        free, _ = torch.cuda.mem_get_info(device)
        if self.pixels.nbytes > free / 2:
            logger.warning(
                f"{self.pixels.nbytes / 1e9:.1f} GB of pixels would take more than half of the "
                f"{free / 1e9:.1f} GB free on {device}; they stay in the host's memory (DATALOADER.CACHE ram)"
            )
            return self
        pixels = torch.empty(self.pixels.shape, dtype=torch.uint8, device=device)
        for start in range(0, len(pixels), BLOCK):
            pixels[start : start + BLOCK] = torch.from_numpy(np.array(self.pixels[start : start + BLOCK]))
        return PixelCache(pixels, self.unreadable)


def open_cache(
    records: Sequence[Record], size: tuple[int, int], folder: Path, limit_gb: float
) -> PixelCache | None:
    """The cache of these images; made now, if there is none or the one there is stale or damaged.

    Processes that want the same cache at the same time wait for the one that makes it.

    Args:
        records: images.
        size: height and width [pixels].
        folder: of the caches.
        limit_gb: most that all files of the folder together may take [GB].

    Returns:
        The cache, memory-mapped; None, with a warning that says why, where it does not fit or cannot be
        written.
    """
    file = folder / f"{size[0]}x{size[1]}-{_digest(record.path for record in records)[:16]}.pixels"
    fingerprint = _fingerprint(records)
    try:
        try:
            cache = _load(file, records, size, fingerprint)  # files are replaced whole: no need to lock
        except _UnusableError:
            folder.mkdir(parents=True, exist_ok=True)
            with _locked(file.with_suffix(".lock")):
                cache = _load_or_make(file, records, size, fingerprint, limit_gb)
        logger.info(f"Pixels of {len(records)} images ({cache.pixels.nbytes / 1e9:.2f} GB): {file}")
        return cache
    except _DoesNotFitError as error:
        reason = str(error)
    except OSError as error:
        reason = f"cannot write {file}: {os_reason(error)}"
    logger.warning(f"no pixel cache: {reason}; every epoch reads the image files (as DATALOADER.CACHE none)")
    return None


class _UnusableError(Exception):
    """There is no cache, or it cannot be used, for a reason to be logged."""


class _DoesNotFitError(Exception):
    pass


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    lock = FileLock(file)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        logger.info("waiting for the pixel cache that another process is making")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _load_or_make(
    file: Path, records: Sequence[Record], size: tuple[int, int], fingerprint: str, limit_gb: float
) -> PixelCache:
    try:
        return _load(file, records, size, fingerprint)
    except _UnusableError as error:
        if str(error):
            logger.warning(f"{error}; it is made again")
    _check_fit(file, len(records) * size[0] * size[1] * 3, limit_gb)
    _make(file, records, size, fingerprint)
    try:
        return _load(file, records, size, fingerprint)
    except _UnusableError:
        raise OSError("what was written reads back differently") from None


def _check_fit(file: Path, needed: int, limit_gb: float) -> None:
    """Raise if the limit, the disk or the memory does not hold so many bytes; a stale file is replaced."""
    own = (file, file.with_suffix(".part"))
    others = sum(other.stat().st_size for other in file.parent.iterdir() if other not in own)
    if needed + others > limit_gb * 1e9:
        raise _DoesNotFitError(
            f"{file.parent} holds {others / 1e9:.1f} GB and needs {needed / 1e9:.1f} GB more, which is above "
            f"DATALOADER.CACHE_GB {limit_gb:g}; delete old caches there or raise it"
        )
    free = shutil.disk_usage(file.parent).free
    if needed > free:
        raise _DoesNotFitError(
            f"{file.parent} has {free / 1e9:.1f} GB free, {needed / 1e9:.1f} GB are needed"
        )
    memory = psutil.virtual_memory().available
    if needed > memory:
        raise _DoesNotFitError(
            f"{memory / 1e9:.1f} GB of memory are free, its {needed / 1e9:.1f} GB would not stay in it"
        )


def _make(file: Path, records: Sequence[Record], size: tuple[int, int], fingerprint: str) -> None:
    """Write pixels, then a footer, under a temporary name, and rename the file when it is whole."""
    part = file.with_suffix(".part")
    unreadable, checksums = [], []
    try:
        with (
            open(part, "wb") as stream,
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
                # Through write, not through the memory map: there, a full disk would kill the process.
                stream.write(pixels)
                bar.update(len(block))
            footer = {"fingerprint": fingerprint, "checksums": checksums, "unreadable": unreadable}
            text = json.dumps(footer).encode()
            stream.write(struct.pack("<I", zlib.crc32(text)) + text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _load(file: Path, records: Sequence[Record], size: tuple[int, int], fingerprint: str) -> PixelCache:
    """The cache in a file.

    Raises:
        _UnusableError: there is none, it is stale, or damaged.
    """
    if not file.exists():
        raise _UnusableError()
    shape = (len(records), *size, 3)
    footer = _read_footer(file, math.prod(shape))
    if footer is None:
        raise _UnusableError(f"the pixel cache {file} is damaged")
    # A file that could not be read may have been out of reach for a moment, unchanged.
    mended = any(read_image(records[i].path, size) is not None for i in footer["unreadable"])
    if footer["fingerprint"] != fingerprint or mended:
        raise _UnusableError(f"image files have changed since the pixel cache {file} was made")
    pixels = np.memmap(file, np.uint8, "r", shape=shape)
    blocks = [pixels[start : start + BLOCK] for start in range(0, len(pixels), BLOCK)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        if list(pool.map(zlib.crc32, blocks)) != footer["checksums"]:
            raise _UnusableError(f"the pixel cache {file} is damaged")
    return PixelCache(pixels, footer["unreadable"])


def _read_footer(file: Path, start: int) -> dict | None:
    with open(file, "rb") as stream:
        stream.seek(start)
        checksum, text = stream.read(4), stream.read()
    return json.loads(text) if struct.pack("<I", zlib.crc32(text)) == checksum and text else None


def _fingerprint(records: Sequence[Record]) -> str:
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

    return _digest(parts())


def _digest(texts) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode(errors="surrogateescape") + b"\0")
    return digest.hexdigest()
