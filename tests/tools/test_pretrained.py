"""Weights of other programs and precisions, through the commands."""

import re
import shutil
from argparse import Namespace
from pathlib import Path

import pytest
import torch

from modeling import build_model
from tests.conftest import assert_refused

LINES = [*["--IMS_PER_BATCH", "16", "--MAX_EPOCHS", "1"], *["SOLVER.LOG_PERIOD", "2", "OUTPUT_DIR", "run"]]


def in_half(file: Path) -> Path:
    """The same weights in half precision, in a run's folder of their own."""
    folder = file.parent.with_name("half")
    folder.mkdir()
    shutil.copy(file.with_name("config.yml"), folder)
    state = {k: v.half() if v.is_floating_point() else v for k, v in torch.load(file).items()}
    torch.save(state, folder / file.name)
    return folder / file.name


def test_files_in_half_precision(command, quick, tmp_path):
    """They start a training, are tested and teach."""
    done = command("tools/train.py", *quick, *LINES)
    assert done.returncode == 0, done.stdout + done.stderr
    half = in_half(next((tmp_path / "run").glob("mAP*.pth")))
    done = command("tools/test.py", "--model_path", half)
    assert done.returncode == 0 and re.search(r"mAP:\d+\.\d%", done.stdout), done.stdout + done.stderr
    for words in (["--pretrain_choice", "self", "--model_path", half], ["KD.TEACHER", half]):
        done = command("tools/train.py", *quick, *LINES, *words)
        assert done.returncode == 0, done.stdout + done.stderr
        assert re.search(rf"{re.escape(str(half))}: matched (\d+) of \1 tensors\n", done.stdout)
        assert re.search(r"mAP:\d+\.\d%", done.stdout)


@pytest.fixture
def downloaded(load, tmp_path) -> dict[str, int]:
    """Files as they are published, in the user's weights folder; and how many of their tensors count."""
    (tmp_path / "weights").mkdir()
    backbone = build_model(load("--model_name", "tiny"), 0).base.state_dict()

    def under(*prefixes: str) -> dict:
        return {prefix + name: tensor for prefix in prefixes for name, tensor in backbone.items()}

    files = {
        "moco.pth": {"epoch": 200, "state_dict": under("module.encoder_q.", "module.encoder_k.")},
        "dino.pth": {
            "student": under("module.backbone."),
            "teacher": under("backbone."),
            "args": Namespace(arch="vit_small"),
        },
        "alone.pth": backbone,
    }
    for name, content in files.items():
        torch.save(content, tmp_path / "weights" / name)
    return {name: len(backbone) for name in files}


@pytest.mark.parametrize("choice", ["imagenet", "self"])
def test_files_as_they_are_published(command, quick, downloaded, choice):
    for name, number in downloaded.items():
        words = ["--pretrain_choice", choice, "--model_path", f"weights/{name}"]
        done = command("tools/train.py", *quick, *LINES, *words)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"Weights: weights/{name}: matched {number} of " in done.stdout
        assert "random values" not in done.stdout
    gone = ["--pretrain_choice", choice, "--model_path", "weights/gone.pth"]
    assert_refused(command("tools/train.py", *quick, *LINES, *gone), "weights/gone.pth: no such file")
