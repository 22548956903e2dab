"""Average of the weights, freezing, early stop."""

import re

import pytest
import torch
from torch import nn

from config import ConfigError
from engine import Evaluation
from engine.ema import WeightAverage
from evaluation import RankMetrics


def test_the_average_recomputed_step_by_step():
    model = nn.Sequential(nn.Linear(2, 1), nn.BatchNorm1d(1))
    model[0].weight.data.fill_(0.0)
    average, expected = WeightAverage(model, 0.8), 0.0
    for n in range(1, 60):
        model[0].weight.data.fill_(float(n))
        model[1].running_mean.fill_(float(n))
        average.update(n)
        decay = min(0.8, (1 + n) / (10 + n))
        expected = decay * expected + (1 - decay) * n
    linear, norm = average.model
    assert linear.weight.tolist()[0] == pytest.approx([expected] * 2, rel=1e-5)
    assert norm.running_mean == 59, "buffers are those of the network"
    assert not average.model.training and linear.weight is not model[0].weight


def test_the_average_is_what_is_saved_and_tested(train, tmp_path):
    model = train(tmp_path, "SOLVER.MAX_EPOCHS", "1", "SOLVER.EMA", "0.9").model
    (file,) = tmp_path.glob("mAP*.pth")
    saved = torch.load(file, weights_only=True)
    average = torch.load(tmp_path / "last.pth", weights_only=True)["ema"]
    assert all(torch.equal(saved[name], average[name]) for name in saved)
    assert not torch.equal(saved["base.conv1.weight"], model.base.conv1.weight)
    assert torch.equal(saved["bottleneck.running_mean"], model.bottleneck.running_mean)


def test_the_average_follows_the_steps_of_the_optimizer(train, tmp_path, monkeypatch):
    followed = []
    monkeypatch.setattr("engine.ema.WeightAverage.update", lambda _, step: followed.append(step))
    training = train(tmp_path, "SOLVER.MAX_EPOCHS", "2", "SOLVER.EMA", "0.9", "SOLVER.GRAD_ACCUM", "2")
    batches = 2 * len(training.train_loader)
    assert batches % 4 == 0 and followed == [*range(1, batches // 2 + 1)]


@pytest.mark.parametrize("optimizer", ["Adam", "SGD"])
def test_a_frozen_backbone_stays_and_then_learns(train, assemble, tmp_path, optimizer):
    words = ["SOLVER.OPTIMIZER_NAME", optimizer, "--freeze", "--freeze_epoch", "1", "SOLVER.EVAL_PERIOD", "9"]
    words += ["SOLVER.BASE_LR", "0.01", "SOLVER.MAX_EPOCHS"]
    before, after = assemble(*words, "1").model, train(tmp_path, *words, "1").model
    for (name, a), b in zip(before.state_dict().items(), after.state_dict().values(), strict=True):
        if name.startswith("base."):
            assert torch.equal(a, b), name
        elif name in ("classifier.weight", "bottleneck.weight", "bottleneck.running_mean"):
            assert not torch.equal(a, b), name
    after = train(tmp_path, *words, "2").model
    for (name, a), b in zip(before.named_parameters(), after.named_parameters(), strict=True):
        assert name == "bottleneck.bias" or not torch.equal(a, b[1]), name
    assert not torch.equal(before.base.layer1[1].running_mean, after.base.layer1[1].running_mean)


def test_training_ends_when_nothing_gets_better(train, tmp_path, monkeypatch, caplog_loguru):
    results = iter([0.1, 0.3, 0.2, 0.3, 0.9])
    cmc = torch.zeros(50).numpy()

    def evaluate(*_):
        return Evaluation(None, None, RankMetrics(next(results), cmc, 0.0, 16))

    monkeypatch.setattr("engine.run.evaluate", evaluate)
    train(tmp_path, "SOLVER.MAX_EPOCHS", "9", "SOLVER.EARLY_STOP", "2")
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
