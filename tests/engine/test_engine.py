import re
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from data import make_data_loader, make_val_loader, read_dataset
from engine import do_inference, evaluate
from engine.inference import make_extractor
from engine.meter import Meter
from modeling import build_model
from utils.errors import InputError

CPU = torch.device("cpu")


def test_log_lines(train, tmp_path, caplog_loguru):
    train(tmp_path, "SOLVER.LOG_PERIOD", "2")
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


def test_same_seed_same_weights(train, tmp_path):
    first = train(tmp_path, "SOLVER.EVAL_PERIOD", "9").model.state_dict()
    words = ["SOLVER.EVAL_PERIOD", "1", "DATALOADER.CACHE", "none", "DATALOADER.NUM_WORKERS", "1"]
    second = train(tmp_path, *words).model.state_dict()
    other = train(tmp_path, "SOLVER.EVAL_PERIOD", "9", "SEED", "1").model.state_dict()
    assert all(torch.equal(first[k], second[k]) for k in first)
    assert not torch.equal(first["base.conv1.weight"], other["base.conv1.weight"])


def test_evaluation_period_and_the_last_epoch(train, tmp_path, caplog_loguru):
    train(tmp_path, "SOLVER.MAX_EPOCHS", "3", "SOLVER.EVAL_PERIOD", "2")
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
def test_every_recipe_moves_every_parameter(train, assemble, tmp_path, words):
    before = assemble(*words).model.state_dict()
    training = train(tmp_path, "SOLVER.EVAL_PERIOD", "9", "SOLVER.BASE_LR", "0.01", *words)
    for name, parameter in training.model.named_parameters():
        assert parameter.isfinite().all()
        if name != "bottleneck.bias":
            assert not torch.equal(parameter, before[name]), name


def test_means_of_a_line_skip_losses_that_are_not_finite():
    meter = Meter(CPU)
    for loss in (1.0, float("nan"), float("inf"), 4.0):
        meter.update({"loss": torch.tensor(loss), "accuracy": torch.tensor(0.5)})
    assert meter.read() == {"loss": 2.5, "accuracy": 0.5}
    meter.update({"loss": torch.tensor(float("nan")), "accuracy": torch.tensor(0.25)})
    means = meter.read()
    assert np.isnan(means["loss"]) and means["accuracy"] == 0.25


def test_a_row_for_each_way(load, tiny, caplog_loguru):
    cfg = load(
        *tiny,
        "TEST.FLIP",
        "yes",
        "TEST.RE_RANKING",
        "yes",
        "TEST.K1",
        "6",
        "TEST.K2",
        "3",
        "TEST.QUERY_EXPANSION",
        "2",
        "TEST.MULTI_QUERY",
        "yes",
    )
    _, val_loader, num_query, _ = make_data_loader(cfg)
    model = build_model(cfg, 0)
    do_inference(cfg, model, val_loader, num_query)
    text = "".join(caplog_loguru)
    rows = re.findall(r"^  (\S.*?) +\| +(\d+\.\d)%", text, re.M)
    assert [name for name, _ in rows] == [
        "plain",
        "flip",
        "multi-query",
        "query expansion",
        "re-ranking",
        "flip + multi-query + query expansion + re-ranking",
    ]
    assert f"mAP:{rows[0][1]}%" in text


def test_single_gallery_shot_counts_each_query_once(load, tiny):
    cfg = load(*tiny, "TEST.PROTOCOL", "single_gallery_shot", "TEST.REPEATS", "3")
    _, val_loader, num_query, _ = make_data_loader(cfg)
    found = evaluate(cfg, build_model(cfg, 0), val_loader, num_query).metrics
    assert found.num_valid_queries == num_query and found.mAP == pytest.approx(found.mINP)


class Fake(torch.nn.Module):
    """Features that show the pixels, from a network that only holds some images at a time."""

    def __init__(self, most=1000, error=None):
        super().__init__()
        self.most, self.sizes = most, []
        self.error = error or torch.OutOfMemoryError("CUDA out of memory")

    def forward(self, images):
        self.sizes.append(len(images))
        if len(images) > self.most:
            raise self.error
        return images[:, :, 0, :2].flatten(1)


