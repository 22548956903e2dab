import csv
import json
import math

import pyarrow
import pyarrow.parquet
import pytest
import torch
import torch.nn.functional as F

from config import load_cfg
from evaluation import Embedded, GalleryIndex, TestImages, rank_images, rank_queries
from evaluation.per_query import (
    query_results,
    results_of_test,
    save_query_results,
    worst_first,
    worst_lines,
)
from evaluation.scores import feature_scores
from utils.errors import InputError


def test_results_of_each_query(tmp_path):
    query = F.normalize(torch.tensor([[1.0, 0.2], [1.0, 0.0], [0.0, 1.0]]))
    gallery = F.normalize(torch.tensor([[1.0, 0.1], [1.0, 0.3], [0.1, 1.0], [1.0, 1.0]]))
    index = GalleryIndex([1, 2, 3], [1, 2, 1, 2], [0, 0, 0], [0, 1, 1, 1])
    ranks = rank_queries(feature_scores(query, gallery), index)
    results = query_results(
        feature_scores(query, gallery), index, ranks, ["q/一.jpg", "q/2.jpg", "q/3.jpg"], list("abcd"), 3
    )
    assert [r["query"] for r in results] == ["q/一.jpg", "q/2.jpg", "q/3.jpg"]
    first = results[0]
    assert [t["path"] for t in first["top"]] == ["b", "d", "c"], "its own camera's image is left out"
    assert [t["match"] for t in first["top"]] == [False, False, True] and first["first_match"] == 3
    assert first["average_precision"] == pytest.approx(1 / 3)
    assert [t["camid"] for t in first["top"]] == [1, 1, 1] and first["first_match_camid"] == 1
    assert first["top"][0]["score"] == pytest.approx(float(query[0] @ gallery[1]), abs=1e-5)
    assert results[2]["average_precision"] is None and results[2]["first_match"] is None
    assert [r["first_match_path"] for r in results] == ["c", "b", None]

    for name in ("r.json", "r.csv", "sub/r.parquet"):
        save_query_results(results, tmp_path / name)
    assert json.loads((tmp_path / "r.json").read_text()) == results
    with open(tmp_path / "r.csv", encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    table = pyarrow.parquet.read_table(tmp_path / "sub" / "r.parquet").to_pylist()
    for row, cells, result in zip(rows, table, results, strict=True):
        assert row["query"] == cells["query"] == result["query"]
        assert row["top2_path"] == cells["top2_path"] == result["top"][1]["path"]
        assert float(row["top1_score"]) == cells["top1_score"] == result["top"][0]["score"]
    assert math.isclose(table[0]["average_precision"], 1 / 3) and table[2]["average_precision"] is None
    assert "q/一.jpg" in worst_lines(results, 1) and "q/2.jpg" not in worst_lines(results, 1)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        save_query_results(results, tmp_path / "file" / "r.csv")


def test_the_worst_queries_of_a_test_are_the_first_of_all():
    generator = torch.Generator().manual_seed(0)

    def draw(number, camid, start):
        pids = torch.randint(0, 5, (number,), generator=generator)
        features = torch.randn(number, 4, generator=generator)
        return Embedded(features, pids, torch.full((number,), camid), start + torch.arange(number))

    images = TestImages(draw(12, 0, 0), draw(30, 1, 12))
    images.query.pids[4] = 77  # without a match
    cfg = load_cfg([], "test")
    paths = [f"{number}.jpg" for number in range(42)]
    ranks = rank_images(cfg, images).ranks
    every = results_of_test(cfg, images, ranks, paths)
    assert len(every) == 12 and every[-1]["query"] == "4.jpg"
    precisions = [result["average_precision"] for result in every[:-1]]
    assert precisions == sorted(precisions) and every[-1]["average_precision"] is None
    assert results_of_test(cfg, images, ranks, paths, worst_first(ranks)[:5]) == every[:5]
    (fifth, third) = results_of_test(cfg, images, ranks, paths, [5, 3])
    assert (fifth["query"], third["query"]) == ("5.jpg", "3.jpg"), "in the order in which they are named"
    assert fifth in every and third in every
    assert results_of_test(cfg, images, ranks, paths, []) == []


@pytest.mark.parametrize("name", ["r.json", "r.parquet"])
def test_results_that_cannot_be_written_leave_the_file_that_was_there(tmp_path, name):
    (tmp_path / name).write_text("old")
    with pytest.raises((TypeError, pyarrow.ArrowInvalid)):
        save_query_results([{"query": object(), "top": []}], tmp_path / name)
    assert (tmp_path / name).read_text() == "old" and list(tmp_path.iterdir()) == [tmp_path / name]
