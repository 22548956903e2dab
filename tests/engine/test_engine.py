import re

import cv2
import numpy as np
import pytest
import torch

from data import make_data_loader
from engine import do_train, evaluate
from engine.inference import ReidMetric
from layers import make_loss
from modeling import build_model
from solver import make_optimizer, make_scheduler
from utils.metrics import rank_metrics

CPU = torch.device("cpu")


def train(load, tiny, folder, *words) -> torch.nn.Module:
    cfg = load(*tiny, "SOLVER.IMS_PER_BATCH", "16", "SOLVER.MAX_EPOCHS", "2", *words)
    torch.manual_seed(cfg.SEED)
    train_loader, val_loader, num_query, num_classes = make_data_loader(cfg)
    model = build_model(cfg, num_classes)
    optimizer = make_optimizer(cfg, model)
    do_train(
        cfg,
        model,
        train_loader,
        val_loader,
        optimizer,
        make_scheduler(cfg, optimizer),
        make_loss(cfg, num_classes),
        num_query,
        folder,
        CPU,
    )
    return model


def test_log_lines(load, tiny, tmp_path, caplog_loguru):
    train(load, tiny, tmp_path, "SOLVER.LOG_PERIOD", "2")
    text = "".join(caplog_loguru)
    losses = re.findall(
        r"Epoch\[(\d)\] Iteration\[(\d+)/(\d+)\] Loss: \d+\.\d{3}, Acc: \d\.\d{3}, "
        r"Base Lr: (\d\.\d\de-\d\d)\n",
        text,
    )
    length = int(losses[0][2])
    logged = [i for i in range(1, length + 1) if i % 2 == 0 or i == length]
    assert [(int(e), int(i)) for e, i, _, _ in losses] == [(e, i) for e in (1, 2) for i in logged]
    assert {lr for e, _, _, lr in losses if e == "1"} == {"3.82e-05"}
    assert {lr for e, _, _, lr in losses if e == "2"} == {"7.28e-05"}
    assert re.findall(
        r"Epoch (\d) done\. Time per batch: \d+\.\d{3}\[s\] Speed: \d+\.\d\[samples/s\]\n-{10}\n", text
    )
    results = re.findall(
        r"Validation Results - Epoch: \d\nmAP:(\d+\.\d)%\nCMC curve, Rank-1  :\d+\.\d%\n"
        r"CMC curve, Rank-5  :\d+\.\d%\nCMC curve, Rank-10 :\d+\.\d%\n",
        text,
    )
    assert len(results) == 2
    assert cv2.imread(str(tmp_path / "curves.png")).shape[1] > 1000
    assert sorted(p.name for p in tmp_path.glob("mAP*.pth")) == sorted({f"mAP{r}.pth" for r in results})


def test_same_seed_same_weights(load, tiny, tmp_path):
    first = train(load, tiny, tmp_path, "SOLVER.EVAL_PERIOD", "9").state_dict()
    second = train(
        load, tiny, tmp_path, "SOLVER.EVAL_PERIOD", "1", "DATALOADER.NUM_WORKERS", "1"
    ).state_dict()
    other = train(load, tiny, tmp_path, "SOLVER.EVAL_PERIOD", "9", "SEED", "1").state_dict()
    assert all(torch.equal(first[k], second[k]) for k in first)
    assert not torch.equal(first["base.conv1.weight"], other["base.conv1.weight"])


def test_evaluation_period_and_the_last_epoch(load, tiny, tmp_path, caplog_loguru):
    train(load, tiny, tmp_path, "SOLVER.MAX_EPOCHS", "3", "SOLVER.EVAL_PERIOD", "2")
    assert re.findall(r"Results - Epoch: (\d)", "".join(caplog_loguru)) == ["2", "3"]


@pytest.mark.parametrize(
    "words",
    [
        ["--IF_WITH_CENTER", "yes"],
        ["MODEL.METRIC_LOSS_TYPE", "none"],
        ["--neck", "no"],
        ["DATALOADER.SAMPLER", "softmax"],
        ["SOLVER.OPTIMIZER_NAME", "SGD"],
        ["SOLVER.AMP", "no"],
    ],
)
def test_every_recipe_moves_every_parameter(load, tiny, tmp_path, words):
    torch.manual_seed(0)
    before = build_model(load(*tiny, *words), 16).state_dict()
    model = train(load, tiny, tmp_path, "SOLVER.EVAL_PERIOD", "9", "SOLVER.BASE_LR", "0.01", *words)
    for name, parameter in model.named_parameters():
        assert parameter.isfinite().all()
        if name != "bottleneck.bias":
            assert not torch.equal(parameter, before[name]), name


@pytest.mark.parametrize("feat_norm", [True, False])
def test_metric_ranks_by_cosine_or_by_euclidean_distance(feat_norm):
    rng = np.random.default_rng(0)
    features = torch.tensor(rng.normal(size=(40, 4)) * rng.uniform(0.5, 2, (40, 1)), dtype=torch.float32)
    pids, camids, order = torch.arange(40) % 5, torch.arange(40) % 3, torch.randperm(40)
    metric = ReidMetric(num_query=10, feat_norm=feat_norm)
    for rows in order.split(7):
        metric.update((features[rows], pids[rows], camids[rows], rows))
    found = metric.compute()
    # The same ranking from an explicit similarity: one-hot queries pick their row of it.
    distance = torch.cdist(features[:10].double(), features[10:].double())
    cosine = torch.nn.functional.cosine_similarity(
        features[:10, None].double(), features[None, 10:].double(), dim=2
    )
    similarity = cosine if feat_norm else -distance
    expected = rank_metrics(
        torch.eye(10, dtype=torch.float64), similarity.T, pids[:10], pids[10:], camids[:10], camids[10:]
    )
    assert found.mAP == pytest.approx(expected.mAP, abs=1e-6)
    assert np.allclose(found.cmc, expected.cmc)


def test_features_are_gathered_in_chunks(monkeypatch):
    monkeypatch.setattr("engine.inference.CHUNK", 8)
    features = torch.nn.functional.normalize(torch.randn(21, 3), dim=1)
    pids, camids = torch.arange(21) % 3, torch.arange(21) % 2
    metric = ReidMetric(num_query=6)
    for rows in torch.arange(21).split(4):
        metric.update((features[rows], pids[rows], camids[rows], rows))
    assert len(metric._host_chunks) == 2
    expected = rank_metrics(features[:6], features[6:], pids[:6], pids[6:], camids[:6], camids[6:])
    assert metric.compute().mAP == pytest.approx(expected.mAP)


def test_a_skipped_query_does_not_shift_the_others(load, tiny, tmp_path):
    cfg = load(*tiny, "DATASETS.ON_BAD_IMAGE", "skip", "TEST.IMS_PER_BATCH", "7")
    model = build_model(cfg, 0)
    _, val_loader, num_query, _ = make_data_loader(cfg)
    records = val_loader.dataset.records
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no image")
    whole = evaluate(cfg, model, val_loader, num_query, CPU)
    val_loader.dataset.records = [records[0]._replace(path=str(bad)), *records[1:]]
    without = evaluate(cfg, model, val_loader, num_query, CPU)
    val_loader.dataset.records = records[1:]
    expected = evaluate(cfg, model, val_loader, num_query - 1, CPU)
    assert without.mAP == pytest.approx(expected.mAP, abs=1e-6) and np.allclose(without.cmc, expected.cmc)
    assert without.num_valid_queries == whole.num_valid_queries - 1
