"""The processes that read images: what they run, and how it is noticed that one of them fails."""

import math
import os
import re
import shutil
import signal
import time
import weakref
from collections.abc import Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple

import ignite.distributed as idist
from loguru import logger
from torch.utils.data import DataLoader, get_worker_info
from torch.utils.data._utils import MP_STATUS_CHECK_INTERVAL, signal_handling
from torch.utils.data.dataloader import _MultiProcessingDataLoaderIter

from utils.device import is_out_of_memory
from utils.distributed import process_number
from utils.errors import NO_SHARED_MEMORY, READER_DIED, failure

from .images import Batch

# Longest wait for a batch [s]. Reading one takes less than a second, over a slow network some seconds; only a
# process that has stopped working takes so long.
PATIENCE = 600
SHARED_MEMORY = Path("/dev/shm")  # of Linux, where containers have 64 MB of it by default

TOO_MANY_FILES = (
    "too many open files to hand a batch over; raise the limit with ulimit -n, or lower "
    "DATALOADER.NUM_WORKERS; the weights saved so far are intact"
)


class Lost(NamedTuple):
    """What a reading process sends in place of a batch that it cannot send."""

    message: str  # one line for the user


def hand_over(batch: Batch) -> Batch | Lost:
    """Collate nothing, as the data set gives whole batches, but move the batch to shared memory.

    torch would do so in a thread of the reading process, whose errors nobody hears of: the batch would be
    waited for in vain. Here, an error is handed over in its place.
    """
    if get_worker_info() is None:
        return batch
    tensors = [tensor for tensor in batch[:4] if tensor.numel()]
    try:
        # Writing beyond its end would kill this process, in versions of torch that do not reserve it first.
        if SHARED_MEMORY.is_dir() and shutil.disk_usage(SHARED_MEMORY).free < sum(t.nbytes for t in tensors):
            return Lost(NO_SHARED_MEMORY.format("No space left on device"))
        for tensor in tensors:
            tensor.share_memory_()
    except RuntimeError as error:
        too_many = "Too many open files" in str(error)
        return Lost(TOO_MANY_FILES if too_many else NO_SHARED_MEMORY.format(error))
    return batch


def ignore_ctrl_c(_: int) -> None:
    """Leave Ctrl-C, which every process of a terminal hears, to the process that is read for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class PatientIterator(_MultiProcessingDataLoaderIter):
    """torch's iterator, which also within a timeout looks every few seconds whether the processes live.

    torch itself would look once the timeout is over, and trusts the system to tell it earlier: Windows does
    not, and no system does of a process that ends with exit code 0.

    Args:
        loader: its ``while_waiting`` is called as often.
    """

    def __init__(self, loader: DataLoader):
        super().__init__(loader)
        self._loader = weakref.proxy(loader)  # which, for its part, keeps this iterator
        weakref.finalize(self, _end, self._workers, os.getpid())

    def end(self) -> None:
        """End the processes, which may have failed, or hang.

        torch would do it when nothing refers to this iterator any more, and wait for each; until then, it
        answers the system's news of one that failed with an exception, wherever the program is.
        """
        if self._worker_pids_set:
            signal_handling._remove_worker_pids(id(self))
            self._worker_pids_set = False
        for process in self._workers:
            process.terminate()
        self._shutdown_workers()
        _end(self._workers, os.getpid())

    def _try_get_data(self, timeout: float = MP_STATUS_CHECK_INTERVAL):
        end = time.monotonic() + timeout
        success, data = False, None
        while not success and (left := end - time.monotonic()) > 0:
            success, data = super()._try_get_data(min(left, MP_STATUS_CHECK_INTERVAL))
            if not success:
                self._loader.while_waiting()
        return success, data


def _end(processes: Sequence[BaseProcess], owner: int) -> None:
    """End what does not end when it is asked to: Python would wait for it at the exit, for ever."""
    if os.getpid() != owner:  # forked, with this iterator in its memory
        return
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(1)
        process.kill()


def explain(error: BaseException) -> str | None:
    """One line on why there is no batch, if the machine is at fault; None for a fault of the program.

    Args:
        error: as it is raised while waiting for a batch; that of a reading process holds its traceback.
    """
    text = str(error)
    if isinstance(error, ConnectionError | EOFError):
        return READER_DIED.format("a batch that it had announced is lost")
    if "Too many open files" in text:
        return TOO_MANY_FILES
    memory = isinstance(error, MemoryError) or re.search("MemoryError|Insufficient memory", text)
    if memory or is_out_of_memory(error):
        return (
            "out of memory while reading a batch; lower DATALOADER.NUM_WORKERS, or the size of a batch "
            "(SOLVER.IMS_PER_BATCH, TEST.IMS_PER_BATCH); the weights saved so far are intact"
        )
    if not isinstance(error, RuntimeError):
        return None
    # Of a process that died, the cause may be what the system told torch, with the signal.
    told = isinstance(error.__cause__, RuntimeError) and failure(error.__cause__)
    return told or failure(error)


def warn_of_shared_memory(*loaders: DataLoader) -> None:
    """Warn if the batches that the reading processes have ready may not fit into shared memory.

    Args:
        loaders: ``ReidLoader``s that are iterated one at a time.
    """
    loader = max(loaders, key=_bytes_ahead)
    processes = idist.get_nproc_per_node()
    needed = _bytes_ahead(loader) * processes
    if not needed or not SHARED_MEMORY.is_dir() or process_number() > 0:
        return
    free = shutil.disk_usage(SHARED_MEMORY).free
    if needed > free:
        logger.warning(
            f"the processes that read images may need {math.ceil(needed / 1e6)} MB of shared memory "
            f"({_batch_bytes(loader) / 1e6:.1f} MB for a batch x {loader.prefetch_factor} ahead x "
            f"{loader.num_workers * processes} processes), {SHARED_MEMORY} has {free / 1e6:.0f} MB free; "
            f"give a container more with docker run --shm-size {needed * 2 // 10**9 + 1}g, or lower "
            "DATALOADER.NUM_WORKERS (0 needs none)"
        )


def _bytes_ahead(loader: DataLoader) -> int:
    return _batch_bytes(loader) * loader.prefetch_factor * loader.num_workers if loader.num_workers else 0


def _batch_bytes(loader: DataLoader) -> int:
    height, width = loader.dataset.size
    return 3 * height * width * (loader.batch_size or loader.batch_sampler.size)
