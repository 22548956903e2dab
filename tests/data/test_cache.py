"""The pixel cache: the same pixels as the files', and whatever may happen to it."""

import json
import os
import pathlib
import pickle
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from data import cache_file
from data.cache import PixelCache, open_cache
from data.datasets import Record
from data.images import ImageDataset
from data.loader import ReidLoader
from data.reading import read_image
from tests.conftest import ROOT

SIZE = (16, 8)


def write(path: Path, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (20, 10, 3), dtype=np.uint8)
    path.write_bytes(cv2.imencode(".png", image)[1].tobytes())


@pytest.fixture
def records(tmp_path) -> list[Record]:
    """Seven images, the third of which cannot be read, in caches of blocks of three."""
    records = []
    for i in range(7):
        path = tmp_path / f"行人 {i}.png"
        write(path, i)
        records.append(Record(str(path), i, 0))
    Path(records[2].path).write_bytes(b"no image")
    return records


def is_in_use(path) -> bool:
    """Whether this process has a file open, or mapped into its memory."""
    path = os.path.realpath(path)
    mapped = Path("/proc/self/maps").read_text().splitlines()
    numbers = [fd for fd in os.listdir("/proc/self/fd") if os.path.lexists(f"/proc/self/fd/{fd}")]
    return any(line.endswith(f" {path}") for line in mapped) or path in map(
        os.path.realpath, (f"/proc/self/fd/{fd}" for fd in numbers)
    )


@pytest.fixture(autouse=sys.platform == "linux")
def as_on_windows(monkeypatch):
    """No file is renamed, replaced or removed while it is in use; a lock's own file aside."""

    def refusing(name):
        plain = getattr(os, name)

        def call(*paths, **kwargs):
            for path in map(os.fsdecode, paths):
                if not path.endswith(".lock") and is_in_use(path):
                    raise PermissionError(13, "it is being used by a process", path)
            return plain(*paths, **kwargs)

        return call

    for name in ("replace", "rename", "unlink", "remove"):
        monkeypatch.setattr(os, name, refusing(name))
        accessor = getattr(pathlib, "_NormalAccessor", None)  # Python 3.10's paths keep what os had
        if hasattr(accessor, name):
            monkeypatch.setattr(accessor, name, staticmethod(getattr(os, name)))


@pytest.fixture
def make(records, tmp_path, monkeypatch):
    """Open the cache of the records, and say how many files were read for it."""
    read = []

    def reading(path, size):
        if path != records[2].path:  # it is tried again whenever the cache is opened
            read.append(path)
        return read_image(path, size)

    monkeypatch.setattr(cache_file, "BLOCK", 3)
    monkeypatch.setattr(cache_file, "read_image", reading)

    def make(limit_gb: float = 1.0) -> tuple[PixelCache | None, int]:
        read.clear()
        return open_cache(records, SIZE, tmp_path / ".cache", limit_gb), len(read)

    return make


def check(cache: PixelCache, records: list[Record]) -> None:
    assert cache.unreadable == {2}
    for i, record in enumerate(records):
        if i != 2:
            assert (cache.images([i])[0].numpy() == read_image(record.path, SIZE)).all()


def files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / ".cache").glob("*.p*"))


def test_made_once_and_found_again(make, records, tmp_path, caplog_loguru):
    cache, read = make()
    check(cache, records)
    assert read == 6 and isinstance(cache.pixels, np.memmap)
    again, read = make()
    check(again, records)
    assert read == 0
    (file,) = files(tmp_path)
    assert file.name.startswith("16x8-") and all(str(file) in line for line in caplog_loguru)


def test_batches_are_those_of_the_files(make, records):
    cache, _ = make()
    for replace_bad in (True, False):
        cached, read = (ImageDataset(records, SIZE, source, replace_bad) for source in (cache, None))
        for indices in ([0, 1], [6, 2, 3], [2], [2, 5, 2]):
            a, b = cached.__getitems__(indices), read.__getitems__(indices)
            assert all(torch.equal(x, y) for x, y in zip(a[:4], b[:4], strict=True)) and a.bad == b.bad
            assert not len(a.images) or a.images.is_contiguous(memory_format=torch.channels_last)


def test_a_batch_is_a_copy(make):
    cache, _ = make()
    cache.images([0, 1]).fill_(7)
    assert not (cache.images([0, 1]) == 7).all()


