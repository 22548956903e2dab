"""The page of a test, but for how a browser shows it (tests/tools/test_report.py)."""

import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from config import flat_settings, get_defaults, load_cfg
from evaluation import TestImages, evaluate_ways
from evaluation.html_report import About, Outcome, look_into, write_page
from evaluation.html_report.charts import draw_cmc, draw_precisions, draw_rocs, draw_similarities
from evaluation.html_report.outcome import BINS, SIMILARITIES
from evaluation.html_report.page import render, short_names
from tests.evaluation.images import embedded
from utils.errors import InputError


def outcome(seed: int = 0, queries: int = 45, words=(), weights: str = "logs/a/mAP1.0.pth") -> Outcome:
    rng = np.random.default_rng(seed)

    def draw(number: int):
        pids = rng.integers(0, 9, number)
        features = np.eye(9, 12)[pids] + rng.normal(0, 0.5, (number, 12))
        mirrored = torch.tensor(features, dtype=torch.float32)
        return embedded(mirrored, pids, rng.integers(0, 3, number), mirrored)

    images = TestImages(draw(queries), draw(90))
    images.query.pids[3] = 77  # without a match
    images.gallery.indices.add_(queries)
    cfg = load_cfg(["TEST.WEIGHT", weights, *words], "test")
    paths = [f"in/{number}.jpg" for number in range(queries + 90)]
    return look_into(cfg, images, evaluate_ways(cfg, images), paths, flat_settings(cfg)), images


def about(**kwargs) -> About:
    pixels = np.zeros((8, 4, 3), np.uint8)
    defaults = flat_settings(get_defaults())
    usual = About("Toys", "today", "python x", {"torch": "2"}, defaults, str, lambda path: pixels)
    return usual._replace(**kwargs)


def test_average_precisions_and_similarities_with_plain_loops():
    test, images = outcome()
    precisions = test.results[0].ranks.average_precision
    counts = [0] * BINS
    for value in precisions[~np.isnan(precisions)]:
        counts[min(int(value * BINS), BINS - 1)] += 1
    assert test.precisions().tolist() == counts and sum(counts) == 44
    same, different = [0] * SIMILARITIES, [0] * SIMILARITIES
    query, gallery = F.normalize(images.query.features), F.normalize(images.gallery.features)
    for q in range(len(query)):
        for g in range(len(gallery)):
            place = int((float(query[q] @ gallery[g]) + 1) / 2 * SIMILARITIES)
            if images.query.pids[q] != images.gallery.pids[g]:
                different[place] += 1
            elif images.query.camids[q] != images.gallery.camids[g]:
                same[place] += 1
    for found, expected in zip(test.similarities(), (same, different), strict=True):
        assert found.sum() == pytest.approx(1)
        assert np.abs(found - np.array(expected) / sum(expected)).max() <= 1.01 / sum(same), (
            "but for rounding"
        )


def test_the_worst_queries_and_those_in_the_middle():
    test, _ = outcome()
    precisions = np.sort(test.results[0].ranks.average_precision)[:44]
    assert [r["average_precision"] for r in test.worst] == precisions[:10].tolist()
    assert [r["average_precision"] for r in test.median] == precisions[17:27].tolist()
    few, _ = outcome(queries=13)
    assert len(few.worst) == 10 and len(few.median) == 2, "each is shown once"
    assert len(outcome(queries=6)[0].worst) == 5 and not outcome(queries=6)[0].median


