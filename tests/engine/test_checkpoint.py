import errno
import shutil
import threading

import pytest
import torch
from torch import nn

from engine import saving
from engine.checkpoint import BestCheckpoints
from engine.saving import BackgroundSaver
from utils.errors import InputError
from utils.run_folder import RunFolder


def names(folder):
    return sorted(p.name for p in folder.iterdir())


@pytest.fixture
def checkpoints(tmp_path):
    """BestCheckpoints in the test's folder; once ``written`` is called, its files are there."""
    with BackgroundSaver() as saver:

        def make(keep_best: int, distilled: bool = False) -> BestCheckpoints:
            made = BestCheckpoints(RunFolder(tmp_path), keep_best, saver, distilled)
            made.written = saver.wait
            return made

        yield make


def run(checkpoints, results):
    saved = [checkpoints.save(nn.Linear(2, 2), result).name for result in results]
    checkpoints.written()
    return saved


def test_keeps_the_best_and_the_newest(checkpoints, tmp_path):
    assert run(checkpoints(2), [0.5, 0.7, 0.6, 0.1]) == [
        "mAP50.0.pth",
        "mAP70.0.pth",
        "mAP60.0.pth",
        "mAP10.0.pth",
    ]
    assert names(tmp_path) == ["mAP10.0.pth", "mAP60.0.pth", "mAP70.0.pth"]


def test_a_students_weights_have_their_own_name_and_no_adapters(checkpoints):
    net = nn.Module()
    net.base, net.adapters = nn.Linear(2, 2), nn.Linear(2, 2)
    best = checkpoints(1, distilled=True)
    file = best.save(net, 0.5)
    best.written()
    assert file.name == "mAP_KD_50.0.pth" and set(torch.load(file)) == {"base.weight", "base.bias"}


def test_zero_keeps_all(checkpoints, tmp_path):
    run(checkpoints(0), [0.5, 0.7, 0.6, 0.1])
    assert len(names(tmp_path)) == 4


def test_equal_results_share_a_name(checkpoints, tmp_path):
    best, newest = checkpoints(1), nn.Linear(2, 2)
    best.save(nn.Linear(2, 2), 0.7512)
    file = best.save(newest, 0.7508)
    best.written()
    assert names(tmp_path) == ["mAP75.1.pth"]
    assert torch.equal(torch.load(file, weights_only=True)["weight"], newest.weight)


def test_other_files_of_the_folder_stay(checkpoints, tmp_path):
    (tmp_path / "mAP99.9.pth").write_bytes(b"another run's")
    run(checkpoints(1), [0.1, 0.2, 0.3])
    assert names(tmp_path) == ["mAP30.0.pth", "mAP99.9.pth"]


def test_saved_weights_are_plain_and_in_the_standard_layout(checkpoints):
    net = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
    best = checkpoints(1)
    file = best.save(net, 0.5)
    best.written()
    state = torch.load(file, weights_only=True)
    assert set(state) == {"weight", "bias"} and state["weight"].is_contiguous()
    assert torch.equal(state["weight"], net.weight)


def test_a_write_that_fails_keeps_what_was_there(checkpoints, tmp_path, monkeypatch):
    best = checkpoints(1)
    file = best.save(nn.Linear(2, 2), 0.5)
    best.written()
    before = file.read_bytes()

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InputError, match="cannot write .*mAP50.0.pth: No space left on device"):
        best.save(nn.Linear(2, 2), 0.5)
        best.save(nn.Linear(2, 2), 0.6)  # the error comes with the next file, at the latest
    assert file.read_bytes() == before and names(tmp_path) == ["mAP50.0.pth"]


def test_space_is_checked_before_training(checkpoints, tmp_path, monkeypatch):
    best = checkpoints(3)
    best.check_space(nn.Linear(10, 10))
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(InputError, match="MB free.*OUTPUT_DIR"):
        best.check_space(nn.Linear(10, 10))


def test_what_is_saved_is_as_it_was_when_save_was_called(tmp_path, monkeypatch):
    """The file is written while the training keeps changing the tensors."""
    tensor, goes_on, write = torch.zeros(3), threading.Event(), saving.save_atomically

    def slow(content, file, previous):
        assert goes_on.wait(10)
        write(content, file, previous)

    monkeypatch.setattr(saving, "save_atomically", slow)
    with BackgroundSaver() as saver:
        saver.save({"part": {"list": [tensor]}}, tmp_path / "last.pth")
        tensor.fill_(1.0)
        assert not (tmp_path / "last.pth").exists()
        goes_on.set()
    found = torch.load(tmp_path / "last.pth", weights_only=True)
    assert found["part"]["list"][0].tolist() == [0.0] * 3


def test_an_error_of_the_last_file_ends_the_block_but_hides_no_other(tmp_path, caplog_loguru):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="cannot write"), BackgroundSaver() as saver:
        saver.save({}, tmp_path / "file" / "last.pth")
    with pytest.raises(ZeroDivisionError), BackgroundSaver() as saver:
        saver.save({}, tmp_path / "file" / "last.pth")
        raise ZeroDivisionError
    assert "cannot write" in caplog_loguru[-1]
