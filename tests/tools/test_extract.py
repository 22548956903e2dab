"""tools/extract.py as a user runs it: the evaluation's own numbers, and images that cannot be read."""

from pathlib import Path

import numpy as np
import pytest
import torch

from config import load_cfg
from data import make_val_loader, read_dataset
from distillation.feature_file import read_features as read_teacher
from engine import load_network, make_extractor
from modeling import build_model
from tests.conftest import assert_refused
from tests.data.custom_data import write_image
from utils.feature_file import read_features

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def weights(quick, tmp_path_factory) -> Path:
    """A network in a run's folder."""
    folder = tmp_path_factory.mktemp("run")
    cfg = load_cfg([*quick, "TEST.IMS_PER_BATCH", "16"])
    torch.manual_seed(0)
    torch.save(build_model(cfg, num_classes=16).state_dict(), folder / "mAP75.1.pth")
    (folder / "config.yml").write_text(cfg.dump())
    return folder / "mAP75.1.pth"


@pytest.fixture
def extract(command, weights):
    return lambda *words: command("tools/extract.py", *words, "--model_path", weights)


@pytest.mark.parametrize("words", [(), ("TEST.FLIP", "yes"), ("SOLVER.AMP", "no", "--l2_norm")])
def test_features_are_those_of_the_evaluation(extract, weights, tmp_path, words):
    cfg = load_cfg(["--model_path", str(weights), *(w for w in words if w != "--l2_norm")], "test")
    dataset = read_dataset(cfg, train=False)
    loader = make_val_loader(cfg, dataset, CPU)
    found = make_extractor(*load_network(cfg, CPU), loader).embed(loader, mirror=cfg.TEST.FLIP)
    found = found.averaged() if cfg.TEST.FLIP else found
    expected = found.normalised().features if "--l2_norm" in words else found.features
    folder = Path(dataset.query[0].path).parent.parent
    done = extract(folder, "--out", "f.npz", "--TEST_IMS_PER_BATCH", "7", *words)
    assert done.returncode == 0, done.stderr
    names, features = read_features(tmp_path / "f.npz")
    rows = {name: row for row, name in enumerate(names)}
    assert f"Saved f.npz: {len(names)} features of 32 numbers" in done.stdout
    paths = [Path(record.path).relative_to(folder).as_posix() for record in dataset.query + dataset.gallery]
    scale = expected.abs().max().item()
    assert np.abs(features[[rows[path] for path in paths]] - expected.numpy()).max() < 1e-5 * scale


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".h5"])
def test_the_file_teaches(extract, tmp_path, suffix):
    images = [write_image(tmp_path / "people" / f"{n}" / "x.jpg", n) for n in range(3)]
    done = extract("people", "--out", f"f{suffix}")
    assert done.returncode == 0, done.stderr
    again = extract(*images, "--out", "again.npz")
    assert again.returncode == 0, again.stderr
    paths = [str(image) for image in images]
    found = read_teacher(tmp_path / f"f{suffix}", paths)
    assert found.shape == (3, 32) and np.array_equal(found, read_teacher(tmp_path / "again.npz", paths))


def test_images_that_cannot_be_read_are_named_and_left_out(extract, tmp_path):
    write_image(tmp_path / "good.png")
    (tmp_path / "bad.jpg").write_text("no image")
    (tmp_path / "list.csv").write_text("path\ngone.png\ngood.png\nbad.jpg\n")
    done = extract("list.csv")
    assert done.returncode == 0, done.stderr
    for name in ("gone.png", "bad.jpg"):
        assert f"skipped {name}: it cannot be read as an image" in done.stdout
    assert "2 of 3 images cannot be read and are left out" in done.stdout
    assert read_features(tmp_path / "features.parquet")[0] == ["good.png"], "the file's usual name"
    (tmp_path / "features.parquet").unlink()
    assert_refused(extract("bad.jpg"), "none of 1 images can be read, such as bad.jpg")
    assert not (tmp_path / "features.parquet").exists()


def test_refusals(extract, command, tmp_path):
    write_image(tmp_path / "a.png")
    assert_refused(extract("gone"), "gone: no such file or folder")
    assert_refused(extract("a.png", "--out", "f.txt"), "are kept in .parquet, .npz, .h5, .csv files")
    assert_refused(extract("a.png", "TEST.FLP", "yes"), "unknown setting TEST.FLP")
    assert_refused(extract("a.png", "TEST.FLIP"), "TEST.FLIP has no value")
    assert_refused(extract(), "IMAGE")
    assert_refused(command("tools/extract.py", "a.png"), "TEST.WEIGHT is empty")
    torchrun = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1"}
    done = command("tools/extract.py", "a.png", "--model_path", "x.pth", env=torchrun)
    assert_refused(done, "start it without torchrun")
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"], "nothing is left of what failed"
