"""Weights to hand on: small, complete, and the same network."""

import math

import pytest
import torch
import yaml

from config import load_cfg
from export import check_parity, export_weights
from export.weights import portable
from modeling import build_model, load_weights
from utils.errors import InputError


@pytest.fixture
def cfg(small):
    return load_cfg([*small, "MODEL.PRETRAIN_PATH", "/home/ada/weights.pth", "OUTPUT_DIR", "/home/ada/run"])


def test_half_precision_without_the_classifier_loads_into_the_same_network(cfg, tmp_path):
    model = build_model(cfg, num_classes=16)
    # What half precision cannot hold exactly, in a network with statistics of its own.
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point():
            tensor.uniform_(0.5, 1.5) if "var" in name else tensor.add_(torch.randn_like(tensor) / 100)
    parity = export_weights(cfg, model, tmp_path / "small.pth")
    state = torch.load(tmp_path / "small.pth", weights_only=True)
    assert {name for name in model.state_dict() if not name.startswith("classifier.")} == {*state}
    assert {tensor.dtype for tensor in state.values()} == {torch.float16, torch.int64}
    other = build_model(cfg, num_classes=0)
    assert not load_weights(other, tmp_path / "small.pth", complete=True).missing
    for name, tensor in other.state_dict().items():
        if name in state:
            expected = model.state_dict()[name]
            assert tensor.dtype == expected.dtype
            assert torch.allclose(tensor, expected, rtol=1e-3, atol=1e-7), name
    assert 0 < parity.difference < 0.01 and 0.999 < parity.cosine < 1


def test_weights_that_half_precision_cannot_hold_are_refused_and_nothing_is_written(cfg, tmp_path):
    model = build_model(cfg, num_classes=16)
    model.bottleneck.running_mean[3] = 1e6
    with pytest.raises(InputError, match="does not give the features of the network .* nothing was written"):
        export_weights(cfg, model, tmp_path / "small.pth")
    assert not any(tmp_path.iterdir())


def test_parity_is_the_worst_of_all_pictures():
    features = torch.eye(16)
    wrong = features.clone()
    wrong[5] = features[6]
    with pytest.raises(InputError, match=r"largest difference 1\.0e\+00, least cosine 0\.000000"):
        check_parity(lambda pictures: features, lambda pictures: wrong, 0.9)
    with pytest.raises(InputError, match="least cosine nan"):
        check_parity(lambda pictures: features, lambda pictures: features / 0, 0.9)
    found = check_parity(lambda pictures: features, lambda pictures: 3 * features + 0.1, 0.9)
    length = math.sqrt(3.1**2 + 15 * 0.1**2)
    assert found.cosine == pytest.approx(3.1 / length)
    assert found.difference == pytest.approx(max(1 - 3.1 / length, 0.1 / length))


def test_settings_keep_nothing_of_this_machine(cfg):
    text = portable(cfg).dump()
    assert "/home/ada" not in text
    tree, own = yaml.safe_load(text), yaml.safe_load(cfg.dump())
    assert tree["MODEL"]["DEVICE"] == "cuda" and own["MODEL"]["DEVICE"] == "cpu"
    assert tree["INPUT"] == own["INPUT"] and tree["MODEL"]["NAME"] == own["MODEL"]["NAME"]
    named = load_cfg(["DATASETS.NAMES", "/home/ada/shop,market1501", "DATASETS.TEST_NAME", "/home/ada/shop"])
    assert portable(named).DATASETS.NAMES == ("shop", "market1501")
    assert portable(named).DATASETS.TEST_NAME == "shop"
