import json

import numpy as np
import pytest

from tests.conftest import assert_refused
from tests.plain_evaluation import plain_rank_metrics
from utils.metrics import rank_metrics


def test_eval(command, tmp_path):
    done = command(
        "tools/benchmark.py",
        "eval",
        "--sizes",
        "60x400x16",
        "--plain",
        "60x400x16",
        "--re_ranking",
        "60x400x16",
        "--repeats",
        "2",
        "--json",
        "out.json",
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "out.json").read_text())["sizes"]["60x400x16"]
    for key in ("seconds", "matmul_seconds", "ratio", "plain_seconds"):
        assert figures[key] > 0
    assert figures["extra_bytes"] >= 0 and set(figures["re_ranking"]) >= {"seconds", "extra_bytes"}
    assert "| 60x400x16 (60 × 400 × 16) |" in done.stdout and "beyond the product" in done.stdout
    assert f"{figures['ratio']:.2f}" in done.stdout


@pytest.mark.parametrize("size", ["big", "1x2", "0x5x5", "axbxc"])
def test_bad_sizes(command, size):
    assert_refused(command("tools/benchmark.py", "eval", "--sizes", size), f"--sizes {size}")


def test_the_plain_implementation_agrees():
    rng = np.random.default_rng(0)
    query, gallery = rng.normal(size=(40, 8)), rng.normal(size=(300, 8))
    query, gallery = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (query, gallery))
    ids = (rng.integers(0, 9, 40), rng.integers(0, 12, 300), rng.integers(0, 3, 40), rng.integers(0, 3, 300))
    found, expected = rank_metrics(query, gallery, *ids), plain_rank_metrics(query, gallery, *ids)
    assert found.mAP == pytest.approx(expected[0], abs=1e-9) and np.allclose(found.cmc, expected[1])
    assert found.mINP == pytest.approx(expected[2], abs=1e-9)
