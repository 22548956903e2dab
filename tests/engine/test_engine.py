import re
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from data import make_data_loader, make_val_loader, read_dataset
from engine import do_inference, do_train, evaluate
from engine.features import Embedded, Extractor
from engine.inference import normalise, rank
from engine.meter import Meter
from layers import make_loss
from modeling import build_model
from solver import make_optimizer, make_scheduler
from utils.errors import InputError
from utils.query_expansion import expand_queries, pool_queries
from utils.ranking import rank_queries
from utils.re_ranking import re_ranking

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
        make_scheduler(cfg, optimizer, len(train_loader)),
        make_loss(cfg, num_classes, model.global_dim),
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
        load,
        tiny,
        tmp_path,
        "SOLVER.EVAL_PERIOD",
        "1",
        "DATALOADER.CACHE",
        "none",
        "DATALOADER.NUM_WORKERS",
        "1",
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


def embedded(features, pids, camids) -> Embedded:
    return Embedded(features, torch.as_tensor(pids), torch.as_tensor(camids), torch.arange(len(features)))


def random_images(seed=0, number=40) -> tuple[Embedded, Embedded]:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(number, 4)) * rng.uniform(0.5, 2, (number, 1))
    images = embedded(
        torch.tensor(features, dtype=torch.float32), np.arange(number) % 5, np.arange(number) % 3
    )
    is_query = torch.arange(number) < 10
    return images.where(is_query), images.where(~is_query)


@pytest.mark.parametrize("feat_norm", ["yes", "no"])
def test_ranking_by_cosine_or_by_euclidean_distance(load, feat_norm):
    cfg = load("TEST.FEAT_NORM", feat_norm)
    query, gallery = random_images()
    a, b = query.features.double(), gallery.features.double()
    cosine = torch.nn.functional.cosine_similarity(a[:, None], b[None], dim=2)
    similarity = cosine if feat_norm == "yes" else -torch.cdist(a, b)
    ids = (query.pids, gallery.pids, query.camids, gallery.camids)
    expected = rank_queries([similarity], *ids)
    found = rank(cfg, normalise(cfg, query), normalise(cfg, gallery), CPU)
    assert np.allclose(found.average_precision, expected.average_precision, atol=1e-6)
    assert (found.first_match == expected.first_match).all()


def test_each_way_of_ranking_reaches_its_function(load):
    cfg = load(
        "TEST.K1", "6", "TEST.K2", "3", "TEST.QUERY_EXPANSION", "2", "TEST.QE_ALPHA", "0", command="train"
    )
    query, gallery = (normalise(cfg, images) for images in random_images(1))
    q, g = query.features, gallery.features
    ids = (query.pids, gallery.pids, query.camids, gallery.camids)

    def check(ways, scores, extra=None):
        found = rank(cfg, query, gallery, CPU, ways, extra)
        expected = rank_queries([scores], *ids)
        assert np.allclose(found.average_precision, expected.average_precision, atol=1e-6), ways

    check([], q @ g.T)
    check(["re-ranking"], -torch.from_numpy(re_ranking(q, g, 6, 3, 0.3)))
    check(["query expansion"], expand_queries(q, g, 2, 0.0) @ g.T)
    nothing = torch.empty(0, dtype=torch.int64)
    pooled = F.normalize(pool_queries(q, query.pids, query.camids, q[:0], nothing, nothing))
    check(["multi-query"], pooled @ g.T)
    pooled = F.normalize(pool_queries(q, query.pids, query.camids, g, gallery.pids, gallery.camids))
    check(["multi-query"], pooled @ g.T, gallery)
    both = expand_queries(pooled, g, 2, 0.0)
    check(
        ["multi-query", "query expansion", "re-ranking"],
        -torch.from_numpy(re_ranking(both, g, 6, 3)),
        gallery,
    )


def test_means_of_a_line_leave_out_losses_that_are_not_finite():
    meter = Meter(CPU)
    for loss in (1.0, float("nan"), float("inf"), 4.0):
        meter.update(torch.tensor(loss), torch.tensor(0.5))
    assert meter.read() == (2.5, 0.5)
    meter.update(torch.tensor(float("nan")), torch.tensor(0.25))
    loss, accuracy = meter.read()
    assert np.isnan(loss) and accuracy == 0.25


