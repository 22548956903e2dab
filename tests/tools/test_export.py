"""tools/export.py as a user runs it."""

import re
from pathlib import Path

import pytest
import torch
import yaml

from config import export_flags, load_cfg
from engine import load_extractor
from export import FORMATS
from modeling import build_model
from tests.conftest import assert_refused
from tests.data.custom_data import write_image
from utils.feature_file import read_features
from utils.files import atomic_write


def run_of(words: list[str], folder: Path) -> Path:
    """Weights in a run's folder."""
    cfg = load_cfg(words)
    torch.save(build_model(cfg, num_classes=16).state_dict(), folder / "mAP75.1.pth")
    with atomic_write(folder / "config.yml") as stream:
        stream.write(cfg.dump())
    return folder / "mAP75.1.pth"


@pytest.fixture
def weights(small, tmp_path) -> Path:
    return run_of(small, tmp_path)


def test_exported_weights_are_tested_with_their_own_settings(command, weights):
    done = command("tools/export.py", "--model_path", weights)
    assert done.returncode == 0, done.stderr
    small = weights.with_name("mAP75.1.small.pth")
    assert f"Saved {small}" in done.stdout and "least cosine 1.000" in done.stdout
    assert small.stat().st_size < 0.6 * weights.stat().st_size
    settings = weights.with_name("config.yml")
    local = ["DATASETS.ROOT_DIR", yaml.safe_load(settings.read_text())["DATASETS"]["ROOT_DIR"]]
    before = command("tools/test.py", "--model_path", weights, *local).stdout
    settings.write_text("MODEL: {NAME: resnet50}")  # another run's settings in the folder are not theirs
    after = command("tools/test.py", "--model_path", small, *local).stdout
    assert float(mean_ap(after)) == pytest.approx(float(mean_ap(before)), abs=0.5)


def mean_ap(out: str) -> str:
    return re.search(r"mAP:([\d.]+)%", out)[1]


def test_onnx_with_integers_is_measured_and_takes_the_place_of_weights(command, quick, tmp_path):
    for package in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(package)
    weights = run_of(quick, tmp_path)
    done = command("tools/export.py", "--model_path", weights, "--format", "onnx", "--int8")
    assert done.returncode == 0 and not done.stderr, done.stderr
    file = weights.with_name("mAP75.1.int8.onnx")
    assert re.search(rf"Saved {file}: largest difference \S+, least cosine 0\.9\d+", done.stdout)
    rows = re.findall(r"^\| (\S.*?) \| ([\d.]+) MB \| [\d.]+ ms \| [\d.]+ ms \| (.*?) \|$", done.stdout, re.M)
    assert rows[0][0] == "torch float32" and rows[-1][0] == "onnx int8"
    assert all(re.fullmatch(r"\d+\.\d%", mean_ap) for *_, mean_ap in rows)
    tested = command("tools/test.py", "--model_path", file)
    assert tested.returncode == 0, tested.stderr
    assert f"{mean_ap(tested.stdout)}%" == rows[-1][2]
    assert "tiny, 64×32, int8, features of 32 numbers" in tested.stdout
    write_image(tmp_path / "a.jpg", 1)
    extracted = command("tools/extract.py", "a.jpg", "--model_path", file, "--out", "f.npz")
    assert extracted.returncode == 0, extracted.stderr
    _, found = read_features(tmp_path / "f.npz")
    expected = load_extractor(file, torch.device("cpu"))([tmp_path / "a.jpg"])
    assert torch.allclose(torch.from_numpy(found), expected, rtol=1e-4, atol=1e-5)
    again = command("tools/export.py", "--model_path", file, "--format", "onnx")
    assert_refused(again, "is an exported file")


def test_a_table_without_the_data_set(command, quick, tmp_path):
    weights = run_of([*quick, "DATASETS.NAMES", "gone"], tmp_path)
    words = [
        "--model_path",
        weights,
        "--format",
        "torchscript",
        "--with_preprocess",
        "--out",
        "x.torchscript",
    ]
    done = command("tools/export.py", *words)
    assert done.returncode == 0, done.stderr
    assert re.search(r"\| torchscript fp32 \| [\d.]+ MB \| [\d.]+ ms \| [\d.]+ ms \|  \|", done.stdout)
    assert_refused(command("tools/export.py", *words, "--evaluate", "yes"), "gone is not a data set")


def test_refusals(command, weights, tmp_path):
    def export(*words):
        return command("tools/export.py", "--model_path", weights, *words)

    assert_refused(command("tools/export.py"), "TEST.WEIGHT is empty")
    assert_refused(export("--out", weights), "is the file of the weights themselves")
    assert_refused(export("--format", "bmp"), "--format")
    assert_refused(export("--format", "onnx", "--fp16", "--int8"), "choose one")
    assert_refused(export("--format", "onnx", "--out", "x.pth"), "ends with .onnx")
    assert_refused(export("--format", "torchscript", "--int8"), "has fp32 and fp16, not int8")
    assert_refused(export("--format", "onnx", "--images", "gone"), "gone: no such file or folder")
    (tmp_path / "file").write_text("")
    assert_refused(export("--out", tmp_path / "file" / "a.pth"), "cannot write")


def test_the_flag_names_every_format():
    assert export_flags.FORMATS == tuple(FORMATS)
