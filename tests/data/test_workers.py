"""The processes that read images: whatever happens to them, no wait is without end."""

import ctypes
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from functools import partial

import pytest
import torch

from data import make_data_loader, make_train_loader, read_dataset, workers
from data.datasets import Record
from data.images import ImageDataset
from data.loader import ReidLoader
from tests.conftest import assert_refused
from tests.data.custom_data import write_image
from utils.errors import InputError

linux = pytest.mark.skipif(sys.platform != "linux", reason="as Linux does it")
SHM_FULL = "unable to allocate shared memory(shm) for file </torch_7_1_0>: No space left on device (28)"


class Failing(ImageDataset):
    """Reads batches until it comes to the last record, where it does something else."""

    def __init__(self, records, what):
        super().__init__(records, (16, 8))
        self.what = what

    def __getitems__(self, indices):
        if len(self.records) - 1 in indices:
            self.what()
        return super().__getitems__(indices)


@pytest.fixture
def records(tmp_path) -> list[Record]:
    return [Record(str(write_image(tmp_path / f"{i}.png", i)), i, 0) for i in range(12)]


def loader(records, what, **kwargs) -> ReidLoader:
    return ReidLoader(Failing(records, what), "stop", batch_size=2, num_workers=2, **kwargs)


def out_of_memory():
    import numpy as np

    np.empty(1 << 50)


def out_of_torch_memory():
    raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate")


def full(self):
    raise RuntimeError(SHM_FULL)


@linux
@pytest.mark.parametrize(
    "what, message",
    [
        (lambda: os._exit(0), "a process that reads images died"),
        (lambda: os._exit(3), "a process that reads images died"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "a process that reads images died"),
        (lambda: time.sleep(10**6), "no batch has come .* timed out after 2 seconds"),
        (lambda: setattr(torch.Tensor, "share_memory_", full), "/dev/shm.*No space left.*--shm-size"),
        (out_of_memory, "out of memory while reading a batch; lower DATALOADER.NUM_WORKERS"),
        (out_of_torch_memory, "out of memory while reading a batch; lower DATALOADER.NUM_WORKERS"),
    ],
)
@pytest.mark.parametrize("persistent", [False, True])
def test_a_process_that_fails_ends_the_reading(records, monkeypatch, what, message, persistent):
    monkeypatch.setattr("data.loader.PATIENCE", 2)
    monkeypatch.setattr("data.workers.MP_STATUS_CHECK_INTERVAL", 0.5)
    happens = multiprocessing.Event()
    reading = loader(records, lambda: happens.is_set() and what(), persistent_workers=persistent)
    assert len(list(reading)) == 6, "the first epoch is whole"
    happens.set()
    start = time.monotonic()
    with pytest.raises(InputError, match=message) as error:
        list(reading)
    assert time.monotonic() - start < 60 and "\n" not in str(error.value)


@pytest.mark.parametrize("cause", [None, ConnectionResetError(104, "Connection reset by peer"), EOFError()])
def test_a_death_that_is_noticed_by_the_batch_that_is_missing(cause):
    died = RuntimeError("DataLoader worker (pid(s) 7) exited unexpectedly")
    died.__cause__ = cause
    for error in (died, *[cause] * (cause is not None)):
        assert workers.explain(error).startswith("a process that reads images died")


def test_memory_that_the_system_had_promised_is_named():
    """So torch tells of a process that the system killed as it wrote to shared memory that was not there."""
    died = RuntimeError("DataLoader worker (pid(s) 7) exited unexpectedly")
    died.__cause__ = RuntimeError("DataLoader worker (pid 7) is killed by signal: Bus error. It is possible")
    for error in (died, died.__cause__):
        assert "shared memory" in workers.explain(error) and "--shm-size" in workers.explain(error)


@linux
def test_a_death_that_the_system_does_not_tell_of_is_noticed_soon(records, monkeypatch):
    monkeypatch.setattr("data.workers.MP_STATUS_CHECK_INTERVAL", 0.5)
    start = time.monotonic()
    with pytest.raises(InputError, match="a process that reads images died"):
        list(loader(records, lambda: os._exit(0)))
    assert workers.PATIENCE > 120 > time.monotonic() - start


def test_a_slow_process_is_waited_for(records, monkeypatch):
    monkeypatch.setattr("data.workers.MP_STATUS_CHECK_INTERVAL", 0.2)
    assert len(list(loader(records, lambda: time.sleep(1.5)))) == 6


@linux
def test_a_fault_of_the_program_keeps_the_traceback_of_the_process(records):
    with pytest.raises(ZeroDivisionError, match="Original Traceback"):
        list(loader(records, lambda: 1 / 0))


