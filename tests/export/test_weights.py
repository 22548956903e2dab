"""Weights to hand on: small, complete, and the same network."""

import pytest
import torch
import yaml

from config import load_cfg
from export import Form, Source, export_network, find_pictures
from export.weights import portable
from modeling import build_model, load_weights
from utils.errors import InputError

HALVED = Form("pth", "fp16")


@pytest.fixture
def source(small, tmp_path):
    cfg = load_cfg([*small, "MODEL.PRETRAIN_PATH", "/home/ada/weights.pth", "OUTPUT_DIR", "/home/ada/run"])
    model = build_model(cfg, num_classes=16).eval()
    return Source(cfg, model, tmp_path / "weights.pth", find_pictures(cfg, (), calibrate=False))


def test_half_precision_without_the_classifier_loads_into_the_same_network(source, tmp_path):
    # What half precision cannot hold exactly, in a network with statistics of its own.
    for name, tensor in source.network.state_dict().items():
        if tensor.is_floating_point():
            tensor.uniform_(0.5, 1.5) if "var" in name else tensor.add_(torch.randn_like(tensor) / 100)
    parity = export_network(source, HALVED, tmp_path / "small.pth")
    state = torch.load(tmp_path / "small.pth", weights_only=True)
    own = source.network.state_dict()
    assert {name for name in own if not name.startswith("classifier.")} == {*state}
    assert {tensor.dtype for tensor in state.values()} == {torch.float16, torch.int64}
    other = build_model(source.cfg, num_classes=0)
    assert not load_weights(other, tmp_path / "small.pth", complete=True).missing
    for name, tensor in other.state_dict().items():
        if name in state:
            assert tensor.dtype == own[name].dtype
            assert torch.allclose(tensor, own[name], rtol=1e-3, atol=1e-7), name
    assert 0 < parity.difference < 0.01 and 0.999 < parity.cosine < 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.config.yml", "small.pth"]


def test_weights_that_half_precision_cannot_hold_are_refused_and_nothing_is_written(source, tmp_path):
    source.network.bottleneck.running_mean[3] = 1e6
    with pytest.raises(InputError, match="does not give the features of the network .* nothing was written"):
        export_network(source, HALVED, tmp_path / "small.pth")
    assert not any(tmp_path.iterdir())


def test_settings_keep_nothing_of_this_machine(source):
    text = portable(source.cfg).dump()
    assert "/home/ada" not in text
    tree, own = yaml.safe_load(text), yaml.safe_load(source.cfg.dump())
    assert tree["MODEL"]["DEVICE"] == "cuda" and own["MODEL"]["DEVICE"] == "cpu"
    assert tree["INPUT"] == own["INPUT"] and tree["MODEL"]["NAME"] == own["MODEL"]["NAME"]
    named = load_cfg(["DATASETS.NAMES", "/home/ada/shop,market1501", "DATASETS.TEST_NAME", "/home/ada/shop"])
    assert portable(named).DATASETS.NAMES == ("shop", "market1501")
    assert portable(named).DATASETS.TEST_NAME == "shop"
