import multiprocessing
import os
import signal
import sys

import cv2
import numpy as np
import pytest
import torch

from data.datasets import Record
from data.images import Batch, ImageDataset
from data.loader import ReidLoader
from data.reading import read_image
from utils.errors import InputError


@pytest.fixture
def records(tmp_path) -> list[Record]:
    """Four images of one colour each, the third a file that is no image."""
    records = []
    for i in range(4):
        path = tmp_path / f"行人 {i}.png"
        image = np.full((20 + i, 10, 3), (10 * i, 100, 200), np.uint8)  # blue, green, red
        path.write_bytes(b"no image" if i == 2 else cv2.imencode(".png", image)[1].tobytes())
        records.append(Record(str(path), i + 5, i))
    return records


def loader(records, on_bad_image, **kwargs) -> ReidLoader:
    return ReidLoader(ImageDataset(records, (16, 8)), on_bad_image, batch_size=3, **kwargs)


def test_read_image_is_rgb_of_the_size_asked_for(records):
    image = read_image(records[1].path, (16, 8))
    assert image.shape == (16, 8, 3) and image.dtype == np.uint8
    assert (image == (200, 100, 10)).all()
    assert read_image(records[2].path, (16, 8)) is None
    assert read_image(records[2].path + ".none", (16, 8)) is None


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff\xe0", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"\0" * 50])
def test_damaged_files_are_no_images(tmp_path, content):
    (tmp_path / "x.jpg").write_bytes(content)
    assert read_image(str(tmp_path / "x.jpg"), (16, 8)) is None


@pytest.mark.parametrize("workers", [0, 1])
def test_batches(records, workers):
    batches = list(loader([records[0], records[1], records[3], records[0]], "stop", num_workers=workers))
    first, last = batches
    assert first.images.dtype == torch.uint8 and first.images.shape == (3, 3, 16, 8)
    assert first.images.is_contiguous(memory_format=torch.channels_last)
    assert first.images[:, :, 0, 0].tolist() == [[200, 100, 0], [200, 100, 10], [200, 100, 30]]
    assert first.pids.tolist() == [5, 6, 8] and first.camids.tolist() == [0, 1, 3]
    assert last.indices.tolist() == [3] and first.bad == []


@pytest.mark.parametrize("workers", [0, 1])
def test_bad_image_stops_with_its_name(records, workers):
    with pytest.raises(InputError, match="行人 2.png cannot be read as an image.*ON_BAD_IMAGE skip"):
        list(loader(records, "stop", num_workers=workers))


@pytest.mark.skipif(sys.platform == "win32", reason="signals a process as Unix does")
@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_reading_processes_leave_ctrl_c_to_the_one_that_they_read_for(records, start):
    reading = loader(records[:1] * 30, "stop", num_workers=1, multiprocessing_context=start)
    batches = iter(reading)
    next(batches)
    (reader,) = multiprocessing.active_children()
    os.kill(reader.pid, signal.SIGINT)
    assert len(list(batches)) == 9


@pytest.mark.parametrize("error", [ConnectionResetError(104, "reset"), ConnectionRefusedError(), EOFError()])
def test_reading_process_that_takes_along_a_batch(records, monkeypatch, error):
    """It has announced a batch and dies while that is fetched: this is what its last moments look like."""

    def killed(self):
        yield Batch(torch.zeros(3, 3, 16, 8), *torch.zeros(3, 3), [])
        raise error

    monkeypatch.setattr("torch.utils.data.DataLoader.__iter__", killed)
    batches = iter(loader(records, "stop"))
    assert len(next(batches).images) == 3
    with pytest.raises(InputError, match="a process that reads images died: a batch .* is lost"):
        next(batches)


def test_bad_image_is_skipped_with_one_warning(records, caplog_loguru):
    skipping = loader(records, "skip")
    for _ in range(2):
        assert [b.indices.tolist() for b in skipping] == [[0, 1], [3]]
    assert len(caplog_loguru) == 1 and "行人 2.png" in caplog_loguru[0]
    assert [len(b.images) for b in loader([records[2]] * 4, "skip")] == [0, 0], (
        "as many batches as it is long"
    )


def test_a_training_batch_stays_as_large_as_it_was_drawn(records, caplog_loguru):
    """In the place of what cannot be read stands an image of the same identity, or any of the batch."""
    twin = records[2]._replace(path=records[3].path)  # the unreadable image's person, once more
    dataset = ImageDataset([*records, twin], (16, 8), replace_bad=True)
    batch = dataset.__getitems__([0, 2, 4, 1])
    assert batch.bad == [records[2].path]
    assert batch.indices.tolist() == [0, 4, 4, 1] and batch.pids.tolist() == [5, 7, 7, 6]
    assert batch.images[:, 2, 0, 0].tolist() == [0, 30, 30, 10]
    assert dataset.__getitems__([2, 1]).pids.tolist() == [6, 6]
    skipping = ReidLoader(dataset, "skip", batch_sampler=[[0, 1], [2, 2]])
    with pytest.raises(InputError, match="none of 2 images of a batch can be read: .*行人 2.png"):
        list(skipping)
