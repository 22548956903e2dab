import numpy as np
import pytest
import torch
import torch.nn.functional as F

from evaluation import (
    WAYS,
    GalleryIndex,
    TestImages,
    evaluate_ways,
    plain_scores,
    rank_images,
    rank_queries,
    re_ranking,
)
from evaluation.query_expansion import expand_queries, pool_queries
from evaluation.single_shot import rank_single_shot
from evaluation.ways import Way
from tests.evaluation.images import random_images

ALL = ["TEST.FLIP", "yes", "TEST.MULTI_QUERY", "yes", "TEST.QUERY_EXPANSION", "2", "TEST.RE_RANKING", "yes"]
CONSTANTS = ["TEST.K1", "6", "TEST.K2", "3", "TEST.QE_ALPHA", "0"]


def assert_ranks(found, expected):
    assert np.allclose(found.average_precision, expected.average_precision, atol=1e-6)
    assert (found.first_match == expected.first_match).all()


@pytest.mark.parametrize("feat_norm", ["yes", "no"])
def test_ranking_by_cosine_or_by_euclidean_distance(load, feat_norm):
    cfg = load("TEST.FEAT_NORM", feat_norm)
    images = random_images()
    a, b = images.query.features.double(), images.gallery.features.double()
    cosine = torch.nn.functional.cosine_similarity(a[:, None], b[None], dim=2)
    similarity = cosine if feat_norm == "yes" else -torch.cdist(a, b)
    expected = rank_queries([similarity.clone()], GalleryIndex.of(*images[:2]))
    assert_ranks(rank_images(cfg, images).ranks, expected)
    scores = torch.cat([chunk.clone() for chunk in plain_scores(cfg, images)])
    assert (scores.argsort(1) == similarity.argsort(1)).all()


def test_each_way_of_ranking_reaches_its_function(load):
    cfg = load(*CONSTANTS, "TEST.QUERY_EXPANSION", "2")
    images = random_images(1)
    query, gallery = images.query.normalised(), images.gallery.normalised()
    q, g = query.features, gallery.features
    index = GalleryIndex.of(query, gallery)

    def check(ways, scores, extra=None):
        found = rank_images(cfg, images._replace(extra=extra), ways=ways)
        assert_ranks(found.ranks, rank_queries([scores.clone()], index))

    check([], q @ g.T)
    check(["re-ranking"], -torch.from_numpy(re_ranking(q, g, 6, 3, 0.3)))
    check(["query expansion"], expand_queries(q, g, 2, 0.0) @ g.T)
    pooled = F.normalize(pool_queries(query))
    check(["multi-query"], pooled @ g.T)
    pooled = F.normalize(pool_queries(query, gallery))
    check(["multi-query"], pooled @ g.T, images.gallery)
    both = expand_queries(pooled, g, 2, 0.0)
    check(
        ["multi-query", "query expansion", "re-ranking"],
        -torch.from_numpy(re_ranking(both, g, 6, 3)),
        images.gallery,
    )


@pytest.mark.parametrize("feat_norm", ["yes", "no"])
def test_flip_averages_an_image_and_its_mirror_image_before_they_are_normalised(load, feat_norm):
    cfg = load("TEST.FEAT_NORM", feat_norm)
    images = random_images(2)
    images = images._replace(extra=images.gallery._replace(camids=images.gallery.camids * 0))
    means = [part._replace(features=(part.features + part.mirrored) / 2) for part in images]
    q, g = (F.normalize(p.features) if feat_norm == "yes" else p.features for p in means[:2])
    expected = rank_queries([-torch.cdist(q, g)], GalleryIndex.of(*images[:2]))
    assert_ranks(rank_images(cfg, images, ways=["flip"]).ranks, expected)
    found = rank_images(cfg, images, ways=["flip", "multi-query"])
    assert_ranks(found.ranks, rank_images(cfg, images._make(means), ways=["multi-query"]).ranks)


def test_flip_needs_the_mirror_images(load):
    images = random_images()
    with pytest.raises(ValueError, match="mirror"):
        rank_images(load(), images._replace(query=images.query._replace(mirrored=None)), ways=["flip"])


def test_pooled_queries_keep_the_scale_of_features_that_are_not_normalised(load):
    """By Euclidean distance, a query of length 1 would be nearest to whatever feature is shortest."""
    cfg = load("TEST.FEAT_NORM", "no")
    query, gallery = (part._replace(features=20 * part.features) for part in random_images(1)[:2])
    found = rank_images(cfg, TestImages(query, gallery, extra=gallery), ways=["multi-query"])
    distance = torch.cdist(pool_queries(query, gallery), gallery.features)
    assert_ranks(found.ranks, rank_queries([-distance], GalleryIndex.of(query, gallery)))


def test_the_plain_ranking_then_each_way_that_is_on_then_all(load):
    images = random_images()
    cfg = load(*ALL, *CONSTANTS)
    results = evaluate_ways(cfg, images)
    names = ["flip", "multi-query", "query expansion", "re-ranking"]
    assert [result.name for result in results] == ["plain", *names, " + ".join(names)]
    for result, ways in zip(results, [[], *([name] for name in names), names], strict=True):
        assert_ranks(result.ranks, rank_images(cfg, images, ways=ways).ranks)
        assert result.metrics.mAP == pytest.approx(result.ranks.average_precision.mean())
    assert [r.name for r in evaluate_ways(load("TEST.FLIP", "yes"), images)] == ["plain", "flip"]
    assert [r.name for r in evaluate_ways(load(), images)] == ["plain"]


def test_a_new_way_is_a_function_and_a_line(load, monkeypatch):
    def backwards(test, search):
        gallery = search.images.gallery
        gallery = gallery._replace(features=-gallery.features)
        return search._replace(images=search.images._replace(gallery=gallery))

    monkeypatch.setitem(WAYS, "backwards", Way(lambda test: True, backwards))
    cfg, images = load(), random_images()
    plain, other = evaluate_ways(cfg, images)
    scores = -torch.cat([chunk.clone() for chunk in plain_scores(cfg, images)])
    assert_ranks(other.ranks, rank_queries([scores], GalleryIndex.of(*images[:2])))
    assert other.name == "backwards" and other.metrics.mAP != plain.metrics.mAP


def test_the_settings_of_the_protocol(load):
    cfg, images = load("TEST.PROTOCOL", "single_gallery_shot", "TEST.REPEATS", "3"), random_images()
    found = rank_images(cfg, images)
    scores = torch.cat([chunk.clone() for chunk in plain_scores(cfg, images)])
    assert_ranks(found.ranks, rank_single_shot([scores], GalleryIndex.of(*images[:2]), 3, cfg.SEED))
    assert found.metrics.num_valid_queries == 10 and len(found.ranks.first_match) == 30
    kept = rank_images(load("TEST.SAME_CAMERA", "keep"), images)
    assert_ranks(kept.ranks, rank_queries([scores], GalleryIndex.of(*images[:2], "keep")))
    assert kept.metrics.mAP != rank_images(load(), images).metrics.mAP