def test_another_size_or_list_is_another_file(make, records, tmp_path):
    make()
    open_cache(records, (32, 8), tmp_path / ".cache", 1.0)
    open_cache(records[:5], SIZE, tmp_path / ".cache", 1.0)
    assert len(files(tmp_path)) == 3 and make()[1] == 0


@pytest.mark.parametrize("change", ["content", "time", "gone", "repaired"])
def test_stale_is_made_again(make, records, tmp_path, caplog_loguru, change):
    make()
    path = Path(records[2 if change == "repaired" else 4].path)
    if change == "time":
        os.utime(path, ns=(0, 0))
    elif change == "gone":
        path.unlink()
    else:
        write(path, 99)
    cache, read = make()
    assert read >= 6 and any("have changed since" in line for line in caplog_loguru)
    unreadable = {"gone": {2, 4}, "repaired": set()}.get(change, {2})
    assert cache.unreadable == unreadable
    assert all(
        (cache.images([i])[0].numpy() == read_image(records[i].path, SIZE)).all()
        for i in set(range(7)) - unreadable
    )
    assert len(files(tmp_path)) == 1


@pytest.mark.parametrize("where", [0, 500, 7 * 16 * 8 * 3 - 1, 7 * 16 * 8 * 3, -3, "cut", "short", "empty"])
def test_damaged_is_made_again(make, records, tmp_path, caplog_loguru, where):
    make()
    (file,) = files(tmp_path)
    content = bytearray(file.read_bytes())
    if where == "cut":
        content = content[:-5]
    elif where == "short":
        content = content[:100]
    elif where == "empty":
        content.clear()
    else:
        content[where] ^= 1  # one bit
    file.write_bytes(content)
    cache, read = make()
    check(cache, records)
    assert read == 6 and sum("is damaged; it is made again" in line for line in caplog_loguru) == 1
    assert make()[1] == 0


def test_above_the_limit(make, tmp_path, caplog_loguru):
    assert make(1e-6)[0] is None
    assert len(caplog_loguru) == 1 and "above DATALOADER.CACHE_GB 1e-06" in caplog_loguru[0]
    assert "DATALOADER.CACHE none" in caplog_loguru[0] and not files(tmp_path)


def test_the_limit_is_for_all_files_but_not_against_the_one_that_is_there(make, records, tmp_path):
    assert make(3e-6)[0] is not None
    assert open_cache(records[:6], SIZE, tmp_path / ".cache", 4e-6) is None
    os.utime(records[0].path, ns=(0, 0))
    assert make(3e-6)[1] == 6, "a stale file is replaced, so it does not count"


