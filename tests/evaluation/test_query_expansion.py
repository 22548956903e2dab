import pytest
import torch
import torch.nn.functional as F

import evaluation.scores
from evaluation.query_expansion import expand_queries, pool_queries
from tests.evaluation.images import embedded


@pytest.mark.parametrize("alpha", [0.0, 3.0])
def test_query_expansion_with_plain_loops(alpha, monkeypatch):
    monkeypatch.setattr(evaluation.scores, "MIN_ROWS", 3)
    monkeypatch.setattr(evaluation.scores, "CHUNK_BYTES", 0)
    torch.manual_seed(0)
    query, gallery = F.normalize(torch.randn(7, 4).double()), F.normalize(torch.randn(12, 4).double())
    for q, found in zip(query, expand_queries(query, gallery, 3, alpha), strict=True):
        similarity = sorted(((float(q @ g), g) for g in gallery), key=lambda pair: -pair[0])[:3]
        total = q + sum(max(0.0, s) ** alpha * g for s, g in similarity)
        assert torch.allclose(found, total / total.norm())
    assert expand_queries(query, gallery, 99, alpha).shape == query.shape


def test_multi_query_with_plain_loops():
    torch.manual_seed(0)
    query, extra = torch.randn(6, 3), torch.randn(5, 3)
    q_ids, e_ids = [(1, 0), (1, 0), (1, 1), (2, 0), (3, 2), (2, 0)], [(1, 0), (2, 1), (3, 2), (3, 2), (9, 9)]
    found = pool_queries(
        embedded(query, *zip(*q_ids, strict=True)), embedded(extra, *zip(*e_ids, strict=True))
    )
    for i, key in enumerate(q_ids):
        members = [f for f, k in zip(query, q_ids, strict=True) if k == key]
        members += [f for f, k in zip(extra, e_ids, strict=True) if k == key]
        assert torch.allclose(found[i], torch.stack(members).mean(0), atol=1e-6)
