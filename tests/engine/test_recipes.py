"""Average of the weights, freezing, early stop."""

import copy
import re

import pytest
import torch
from ignite.engine import Engine
from torch import nn

from config import ConfigError
from data import make_data_loader
from engine import do_train
from engine.average import average_weights
from evaluation import RankMetrics
from layers import make_loss
from modeling import build_model
from solver import make_optimizer, make_scheduler
from utils.random_state import seed_everything

CPU = torch.device("cpu")


@pytest.fixture
def train(load, tiny, tmp_path):
    """Train as tools/train.py does; gives the network before and after."""

    def run(*words) -> tuple[nn.Module, nn.Module]:
        cfg = load(*tiny, "SOLVER.IMS_PER_BATCH", "16", *words)
        seed_everything(cfg.SEED)
        train_loader, val_loader, num_query, num_classes = make_data_loader(cfg)
        model = build_model(cfg, num_classes)
        before = copy.deepcopy(model)
        optimizer = make_optimizer(cfg, model)
        parts = (
            optimizer,
            make_scheduler(cfg, optimizer, len(train_loader)),
            make_loss(cfg, num_classes, model.global_dim),
            num_query,
            tmp_path,
            CPU,
        )
        do_train(cfg, model, train_loader, val_loader, *parts)
        return before, model

    return run


def test_the_average_recomputed_step_by_step():
    model = nn.Linear(2, 1)
    trainer = Engine(lambda engine, step: model.weight.data.fill_(float(step)))
    model.weight.data.fill_(0.0)
    average, expected = average_weights(trainer, model, 0.8), 0.0
    trainer.run(range(1, 60))
    for n in range(1, 60):
        decay = min(0.8, (1 + n) / (10 + n))
        expected = decay * expected + (1 - decay) * n
    assert average.weight.tolist()[0] == pytest.approx([expected] * 2, rel=1e-5)
    assert not average.training and average.weight is not model.weight


def test_the_average_is_what_is_saved_and_tested(train, tmp_path):
    _, model = train("SOLVER.MAX_EPOCHS", "1", "SOLVER.EMA", "0.9")
    (file,) = tmp_path.glob("mAP*.pth")
    saved = torch.load(file, weights_only=True)
    average = torch.load(tmp_path / "last.pth", weights_only=True)["ema"]
    assert all(torch.equal(saved[name], average[name]) for name in saved)
    assert not torch.equal(saved["base.conv1.weight"], model.base.conv1.weight)
    assert torch.equal(saved["bottleneck.running_mean"], model.bottleneck.running_mean)


@pytest.mark.parametrize("optimizer", ["Adam", "SGD"])
def test_a_frozen_backbone_stays_and_then_learns(train, optimizer):
    words = ["SOLVER.OPTIMIZER_NAME", optimizer, "--freeze", "--freeze_epoch", "1", "SOLVER.EVAL_PERIOD", "9"]
    words += ["SOLVER.BASE_LR", "0.01", "SOLVER.MAX_EPOCHS"]
    before, after = train(*words, "1")
    for (name, a), b in zip(before.state_dict().items(), after.state_dict().values(), strict=True):
        if name.startswith("base."):
            assert torch.equal(a, b), name
        elif name in ("classifier.weight", "bottleneck.weight", "bottleneck.running_mean"):
            assert not torch.equal(a, b), name
    before, after = train(*words, "2")
    for (name, a), b in zip(before.named_parameters(), after.named_parameters(), strict=True):
        assert name == "bottleneck.bias" or not torch.equal(a, b[1]), name
    assert not torch.equal(before.base.bn1.running_mean, after.base.bn1.running_mean)


def test_training_ends_when_nothing_gets_better(train, monkeypatch, caplog_loguru):
    results = iter([0.1, 0.3, 0.2, 0.3, 0.9])
    cmc = torch.zeros(50).numpy()
    monkeypatch.setattr("engine.train.evaluate", lambda *_: RankMetrics(next(results), cmc, 0.0, 16))
    train("SOLVER.MAX_EPOCHS", "9", "SOLVER.EARLY_STOP", "2")
    text = "".join(caplog_loguru)
    assert re.findall(r"Results - Epoch: (\d)", text) == ["1", "2", "3", "4"]
    assert "No better mAP in 2 evaluations" in caplog_loguru[-1]


def test_settings_out_of_range(load):
    for words, message in (
        (["SOLVER.EMA", "1"], "EMA is a decay"),
        (["SOLVER.EARLY_STOP", "-1"], "EARLY_STOP must not be negative"),
    ):
        with pytest.raises(ConfigError, match=message):
            load(*words)
