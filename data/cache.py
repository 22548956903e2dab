"""Every image decoded and resized once, into one memory-mapped file that all processes share."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import torch
from filelock import FileLock, Timeout
from loguru import logger

from utils.device import upload
from utils.errors import InputError, os_reason

from .cache_file import BLOCK, UnusableError, digest, fingerprint_of, map_pixels, open_pixels, write_pixels
from .datasets import Record


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
        """This cache in a GPU's memory; itself, with a warning, where the network would be left too little.

        All that this process holds there already, such as another cache, counts: half of what it can have
        stays for the network.
        """
        free, held = torch.cuda.mem_get_info(device)[0], torch.cuda.memory_reserved(device)
        needed = self.pixels.nbytes
        if held + needed > (free + held) / 2:
            others = f" beside {held / 1e9:.1f} GB that lie there" if held else ""
            logger.warning(
                f"{needed / 1e9:.1f} GB of pixels{others} would take more than half of the "
                f"{(free + held) / 1e9:.1f} GB free on {device}; they stay in the host's memory "
                "(DATALOADER.CACHE ram)"
            )
            return self
        pixels = torch.empty(self.pixels.shape, dtype=torch.uint8, device=device)
        for start in range(0, len(pixels), BLOCK):
            pixels[start : start + BLOCK] = torch.from_numpy(np.array(self.pixels[start : start + BLOCK]))
        return PixelCache(pixels, self.unreadable)

    def __getstate__(self) -> dict:
        """For another process: of a memory map, not the content, but where it is."""
        state = self.__dict__.copy()
        if isinstance(self.pixels, np.memmap):
            state["pixels"] = (self.pixels.filename, self.pixels.shape)
        return state

    def __setstate__(self, state: dict) -> None:
        """Map again what was mapped."""
        self.__dict__ = state
        if isinstance(self.pixels, tuple):
            self.pixels = map_pixels(*self.pixels)


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
    fingerprint = fingerprint_of(records)
    file = folder / f"{size[0]}x{size[1]}-{digest(record.path for record in records)[:16]}.pixels"
    try:
        try:
            cache = PixelCache(
                *open_pixels(file, records, size, fingerprint)
            )  # replaced whole: no need to lock
        except UnusableError:
            folder.mkdir(parents=True, exist_ok=True)
            with _locked(file.with_suffix(".lock")):
                cache = _open_or_make(file, records, size, fingerprint, limit_gb)
        logger.info(f"Pixels of {len(records)} images ({cache.pixels.nbytes / 1e9:.2f} GB): {file}")
        return cache
    except (_DoesNotFitError, InputError) as error:
        reason = str(error)
    except OSError as error:
        reason = f"cannot write {file}: {os_reason(error)}"
    logger.warning(f"no pixel cache: {reason}; every epoch reads the image files (as DATALOADER.CACHE none)")
    return None


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


def _open_or_make(
    file: Path, records: Sequence[Record], size: tuple[int, int], fingerprint: str, limit_gb: float
) -> PixelCache:
    try:
        return PixelCache(*open_pixels(file, records, size, fingerprint))
    except UnusableError as error:
        if str(error):
            logger.warning(f"{error}; it is made again")
    _check_fit(file, len(records) * size[0] * size[1] * 3, limit_gb)
    write_pixels(file, records, size, fingerprint)
    try:
        return PixelCache(*open_pixels(file, records, size, fingerprint))
    except UnusableError:
        raise OSError("what was written reads back differently") from None


def _check_fit(file: Path, needed: int, limit_gb: float) -> None:
    """Raise if the limit, the disk or the memory does not hold so many bytes; a stale file is replaced."""
    own = (file.name, file.name + ".part")
    others = sum(other.stat().st_size for other in file.parent.iterdir() if other.name not in own)
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