def test_pooled_queries_keep_the_scale_of_features_that_are_not_normalised(load):
    """By Euclidean distance, a query of length 1 would be nearest to whatever feature is shortest."""
    cfg = load("TEST.FEAT_NORM", "no")
    query, gallery = random_images(1)
    long = [images._replace(features=20 * images.features) for images in (query, gallery)]
    found = rank(cfg, *long, CPU, ["multi-query"], long[1])
    q, g = long[0].features, long[1].features
    pooled = pool_queries(q, query.pids, query.camids, g, gallery.pids, gallery.camids)
    ids = (query.pids, gallery.pids, query.camids, gallery.camids)
    expected = rank_queries([-torch.cdist(pooled, g)], *ids)
    assert np.allclose(found.average_precision, expected.average_precision, atol=1e-6)


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
    do_inference(cfg, model, val_loader, num_query, CPU)
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
    found = evaluate(cfg, build_model(cfg, 0), val_loader, num_query, CPU)
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
    expected = torch.cat([Fake()(b.images).float() for b in batches])
    found = Extractor(cfg, Fake(), CPU).run(val_loader)
    assert torch.equal(found.features, expected)
    assert torch.equal(found.pids, torch.cat([b.pids for b in batches]))
    assert torch.equal(found.indices, torch.arange(len(expected)))
    mirrored = torch.cat([Fake()(b.images.flip(3)).float() for b in batches])
    flipped = Extractor(cfg, Fake(), CPU, flip=True).run(val_loader)
    assert torch.allclose(flipped.features, (expected + mirrored) / 2)


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
    found = Extractor(cfg, model, CPU).run(val_loader)
    assert torch.equal(found.features, Extractor(cfg, Fake(), CPU).run(val_loader).features)
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
    found = Extractor(cfg, Fake(), CPU).run(val_loader)
    assert found.indices.tolist() == [i for i in range(len(records)) if i not in unreadable]
    val_loader.dataset.records = [r._replace(path=str(bad)) for r in records]
    with pytest.raises(InputError, match="none of the test images can be read"):
        Extractor(cfg, Fake(), CPU).run(val_loader)


@pytest.mark.parametrize("cache", ["none", "ram"])
def test_an_epoch_goes_on_without_images_that_cannot_be_read(load, tiny, tmp_path, monkeypatch, cache):
    def reading(path, size):
        return None if "_c1s1_" in path else np.zeros((*size, 3), np.uint8)

    monkeypatch.setattr("data.images.read_image", reading)
    monkeypatch.setattr("data.cache_file.read_image", reading)
    monkeypatch.setattr("data.cache_file.VERSION", "of this test")
    words = ["DATASETS.ON_BAD_IMAGE", "skip", "SOLVER.MAX_EPOCHS", "1", "SOLVER.EVAL_PERIOD", "9"]
    train(load, tiny, tmp_path, *words, "DATALOADER.CACHE", cache)


def test_other_errors_of_the_network_are_not_hidden(load, tiny):
    cfg = load(*tiny)
    _, val_loader, _, _ = make_data_loader(cfg)
    for model in (Fake(most=0), Fake(most=0, error=RuntimeError("shapes differ"))):
        with pytest.raises(type(model.error), match=str(model.error)):
            Extractor(cfg, model, CPU).run(val_loader)


def test_a_skipped_query_does_not_shift_the_others(load, tiny, tmp_path):
    cfg = load(*tiny, "DATASETS.ON_BAD_IMAGE", "skip", "TEST.IMS_PER_BATCH", "7")
    model = build_model(cfg, 0)
    dataset = read_dataset(cfg)
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no image")

    def result(query):
        val_loader = make_val_loader(cfg, replace(dataset, query=query))
        return evaluate(cfg, model, val_loader, len(query), CPU)

    first, *others = dataset.query
    whole, without = result(dataset.query), result([first._replace(path=str(bad)), *others])
    expected = result(others)
    assert without.mAP == pytest.approx(expected.mAP, abs=1e-6) and np.allclose(without.cmc, expected.cmc)
    assert without.num_valid_queries == whole.num_valid_queries - 1
