"""Distillation as a user types it."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import assert_refused

BATCH = ["--IMS_PER_BATCH", "16", "SOLVER.EVAL_PERIOD", "2", "SOLVER.LOG_PERIOD", "4"]


@pytest.fixture
def train(command, tiny, tmp_path):
    """Run tools/train.py in tmp_path/<folder>."""

    def run(folder, *words):
        return command("tools/train.py", *tiny, *BATCH, *words, "OUTPUT_DIR", tmp_path / folder)

    return run


def test_self_distillation_with_the_seeds_flags(train, command, tmp_path):
    words = ["--model_name", "resnet18_kd", "--kd", "--feature_loss_coefficient", "0.03"]
    done = train("run", *words, "--MAX_EPOCHS", "2")
    assert done.returncode == 0, done.stderr
    (weights,) = (tmp_path / "run").glob("mAP*.pth")
    assert re.fullmatch(r"mAP_KD_\d+\.\d\.pth", weights.name)
    state = torch.load(weights, weights_only=True)
    assert {name.split(".")[0] for name in state} == {"base", "bottleneck", "classifier"}, "a plain network"
    last = torch.load(tmp_path / "run" / "last.pth", weights_only=True)["model"]
    assert any(name.startswith("adapters.stages.0.") for name in last), "to resume with"
    done = command("tools/test.py", "--model_path", weights)
    assert done.returncode == 0 and f"mAP:{weights.stem.removeprefix('mAP_KD_')}%" in done.stdout
    done = command("tools/train.py", "--resume", tmp_path / "run", "--MAX_EPOCHS", "3")
    assert done.returncode == 0 and "Validation Results - Epoch: 3" in done.stdout


@pytest.fixture
def teacher(train, tmp_path) -> Path:
    """The weights of a run."""
    done = train("teacher", "--MAX_EPOCHS", "1")
    assert done.returncode == 0, done.stderr
    return next((tmp_path / "teacher").glob("mAP*.pth"))


def test_a_run_teaches_another(train, teacher):
    done = train("student", "KD.TEACHER", teacher, "--MAX_EPOCHS", "1", "SOLVER.GRAD_ACCUM", "2")
    assert done.returncode == 0, done.stderr
    assert f"Teacher: {teacher}: matched 126 of 126 tensors" in done.stdout
    assert_refused(train("no", "KD.TEACHER", "gone.pth"), "KD.TEACHER gone.pth: no such file")
    alone = teacher.rename(teacher.parent.parent / "alone.pth")
    assert_refused(
        train("no", "KD.TEACHER", alone), "no config.yml beside it", "copy the one of its run there"
    )


def test_features_teach(command, quick, tiny_root, tmp_path):
    def train(folder, *words):
        return command("tools/train.py", *quick, *BATCH, *words, "OUTPUT_DIR", tmp_path / folder)

    names = [path.name for path in (tiny_root / "synthetic" / "bounding_box_train").glob("*.jpg")]
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "features.npz", names=names, features=rng.normal(size=(len(names), 6)))
    done = train("run", "KD.TEACHER_FEATURES", tmp_path / "features.npz", "--MAX_EPOCHS", "1")
    assert done.returncode == 0, done.stderr
    assert f"features of {len(names)} images, 6 numbers each" in done.stdout
    np.savez(tmp_path / "few.npz", names=names[1:], features=np.ones((len(names) - 1, 6)))
    assert_refused(
        train("no", "KD.TEACHER_FEATURES", tmp_path / "few.npz"),
        "no feature for 1 of",
        names[0],
        "compute those of all training images",
    )
