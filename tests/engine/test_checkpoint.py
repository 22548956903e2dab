import errno
import shutil

import pytest
import torch
from torch import nn

from engine.checkpoint import BestCheckpoints
from utils.checkpoint_file import save_atomically
from utils.errors import InputError
from utils.run_folder import RunFolder


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def run(folder, keep_best, results):
    checkpoints = BestCheckpoints(RunFolder(folder), keep_best)
    return [checkpoints.save(nn.Linear(2, 2), result).name for result in results]


def test_keeps_the_best_and_the_newest(tmp_path):
    assert run(tmp_path, 2, [0.5, 0.7, 0.6, 0.1]) == [
        "mAP50.0.pth",
        "mAP70.0.pth",
        "mAP60.0.pth",
        "mAP10.0.pth",
    ]
    assert names(tmp_path) == ["mAP10.0.pth", "mAP60.0.pth", "mAP70.0.pth"]


def test_a_students_weights_have_their_own_name_and_no_adapters(tmp_path):
    net = nn.Module()
    net.base, net.adapters = nn.Linear(2, 2), nn.Linear(2, 2)
    file = BestCheckpoints(RunFolder(tmp_path), 1, distilled=True).save(net, 0.5)
    assert file.name == "mAP_KD_50.0.pth" and set(torch.load(file)) == {"base.weight", "base.bias"}


def test_zero_keeps_all(tmp_path):
    run(tmp_path, 0, [0.5, 0.7, 0.6, 0.1])
    assert len(names(tmp_path)) == 4


def test_equal_results_share_a_name(tmp_path):
    checkpoints = BestCheckpoints(RunFolder(tmp_path), 1)
    checkpoints.save(nn.Linear(2, 2), 0.7512)
    newest = nn.Linear(2, 2)
    file = checkpoints.save(newest, 0.7508)
    assert names(tmp_path) == ["mAP75.1.pth"]
    assert torch.equal(torch.load(file, weights_only=True)["weight"], newest.weight)


def test_other_files_of_the_folder_stay(tmp_path):
    (tmp_path / "mAP99.9.pth").write_bytes(b"another run's")
    run(tmp_path, 1, [0.1, 0.2, 0.3])
    assert names(tmp_path) == ["mAP30.0.pth", "mAP99.9.pth"]


def test_saved_weights_are_plain_and_in_the_standard_layout(tmp_path):
    net = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
    file = BestCheckpoints(RunFolder(tmp_path), 1).save(net, 0.5)
    state = torch.load(file, weights_only=True)
    assert set(state) == {"weight", "bias"} and state["weight"].is_contiguous()
    assert torch.equal(state["weight"], net.weight)


def test_a_write_that_fails_keeps_what_was_there(tmp_path, monkeypatch):
    file = BestCheckpoints(RunFolder(tmp_path), 1).save(nn.Linear(2, 2), 0.5)
    before = file.read_bytes()

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InputError, match="cannot write .*mAP50.0.pth: No space left on device"):
        save_atomically({}, file)
    assert file.read_bytes() == before and names(tmp_path) == ["mAP50.0.pth"]


def test_space_is_checked_before_training(tmp_path, monkeypatch):
    checkpoints = BestCheckpoints(RunFolder(tmp_path), 3)
    checkpoints.check_space(nn.Linear(10, 10))
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(InputError, match="MB free.*OUTPUT_DIR"):
        checkpoints.check_space(nn.Linear(10, 10))
