"""tools/visualize.py as a user runs it."""

from pathlib import Path

import cv2
import pytest
import torch

from config import load_cfg
from data import read_dataset
from modeling import build_model
from tests.conftest import assert_refused
from tests.data.custom_data import write_image
from tests.engine.test_exported import FACTS, write_mean


@pytest.fixture(scope="module")
def weights(quick, tmp_path_factory) -> Path:
    """A network in a run's folder."""
    folder = tmp_path_factory.mktemp("run")
    cfg = load_cfg([*quick, "TEST.IMS_PER_BATCH", "16", "SOLVER.IMS_PER_BATCH", "16"])
    torch.manual_seed(0)
    torch.save(build_model(cfg, num_classes=16).state_dict(), folder / "mAP75.1.pth")
    (folder / "config.yml").write_text(cfg.dump())
    return folder / "mAP75.1.pth"


@pytest.fixture(scope="module")
def queries(quick) -> list[str]:
    return [record.path for record in read_dataset(load_cfg(quick), train=False).query]


@pytest.fixture
def visualize(command, weights):
    return lambda name, *words: command("tools/visualize.py", name, "--model_path", weights, *words)


def height(file: Path) -> int:
    return cv2.imread(str(file)).shape[0]


def test_ranks_of_chosen_random_and_worst_queries(visualize, queries, tmp_path):
    done = visualize("ranks", "--queries", queries[0], Path(queries[3]).name, "--out", "sub/two.png")
    assert done.returncode == 0 and "Saved sub/two.png" in done.stdout, done.stderr
    for words in (("--random", "3"), ("--worst", "4"), ()):
        file = f"{len(words) and words[1]}.png"
        done = visualize("ranks", *words, "--out", file, "TEST.TOP_K", "3")
        assert done.returncode == 0, done.stderr
    heights = [height(tmp_path / name) for name in ("sub/two.png", "3.png", "4.png")]
    assert heights[1] - heights[0] == pytest.approx(heights[2] - heights[1], abs=2), "a row for each query"
    assert height(tmp_path / "0.png") > heights[2]


def test_ranks_of_an_exported_file_by_the_settings_of_the_command_line(command, quick, tmp_path):
    pytest.importorskip("onnxruntime")
    write_mean(tmp_path / "net.onnx", ("n", 3, 32, 16), facts=FACTS)
    data = quick[quick.index("DATASETS.NAMES") : -2]
    for name in ("ranks", "embedding"):
        done = command("tools/visualize.py", name, "--model_path", "net.onnx", *data, "MODEL.DEVICE", "cpu")
        assert done.returncode == 0 and (tmp_path / f"{name}.png").exists(), done.stderr
    done = command("tools/visualize.py", "activations", "--model_path", "net.onnx", *data)
    assert_refused(done, "an exported file gives features, no maps; name the weights")


def test_activations(visualize, tmp_path):
    people = [write_image(tmp_path / "people" / f"{n}.jpg", n) for n in range(3)]
    (tmp_path / "people" / "bad.jpg").write_text("no image")
    done = visualize("activations", "--images", "people", "SEED", "1")
    assert done.returncode == 0 and "skipped people/bad.jpg" in done.stdout, done.stderr
    done = visualize("activations", "--random", "5", "--out", "five.png")
    assert done.returncode == 0 and height(tmp_path / "five.png") > height(tmp_path / "activations.png")
    assert_refused(visualize("activations", "--images", "people/bad.jpg"), "none of 1 images can be read")
    assert_refused(visualize("activations", "--images", "gone.jpg"), "gone.jpg: no such file or folder")
    (tmp_path / "list.csv").write_text("path\n" + "".join(f"{n}.jpg\n" for n in range(97)))
    assert_refused(visualize("activations", "--images", "list.csv"), "97 images are too many", "--random 12")
    assert all(person.exists() for person in people)


def test_embedding(visualize, tmp_path):
    pytest.importorskip("sklearn")
    done = visualize("embedding")
    assert done.returncode == 0 and (tmp_path / "embedding.png").exists(), done.stderr
    done = visualize("embedding", "--people", "5")
    assert_refused(done, "--people 5: the queries of Synthetic show 4 people")


def test_batch_of_a_run_and_of_a_recipe(visualize, command, quick, tmp_path):
    done = visualize("batch", "--epoch", "2", "--most", "8")
    assert done.returncode == 0, done.stderr
    done = command("tools/visualize.py", "batch", *quick, "--IMS_PER_BATCH", "16", "--out", "all.png")
    assert done.returncode == 0, done.stderr
    assert height(tmp_path / "all.png") > 1.5 * height(tmp_path / "batch.png"), "16 images, not 8"


def test_refusals(visualize, command, weights, queries, tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert_refused(visualize("ranks", "--out", "file/ranks.png"), "cannot write file/ranks.png")
    assert_refused(visualize("ranks", "--out", "ranks.jpg"), "--out must end with .png, not 'ranks.jpg'")
    example = f"no query of Synthetic; they are called as {Path(queries[0]).name}"
    assert_refused(visualize("ranks", "--queries", "gone.jpg"), f"gone.jpg is {example}")
    assert_refused(visualize("ranks", "--random", "2", "--worst", "3"), "three choices of queries; take one")
    assert_refused(visualize("ranks", "DATASETS.NAMES", "synthetc"), "did you mean synthetic")
    assert_refused(command("tools/visualize.py", "ranks"), "TEST.WEIGHT is empty")
    assert_refused(command("tools/visualize.py", "rank"), "COMMAND")
    torchrun = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1"}
    for name in ("ranks", "batch"):
        done = command("tools/visualize.py", name, "--model_path", weights, env=torchrun)
        assert_refused(done, "tools/visualize.py computes in one process")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
