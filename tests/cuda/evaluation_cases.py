"""Features, ranking and what is computed from them; name -> case(bench)."""

import torch

from data.images import Batch
from data.transforms import make_test_transform
from engine import FeatureExtractor
from evaluation import GalleryIndex, TestImages, evaluate_ways, plain_scores, rank_metrics, re_ranking
from evaluation.calibration import operating_points, roc
from evaluation.embedded import Embedded
from evaluation.per_query import query_results
from modeling import build_model
from tests.cuda.bench import CUDA, TINY, Bench, uint8_images

BY_DISTANCE = ["TEST.FLIP", "yes", "TEST.MULTI_QUERY", "yes", "TEST.FEAT_NORM", "no"]
WAYS = ["TEST.FLIP", "yes", "TEST.MULTI_QUERY", "yes", "TEST.QUERY_EXPANSION", "3"]
WAYS += ["TEST.RE_RANKING", "yes", "TEST.K1", "6", "TEST.K2", "3"]


def extract(*words: str):
    """Features of a loader's images and of their mirror images."""

    def run(bench: Bench) -> None:
        cfg = bench.cfg(*TINY, *words)
        transform = make_test_transform(cfg)
        model = build_model(cfg, 16).to(CUDA, memory_format=torch.channels_last)
        extractor = FeatureExtractor(model, transform, CUDA, 8, cfg.SOLVER.AMP)
        labels = torch.arange(20)
        batches = []
        for part in labels.split(16):
            on_device = part.to(CUDA)
            images = transform(uint8_images(len(part), cfg.INPUT.SIZE_TEST), extractor.dtype)
            batches.append(Batch(images, on_device, on_device, on_device, []))
        with bench.cuda.no_waiting():
            features = extractor.features(batches[0].images)
        assert features.device == CUDA and features.dtype == torch.float32
        found = extractor.embed(batches, mirror=True)
        assert found.features.shape == found.mirrored.shape == (20, model.feature_dim)
        assert found.features.device.type == "cpu" and torch.equal(found.indices, labels)
        assert extractor(torch.zeros(3, 3, *cfg.INPUT.SIZE_TEST, dtype=torch.uint8)).device.type == "cpu"

    return run


def embedded(number: int) -> Embedded:
    """Images of six people under two cameras, on the host as the network gave them."""
    place = torch.arange(number)
    features, mirrored = torch.rand(2, number, 8) + 0.1
    return Embedded(features, place % 6, place // 6 % 2, place, mirrored)


def on_device(*numbers: int) -> list[torch.Tensor]:
    return [embedded(number).normalised().features.to(CUDA) for number in numbers]


def rank(*words: str, rows: int = 1):
    """Every way of ranking that the words switch on."""

    def run(bench: Bench) -> None:
        cfg = bench.cfg(*TINY, *words, command="test")
        results = evaluate_ways(cfg, TestImages(embedded(12), embedded(60), embedded(18)), CUDA)
        assert len(results) == rows

    return run


def plain_tensors(bench: Bench) -> None:
    """Metrics and re-ranking for people who call them with features of the device."""
    query, gallery = on_device(12, 60)
    images = embedded(12), embedded(60)
    labels = [image.pids for image in images] + [image.camids for image in images]
    assert rank_metrics(query, gallery, *labels).num_valid_queries == 12
    assert re_ranking(query, gallery, 6, 3).shape == (12, 60)


def calibrate(bench: Bench) -> None:
    """The thresholds of a similarity."""
    index = GalleryIndex.of(embedded(12), embedded(60))
    assert "eer" in operating_points(roc(*on_device(12, 60), index))


def list_queries(bench: Bench) -> None:
    """The nearest gallery images of each query."""
    cfg = bench.cfg(*TINY, command="test")
    images = TestImages(embedded(12), embedded(60))
    (plain,) = evaluate_ways(cfg, images, CUDA)
    scores, index = plain_scores(cfg, images, CUDA), GalleryIndex.of(images.query, images.gallery)
    names = [[f"{i}.jpg" for i in range(number)] for number in (12, 60)]
    assert len(query_results(scores, index, plain.ranks, *names, 5)) == 12


CASES = {
    "features": extract(),
    "features of parts": extract("MODEL.HEAD", "parts"),
    "features in float32": extract("SOLVER.AMP", "no"),
    "ranking": rank(),
    "ranking, same camera": rank("TEST.SAME_CAMERA", "keep"),
    "ranking, single shot": rank("TEST.PROTOCOL", "single_gallery_shot"),
    "ranking, every way": rank(*WAYS, rows=6),
    "ranking, every way, by distance": rank(*BY_DISTANCE, rows=4),
    "ranking of plain tensors": plain_tensors,
    "calibration": calibrate,
    "results of queries": list_queries,
}