def test_memory_that_runs_out_without_other_processes(records):
    reading = ReidLoader(Failing(records, out_of_memory), "stop", batch_size=2)
    with pytest.raises(InputError, match="out of memory while reading a batch"):
        list(reading)


@pytest.fixture
def shared(monkeypatch, tmp_path):
    """Say how much shared memory is free."""
    monkeypatch.setattr(workers, "SHARED_MEMORY", tmp_path)

    def arrange(free: int) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda path: type("Usage", (), {"free": free}))

    return arrange


def test_what_the_loaders_need_is_compared_with_what_is_free(load, tiny, shared, caplog_loguru):
    words = ["DATALOADER.CACHE", "none", "DATALOADER.NUM_WORKERS", "2", "SOLVER.IMS_PER_BATCH", "16"]
    cfg = load(*tiny, *words, "TEST.IMS_PER_BATCH", "5")
    needed = 16 * 64 * 32 * 3 * 2 * 2  # a batch of training, two ahead in each of two processes
    shared(needed)
    make_data_loader(cfg)
    assert not [line for line in caplog_loguru if "shared memory" in line]
    shared(needed - 1)
    make_data_loader(cfg)
    (line,) = [line for line in caplog_loguru if "shared memory" in line]
    assert "1 MB of shared memory (0.1 MB for a batch x 2 ahead x 2 processes)" in line
    assert "--shm-size 1g" in line and "DATALOADER.NUM_WORKERS" in line
    caplog_loguru.clear()
    make_train_loader(cfg, read_dataset(cfg))
    assert sum("shared memory" in line for line in caplog_loguru) == 1
    caplog_loguru.clear()
    make_data_loader(load(*tiny, *words[:2], *words[4:]))
    assert not [line for line in caplog_loguru if "shared memory" in line], "without processes: none"


def shrink_shared_memory(size: str) -> None:
    """Give this process alone a /dev/shm of its own, as ``unshare -m`` does."""
    new_mounts = 0x20000  # CLONE_NEWNS of unshare(2)
    assert ctypes.CDLL(None).unshare(new_mounts) == 0
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", "/dev/shm"], check=True)


# 2 MB hold the batches of the training, 0.2 MB each, but not the one of the evaluation, 3.3 MB.
@linux
@pytest.mark.parametrize("size", ["100k", "2m"])
def test_a_training_in_too_little_shared_memory_ends_with_one_line(command, quick, size):
    words = [*quick, "INPUT.SIZE_TRAIN", "[128,64]", "INPUT.SIZE_TEST", "[256,128]", "--IMS_PER_BATCH", "8"]
    words += ["DATALOADER.CACHE", "none", "DATALOADER.NUM_WORKERS", "2", "--MAX_EPOCHS", "1"]
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        pytest.skip("needs the right to mount a small /dev/shm (unshare -m, as root)")
    done = command("tools/train.py", *words, before=partial(shrink_shared_memory, size))
    assert_refused(done, "/dev/shm", "--shm-size", "DATALOADER.NUM_WORKERS", "No space left")
    assert sum("shared memory" in line and "MB free" in line for line in done.stdout.splitlines()) == 1
    assert ("Epoch 1 done" in done.stdout) == (size == "2m")


@linux
def test_one_ctrl_c_ends_a_training_whose_reading_processes_hang(start, quick, tiny_root, tmp_path):
    """A named pipe that nobody writes to holds up who reads it, as a network drive does that is gone."""
    shutil.copytree(tiny_root / "synthetic", tmp_path / "synthetic")
    words = [*quick, "DATASETS.ROOT_DIR", str(tmp_path), "DATALOADER.CACHE", "none", "OUTPUT_DIR", "run"]
    words += ["DATALOADER.NUM_WORKERS", "1", "--IMS_PER_BATCH", "8", "SOLVER.LOG_PERIOD", "1"]
    training = start("tools/train.py", *words, "--MAX_EPOCHS", "1000")
    training.wait_until(lambda: "Epoch[1] Iteration[2/" in training.out)
    for file in (tmp_path / "synthetic" / "bounding_box_train").iterdir():
        os.mkfifo(file.with_suffix(".pipe"))
        file.with_suffix(".pipe").replace(file)
    time.sleep(1)  # what was read before is used up
    os.kill(training.process.pid, signal.SIGINT)
    done = training.finish()
    assert done.returncode == 0, done.stderr
    last = torch.load(tmp_path / "run" / "last.pth", weights_only=True)
    epochs, iteration = divmod(last["iteration"] - 1, last["epoch_length"])
    assert f"Stopped in epoch {epochs + 1}, iteration {iteration + 1}." in done.stdout