@pytest.mark.parametrize(
    "target, value, message",
    [
        ("shutil.disk_usage", type("Usage", (), {"free": 100}), "has 0.0 GB free"),
        ("psutil.virtual_memory", type("Memory", (), {"available": 100}), "of memory are free"),
    ],
)
def test_where_it_does_not_fit(make, tmp_path, caplog_loguru, monkeypatch, target, value, message):
    monkeypatch.setattr(target, lambda *args: value)
    assert make()[0] is None and message in caplog_loguru[0] and not files(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_full_disk(make, records, tmp_path, caplog_loguru):
    make()
    (file,) = files(tmp_path)
    file.rename(tmp_path / "kept")
    file.with_name(file.name + ".part").symlink_to("/dev/full")
    caplog_loguru.clear()
    assert make()[0] is None
    (line,) = caplog_loguru
    assert "No space left on device" in line and line.count("\n") == 1 and not files(tmp_path)
    check(make()[0], records)


def test_folder_that_cannot_be_written(make, tmp_path, caplog_loguru):
    (tmp_path / ".cache").write_text("in the way")
    assert make()[0] is None and "cannot write" in caplog_loguru[0]


def test_a_file_that_was_out_of_reach_for_a_moment(make, records, monkeypatch):
    """It could not be read when the cache was made; nothing about it has changed since, but now it can."""
    with monkeypatch.context() as patch:
        away = records[4].path
        patch.setattr(
            cache_file, "read_image", lambda path, size: None if path == away else read_image(path, size)
        )
        assert make()[0].unreadable == {2, 4}
    check(make()[0], records)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_whole_cache_in_a_folder_that_cannot_be_written(make, records, tmp_path):
    make()
    (tmp_path / ".cache").chmod(0o500)
    check(make()[0], records)
    (tmp_path / ".cache").chmod(0o700)


def test_stopped_in_the_midst(make, records, tmp_path, monkeypatch):
    make()
    os.utime(records[0].path, ns=(0, 0))
    (file,) = files(tmp_path)
    before = file.read_bytes()

    def stop(path, size):
        if path == records[5].path:
            raise KeyboardInterrupt
        return read_image(path, size)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(cache_file, "read_image", stop)
        make()
    assert files(tmp_path) == [file] and file.read_bytes() == before, "what was there is untouched"
    check(make()[0], records)


OPEN = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from data import cache, cache_file
from data.datasets import Record
read = []
def slowly(path, size):
    time.sleep(0.2)
    if "2.png" not in path:  # no image: it is tried again whenever the cache is opened
        read.append(path)
    return reading(path, size)
reading, cache_file.read_image = cache_file.read_image, slowly
records = [Record(path, 0, 0) for path in json.loads(sys.argv[2])]
found = cache.open_cache(records, (16, 8), Path(sys.argv[3]), 1.0)
print(json.dumps([len(read), int(found.pixels.sum())]))
"""


def test_two_processes_at_once_make_it_once(records, tmp_path):
    paths = json.dumps([record.path for record in records])
    command = [sys.executable, "-c", OPEN, ROOT, paths, tmp_path / ".cache"]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    outputs = [json.loads(process.communicate(timeout=120)[0].splitlines()[-1]) for process in processes]
    assert sorted(read for read, _ in outputs) == [0, 0, 6]
    assert len({pixels for _, pixels in outputs}) == 1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_in_the_memory_of_a_gpu(make, records):
    cache, _ = make()
    on_device = cache.to(torch.device("cuda"))
    assert on_device.on_device and on_device.images([3, 0]).is_cuda
    assert torch.equal(on_device.images([3, 0]).cpu(), cache.images([3, 0]))


def test_stays_in_the_hosts_memory_where_a_gpus_is_too_small(make, monkeypatch, caplog_loguru):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (4000, 8000))
    cache, _ = make()
    assert cache.to(torch.device("cuda")) is cache and "DATALOADER.CACHE ram" in caplog_loguru[-1]


def test_training_and_test_caches_share_one_half(make, monkeypatch, caplog_loguru):
    """2,688 bytes of pixels, as another cache holds; of a GPU of so many bytes, half is the network's."""
    cache, _ = make()
    for memory, stays in ((2 * 2 * 2688, False), (2 * 2 * 2688 - 1, True)):
        monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 2688)
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device, m=memory: (m - 2688, 10**9))
        caplog_loguru.clear()
        moved = cache.to(torch.device("cpu"))  # in place of a GPU
        assert (moved is cache) == stays == ("beside 0.0 GB that lie there" in "".join(caplog_loguru))


@pytest.mark.skipif(sys.platform != "linux", reason="sees open files as Linux does")
def test_a_file_in_use_is_not_replaced_here(make, tmp_path):
    """What the other tests of this file rely on."""
    cache, _ = make()
    (file,) = files(tmp_path)
    with pytest.raises(PermissionError):
        file.unlink()
    del cache
    with open(file), pytest.raises(PermissionError):
        os.replace(file, tmp_path / "x")
    file.unlink()


def test_what_reading_processes_get_does_not_grow_with_the_pixels(records, tmp_path):
    """Of a pixel cache they get the file's name, not its content."""
    size = (64, 64)
    dataset = ImageDataset(records, size, open_cache(records, size, tmp_path / ".cache", 1.0))
    content = pickle.dumps(dataset)
    assert len(content) < dataset.cache.pixels.nbytes / 10
    again = pickle.loads(content)
    assert isinstance(again.cache.pixels, np.memmap) and again.cache.unreadable == {2}
    expected = dataset.__getitems__([4, 1])
    reading = ReidLoader(
        dataset, "stop", batch_sampler=[[4, 1]], num_workers=1, multiprocessing_context="spawn"
    )
    for batch in (again.__getitems__([4, 1]), *reading):
        assert all(torch.equal(x, y) for x, y in zip(batch[:4], expected[:4], strict=True))
