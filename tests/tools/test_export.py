"""tools/export.py as a user runs it."""

import re
from pathlib import Path

import pytest
import torch
import yaml

from config import load_cfg
from modeling import build_model
from tests.conftest import assert_refused
from utils.files import atomic_write


@pytest.fixture
def weights(small, tmp_path) -> Path:
    """Weights in a run's folder."""
    cfg = load_cfg(small)
    torch.save(build_model(cfg, num_classes=16).state_dict(), tmp_path / "mAP75.1.pth")
    with atomic_write(tmp_path / "config.yml") as stream:
        stream.write(cfg.dump())
    return tmp_path / "mAP75.1.pth"


def test_exported_weights_are_tested_with_their_own_settings(command, weights):
    done = command("tools/export.py", "--model_path", weights)
    assert done.returncode == 0, done.stderr
    small = weights.with_name("mAP75.1.small.pth")
    assert f"Saved {small}" in done.stdout and "least cosine 1.000" in done.stdout
    assert small.stat().st_size < 0.6 * weights.stat().st_size
    settings = weights.with_name("config.yml")
    local = ["DATASETS.ROOT_DIR", yaml.safe_load(settings.read_text())["DATASETS"]["ROOT_DIR"]]
    before = command("tools/test.py", "--model_path", weights, *local).stdout
    settings.write_text("MODEL: {NAME: resnet50}")  # another run's settings in the folder are not theirs
    after = command("tools/test.py", "--model_path", small, *local).stdout
    assert float(mean_ap(after)) == pytest.approx(float(mean_ap(before)), abs=0.5)


def mean_ap(out: str) -> str:
    return re.search(r"mAP:([\d.]+)%", out)[1]


def test_refusals(command, weights, tmp_path):
    assert_refused(command("tools/export.py"), "TEST.WEIGHT is empty")
    same = command("tools/export.py", "--model_path", weights, "--out", weights)
    assert_refused(same, "is the file of the weights themselves")
    assert_refused(command("tools/export.py", "--model_path", weights, "--format", "bmp"), "--format")
    (tmp_path / "file").write_text("")
    nowhere = command("tools/export.py", "--model_path", weights, "--out", tmp_path / "file" / "a.pth")
    assert_refused(nowhere, "cannot write")