def test_the_curves_are_those_of_the_tests():
    (one, _), (other, _) = outcome(0), outcome(1)
    names = ["$a_1$", "b"]
    for number, test in enumerate((one, other)):
        line = draw_cmc([one, other], names).axes[0].lines[number]
        assert np.allclose(line.get_ydata(), test.results[0].metrics.cmc[:20])
        steps = draw_precisions([one, other], names).axes[0].patches[number]
        assert steps.get_data().values.tolist() == test.precisions().tolist()
    (axes,) = draw_precisions([outcome(queries=6)[0]], ["a"]).axes
    assert all(tick == int(tick) for tick in axes.get_yticks()), "queries are counted"
    (axes,) = draw_rocs([one], ["a"]).axes
    curve = one.curve
    assert np.allclose(axes.lines[0].get_data(), [curve.fpr[curve.fpr > 0], curve.tpr[curve.fpr > 0]])
    assert axes.get_legend() is None
    marks = [line.get_xdata()[0] for line in draw_similarities(one).axes[0].lines]
    assert marks == [one.points[key]["threshold"] for key in ("fpr_1e-2", "fpr_1e-3", "fpr_1e-4", "fpr_1e-5")]


def test_what_the_page_says():
    test, _ = outcome(words=["TEST.FLIP", "yes", "SEED", "5"])
    html = render([test], about(command="python <b>", camera=lambda camid: f"<gate {camid}>"))
    metrics = test.results[0].metrics
    for text in (
        f"<dd>{100 * metrics.mAP:.1f}</dd>",
        f"<dd>{100 * metrics.cmc[4]:.1f}</dd>",
        "<td>flip</td>",
    ):
        assert text in html, text
    assert (
        "1 query has no match under another camera and does not count" in html and "python &lt;b&gt;" in html
    )
    assert html.count('<article class="ranking">') == 20
    assert "cam. &lt;gate 1&gt;" in html and "<gate" not in html
    changed, unchanged = html.split("<details>")
    assert re.search(r"SEED</th><td[^>]*>0</td><td class=\"changed\">5</td>", changed)
    assert "SOLVER.MOMENTUM" in unchanged and "SOLVER.MOMENTUM" not in changed
    for row in test.pairs.mean_ap:
        for value in row[~np.isnan(row)]:
            assert f">{100 * value:.1f}<small>" in html
    assert html.count('<td class="none">') == np.isnan(test.pairs.mean_ap).sum() > 0
    links = re.findall(r"(?:src=|href=|url\()[\"']?([^\"')\s>]*)", html)
    assert links and all(link.startswith(("data:image/jpeg;base64,", "#")) for link in links)


def test_several_networks_stand_side_by_side(tmp_path):
    one, other = outcome(0)[0], outcome(1, weights="logs/b/mAP1.0.pth", words=["MODEL.NAME", "resnet18"])[0]
    read = {"in/1.jpg": None}
    pixels = np.zeros((8, 4, 3), np.uint8)
    write_page(tmp_path / "new" / "r.html", [one, other], about(read=lambda path: read.get(path, pixels)))
    html = (tmp_path / "new" / "r.html").read_text(encoding="utf-8")
    assert "<h1>2 networks on Toys</h1>" in html
    for name in ("a/mAP1.0.pth", "b/mAP1.0.pth"):
        assert f"Worst queries: {name}" in html and f"Similarities: {name}" in html
    assert re.search(
        r"MODEL.NAME</th><td[^>]*>resnet50</td><td>resnet50</td><td class=\"changed\">resnet18", html
    )
    assert ("cannot be read" in html) == any(
        "in/1.jpg" in str(lists) for test in (one, other) for lists in (test.worst, test.median)
    )
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="cannot write"):
        write_page(tmp_path / "file" / "r.html", [one], about())


def test_names_are_as_short_as_they_can_be():
    assert short_names(["logs/a/x.pth"]) == ["x.pth"]
    assert short_names(["logs/a/x.pth", "y.pth"]) == ["x.pth", "y.pth"]
    assert short_names(["logs/a/x.pth", "logs/b/x.pth"]) == ["a/x.pth", "b/x.pth"]
    assert short_names(["x.pth", "logs/b/x.pth"]) == ["x.pth", "b/x.pth"]
    assert short_names(["x.pth", "x.pth"]) == ["x.pth", "x.pth"]
