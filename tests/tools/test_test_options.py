"""What tools/test.py can do beside plain mAP, through the command."""

import csv
import json
import re

import pytest
import torch
import yaml

from config import load_cfg
from modeling import build_model
from tests.conftest import assert_refused


@pytest.fixture
def weights(quick, tmp_path):
    """Weights of a run folder, untrained."""
    cfg = load_cfg(quick)
    torch.manual_seed(0)
    torch.save(build_model(cfg, 16).state_dict(), tmp_path / "mAP10.0.pth")
    (tmp_path / "config.yml").write_text(cfg.dump())
    return tmp_path / "mAP10.0.pth"


def test_everything_at_once(command, weights, tmp_path):
    done = command(
        "tools/test.py",
        "--model_path",
        weights,
        "TEST.FLIP",
        "yes",
        "TEST.RE_RANKING",
        "yes",
        "TEST.K1",
        "5",
        "TEST.K2",
        "2",
        "TEST.QUERY_EXPANSION",
        "2",
        "--calibrate",
        "--save_results",
        "out/results.csv",
        "--show_worst",
        "2",
    )
    assert done.returncode == 0, done.stderr
    rows = dict(re.findall(r"^  (\S.*?) +\| +(\d+\.\d)% \|", done.stdout, re.M))
    assert list(rows) == [
        "plain",
        "flip",
        "query expansion",
        "re-ranking",
        "flip + query expansion + re-ranking",
    ]
    assert f"mAP:{rows['plain']}%" in done.stdout

    points = yaml.safe_load((tmp_path / "mAP10.0.calibration.yml").read_text())
    assert points["similarity"] == "cosine" and -1 <= points["fpr_1e-3"]["threshold"] <= 1
    assert (tmp_path / "mAP10.0.roc.png").exists() and "equal error rate" in done.stdout

    with open(tmp_path / "out" / "results.csv", encoding="utf-8-sig") as stream:
        results = list(csv.DictReader(stream))
    mean = sum(float(r["average_precision"]) for r in results) / len(results)
    assert f"{mean:.1%}" == f"{rows['plain']}%", "the results are those of the plain ranking"
    worst = re.findall(r"^ +\d+\.\d% \| +(\d+) \| (\S+)$", done.stdout, re.M)
    assert [w[1] for w in worst] == [r["query"] for r in results[:2]]


@pytest.mark.parametrize("feat_norm", ["yes", "no"])
def test_listed_images_are_those_that_were_ranked(command, weights, tmp_path, feat_norm):
    done = command(
        "tools/test.py", "--model_path", weights, "--save_results", "r.json", "TEST.FEAT_NORM", feat_norm
    )
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "r.json").read_text())
    for result in results:
        places = [i for i, image in enumerate(result["top"], 1) if image["match"]]
        if places:
            assert result["first_match"] == places[0]
    assert any(image["match"] for result in results for image in result["top"])


def test_single_gallery_shot_and_same_camera(command, weights):
    done = command(
        "tools/test.py",
        "--model_path",
        weights,
        "TEST.PROTOCOL",
        "single_gallery_shot",
        "TEST.SAME_CAMERA",
        "keep",
    )
    assert done.returncode == 0 and re.search(r"mAP:\d+\.\d%", done.stdout), done.stderr


def test_bad_input(command, weights, tmp_path):
    (tmp_path / "file").write_text("in the way")

    def run(*words):
        return command("tools/test.py", "--model_path", weights, *words)

    assert_refused(run("TEST.RE_RANKING", "yes", "TEST.K1", "500"), "k1 500", "lower TEST.K1")
    assert_refused(run("--save_results", "file/results.json"), "cannot write file/results.json")
    assert_refused(run("TEST.PROTOCOL", "single_gallery_shot", "--show_worst", "3"), "TEST.PROTOCOL standard")
    state = torch.load(weights, weights_only=True)
    state["bottleneck.weight"][0] = torch.nan
    torch.save(state, weights)
    assert_refused(run(), "query features are not finite")
