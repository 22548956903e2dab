import numpy as np
import pytest
import torch
import torch.nn.functional as F

import evaluation.scores
from evaluation import rank_metrics
from evaluation.scores import feature_scores
from utils.errors import InputError


def test_chunks_of_scores(monkeypatch):
    monkeypatch.setattr(evaluation.scores, "MIN_ROWS", 2)
    monkeypatch.setattr(evaluation.scores, "CHUNK_BYTES", 0)
    query, gallery = torch.randn(7, 3), torch.randn(5, 3)
    parts = [chunk.clone() for chunk in feature_scores(query, gallery)]
    assert [len(p) for p in parts] == [2, 2, 2, 1]
    assert torch.allclose(torch.cat(parts), query @ gallery.T)


def test_bad_features():
    ids = ([1], [1], [0], [1])
    for query, gallery, message in (
        (torch.ones(0, 2), torch.ones(1, 2), "there are no query images"),
        (torch.ones(1, 2), torch.ones(0, 2), "there are no gallery images"),
        (torch.ones(1, 2), torch.tensor([[1.0, torch.inf]]), "1 of 1 gallery features are not finite"),
    ):
        with pytest.raises(InputError, match=message):
            rank_metrics(query, gallery, *ids)
    for query, gallery in ((torch.ones(2), torch.ones(1, 2)), (torch.ones(1, 2), torch.ones(1, 3))):
        with pytest.raises(ValueError):
            rank_metrics(query, gallery, *ids)


def test_half_precision_features():
    torch.manual_seed(0)
    query, gallery = F.normalize(torch.randn(20, 16)), F.normalize(torch.randn(60, 16))
    ids = (np.arange(20) % 5, np.arange(60) % 5, np.zeros(20), np.ones(60))
    half = rank_metrics(query.half(), gallery.half(), *ids)
    assert half.mAP == pytest.approx(rank_metrics(query.half().float(), gallery.half().float(), *ids).mAP)