def test_features_are_those_of_the_images_in_order(load, tiny, monkeypatch):
    monkeypatch.setattr("engine.features.CHUNK", 8)
    cfg = load(*tiny, "TEST.IMS_PER_BATCH", "5")
    _, val_loader, _, _ = make_data_loader(cfg)
    batches = list(val_loader)
    expected = torch.cat([Fake()(b.images) for b in batches]).float()
    found = make_extractor(cfg, Fake(), val_loader).embed(val_loader)
    assert torch.equal(found.features, expected)
    assert torch.equal(found.pids, torch.cat([b.pids for b in batches]))
    assert torch.equal(found.indices, torch.arange(len(expected)))
    mirrored = torch.cat([Fake()(b.images.flip(3)) for b in batches]).float()
    model = Fake()
    both = make_extractor(cfg, model, val_loader).embed(val_loader, mirror=True)
    assert torch.equal(both.features, expected) and torch.equal(both.mirrored, mirrored)
    assert sum(model.sizes) == 2 * len(expected), "two forward passes of each image"


def test_flip_takes_two_forward_passes_of_each_image(load, tiny):
    cfg = load(*tiny, "TEST.FLIP", "yes")
    _, val_loader, num_query, _ = make_data_loader(cfg)
    model = Fake()
    do_inference(cfg, model, val_loader, num_query, CPU)
    assert sum(model.sizes) == 2 * len(val_loader.dataset.records)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED"),
    ],
)
def test_out_of_memory_lowers_the_batch_with_one_warning(load, tiny, caplog_loguru, error):
    cfg = load(*tiny, "TEST.IMS_PER_BATCH", "16")
    _, val_loader, _, _ = make_data_loader(cfg)
    caplog_loguru.clear()
    model = Fake(most=5, error=error)
    found = make_extractor(cfg, model, val_loader).embed(val_loader)
    whole = make_extractor(cfg, Fake(), val_loader).embed(val_loader)
    assert torch.equal(found.features, whole.features)
    assert model.sizes[:3] == [16, 8, 4] and max(model.sizes[3:]) == 4, "the smaller size stays"
    assert len(caplog_loguru) == 1 and "testing 8 images at a time" in caplog_loguru[0]


def test_images_that_cannot_be_read_are_left_out_once(load, tiny, tmp_path):
    cfg = load(*tiny, "DATASETS.ON_BAD_IMAGE", "skip", "TEST.IMS_PER_BATCH", "2", "DATALOADER.CACHE", "none")
    _, val_loader, _, _ = make_data_loader(cfg)
    records = val_loader.dataset.records
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no image")
    unreadable = {1, 2, 3, len(records) - 1}
    val_loader.dataset.records = [
        r._replace(path=str(bad)) if i in unreadable else r for i, r in enumerate(records)
    ]
    found = make_extractor(cfg, Fake(), val_loader).embed(val_loader)
    assert found.indices.tolist() == [i for i in range(len(records)) if i not in unreadable]
    val_loader.dataset.records = [r._replace(path=str(bad)) for r in records]
    with pytest.raises(InputError, match="none of the test images can be read"):
        make_extractor(cfg, Fake(), val_loader).embed(val_loader)


@pytest.mark.parametrize("cache", ["none", "ram"])
def test_an_epoch_skips_images_that_cannot_be_read(train, tmp_path, monkeypatch, cache):
    def reading(path, size):
        return None if "_c1s1_" in path else np.zeros((*size, 3), np.uint8)

    monkeypatch.setattr("data.images.read_image", reading)
    monkeypatch.setattr("data.cache_file.read_image", reading)
    monkeypatch.setattr("data.cache_file.VERSION", "of this test")
    words = ["DATASETS.ON_BAD_IMAGE", "skip", "SOLVER.MAX_EPOCHS", "1", "SOLVER.EVAL_PERIOD", "9"]
    train(tmp_path, *words, "DATALOADER.CACHE", cache)


def test_other_errors_of_the_network_are_not_hidden(load, tiny):
    cfg = load(*tiny)
    _, val_loader, _, _ = make_data_loader(cfg)
    for model in (Fake(most=0), Fake(most=0, error=RuntimeError("shapes differ"))):
        with pytest.raises(type(model.error), match=str(model.error)):
            make_extractor(cfg, model, val_loader).embed(val_loader)


def test_a_skipped_query_does_not_shift_the_others(load, tiny, tmp_path):
    cfg = load(*tiny, "DATASETS.ON_BAD_IMAGE", "skip", "TEST.IMS_PER_BATCH", "7")
    model = build_model(cfg, 0)
    dataset = read_dataset(cfg)
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no image")

    def result(query):
        val_loader = make_val_loader(cfg, replace(dataset, query=query))
        return evaluate(cfg, model, val_loader, len(query)).metrics

    first, *others = dataset.query
    whole, without = result(dataset.query), result([first._replace(path=str(bad)), *others])
    expected = result(others)
    assert without.mAP == pytest.approx(expected.mAP, abs=1e-6) and np.allclose(without.cmc, expected.cmc)
    assert without.num_valid_queries == whole.num_valid_queries - 1
