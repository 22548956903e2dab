"""The network that lies in weights/: every command that names no weights depends on it."""

from pathlib import Path

import numpy as np
import torch
import yaml

from config import READY_MODELS, load_cfg
from engine import load_extractor
from search.calibration import ANSWERS, read_calibration

FILE = Path(READY_MODELS["mobilenet_v2"])


def test_it_is_small_and_in_half_precision():
    assert FILE.stat().st_size <= 5e6
    tensors = torch.load(FILE, weights_only=True)
    assert {t.dtype for t in tensors.values() if t.is_floating_point()} == {torch.float16}
    assert all(name.startswith(("base.", "bottleneck.")) for name in tensors)


def test_it_gives_features_by_the_settings_beside_it():
    images = [np.full((200, 90, 3), value, np.uint8) for value in (0, 128, 255)]
    features = load_extractor(FILE, torch.device("cpu"))(images)
    assert features.shape == (3, 1280) and features.dtype == torch.float32 and features.isfinite().all()


def test_its_settings_name_nothing_of_the_machine_that_trained_it():
    cfg = load_cfg(["--model_path", str(FILE)], "test")
    assert cfg.INPUT.SIZE_TEST == [256, 128] and cfg.MODEL.NAME == "mobilenet_v2"
    settings = yaml.safe_load(FILE.with_suffix(".config.yml").read_text())
    assert settings["DATASETS"]["ROOT_DIR"] == "./data" and settings["KD"]["TEACHER_FEATURES"] == ""


def test_its_threshold_is_calibrated():
    found = read_calibration(FILE)
    assert 0 < found.threshold(0.01) < found.threshold(ANSWERS) < found.threshold(1e-5) < 1


def test_its_card_says_what_its_calibration_does():
    card = " ".join((FILE.parent / "README.md").read_text(encoding="utf-8").split())
    points = yaml.safe_load(FILE.with_suffix(".calibration.yml").read_text())
    one, two = points["fpr_1e-3"], points["fpr_1e-4"]
    assert f"from a cosine of {one['threshold']:.3f}: one of 1,000 pairs of strangers passes" in card
    assert f"and {100 * one['tpr']:.1f} % of the pairs of one person" in card
    assert f"from {two['threshold']:.3f}, one of 10,000 and {100 * two['tpr']:.1f} %" in card
