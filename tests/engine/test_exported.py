"""ONNX files of this program and of others, as networks; here they give the mean of each colour."""

import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from config import load_cfg
from data.transforms import make_test_transform
from engine import load_extractor, open_network
from engine.exported import EXPORTED, Facts
from search.embedder import make_embedder
from tests.data.custom_data import write_image
from utils.errors import InputError

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

CPU = torch.device("cpu")
SIZE = (32, 16)
MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)
FACTS = Facts(
    network="mean",
    input_size=SIZE,
    colour_order="RGB",
    input_layout="NCHW",
    pixel_mean=MEAN,
    pixel_std=STD,
    feature_dim=3,
    l2_norm=False,
    neck_feat="after",
    precision="fp32",
    weights="mean.pth",
    weights_sha256="0" * 64,
    program="abc",
)


def write_mean(path: Path, shape, kind="FLOAT", axes=(2, 3), facts: Facts | None = None, outputs=1) -> Path:
    """A network that takes images of this shape, gives the mean over these axes, and says this."""
    helper, types = onnx.helper, onnx.TensorProto
    kind = getattr(types, kind)
    nodes = [
        helper.make_node("Cast", ["images"], ["float"], to=types.FLOAT),
        helper.make_node("ReduceMean", ["float", "axes"], ["mean"], keepdims=0),
        helper.make_node("Cast", ["mean"], ["features"], to=types.FLOAT if kind == types.UINT8 else kind),
    ]
    graph = helper.make_graph(
        nodes,
        "mean",
        [helper.make_tensor_value_info("images", kind, shape)],
        [helper.make_tensor_value_info("features", types.FLOAT if kind == types.UINT8 else kind, None)],
        [onnx.numpy_helper.from_array(np.array(axes, np.int64), "axes")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    helper.set_model_props(model, facts.texts() if facts else {})
    onnx.save(model, path)
    return path


@pytest.fixture
def picture(tmp_path) -> Path:
    return write_image(tmp_path / "picture.png", 3, SIZE)


def expected(picture: Path, mean=MEAN, std=STD) -> torch.Tensor:
    colours = cv2.imread(str(picture))[..., ::-1].reshape(-1, 3).mean(0) / 255
    return torch.tensor((colours - np.array(mean)) / np.array(std), dtype=torch.float32)


IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


@pytest.mark.parametrize(
    "shape, kind",
    [
        (("n", 3, *SIZE), "FLOAT"),
        ((4, 3, *SIZE), "FLOAT"),
        ((1, 3, *SIZE), "FLOAT16"),
        (("n", 3, "h", "w"), "FLOAT"),
    ],
)
def test_a_file_of_another_program_takes_imagenets_pixels(tmp_path, picture, shape, kind):
    file = write_mean(tmp_path / "net.onnx", shape, kind)
    extract = load_extractor(file, CPU)
    size = SIZE if isinstance(shape[2], int) else (256, 128)
    assert extract.transform.size == size and extract.model.feature_dim == 3
    found = extract([picture] * 6)
    assert found.shape == (6, 3) and found.dtype == torch.float32
    tolerance = 1e-5 if kind == "FLOAT" and size == SIZE else 2e-2
    assert torch.allclose(found, expected(picture, *IMAGENET).expand(6, 3), atol=tolerance)


def test_our_own_file_says_what_it_takes_whatever_the_settings(tmp_path, picture, caplog_loguru):
    file = write_mean(tmp_path / "net.onnx", ("n", 3, *SIZE), facts=FACTS)
    assert torch.allclose(load_extractor(file, CPU)(picture), expected(picture), atol=1e-5)
    assert any("mean, 32×16, fp32, features of 3 numbers" in line for line in caplog_loguru)
    assert len(caplog_loguru) == 1, "nobody said otherwise"
    words = ["TEST.NECK_FEAT", "before", "INPUT.SIZE_TEST", "[64,32]"]
    cfg, network, _ = open_network(file, load_cfg(words, "test"), CPU)
    assert "INPUT.SIZE_TEST is [32, 16]" in caplog_loguru[1] and "not [64, 32]" in caplog_loguru[1]
    assert "TEST.NECK_FEAT is after" in caplog_loguru[2] and len(caplog_loguru) == 3
    assert cfg.TEST.NECK_FEAT == "after" and not cfg.SOLVER.AMP and cfg.is_frozen()


def test_a_file_that_takes_pixels_is_given_them(tmp_path, picture):
    facts = replace(FACTS, input_layout="NHWC")
    file = write_mean(tmp_path / "net.onnx", ("n", *SIZE, 3), "UINT8", (1, 2), facts)
    extract = load_extractor(file, CPU)
    pixels = expected(picture, (0, 0, 0), (1 / 255,) * 3)
    assert torch.allclose(extract(picture), pixels, atol=1e-4)
    # As the evaluation's loaders give them, too.
    cfg, network, _ = open_network(file, load_cfg([], "test"), CPU)
    every = torch.arange(256, dtype=torch.uint8).repeat(6).view(1, 3, *SIZE)
    prepared = network.prepared(make_test_transform(cfg)(every))
    assert prepared.dtype == torch.uint8 and torch.equal(prepared.permute(0, 3, 1, 2), every)


def test_the_search_takes_it_and_gives_vectors_of_length_one(tmp_path, picture):
    file = write_mean(tmp_path / "net.onnx", ("n", 3, *SIZE), facts=FACTS)
    embed = make_embedder(str(file), CPU)
    (vector,) = embed([cv2.imread(str(picture))])
    assert embed.dim == 3 and np.allclose(vector, expected(picture) / expected(picture).norm(), atol=1e-5)
    with pytest.raises(InputError, match=r"weights are read from .*\.onnx"):
        make_embedder(str(tmp_path / "net.bin"), CPU)


@pytest.mark.parametrize(
    "shape, kind, facts",
    [
        (("n", 1, *SIZE), "FLOAT", None),
        (("n", 3), "FLOAT", None),
        (("n", 3, *SIZE), "UINT8", None),
        (("n", 3, *SIZE), "DOUBLE", None),
        (("n", *SIZE, 3), "FLOAT", FACTS),
    ],
)
def test_networks_of_other_kinds_are_refused(tmp_path, shape, kind, facts):
    axes = (2, 3) if len(shape) == 4 else (0,)
    with pytest.raises(InputError, match="net.onnx is not a ReID network: it takes"):
        open_network(write_mean(tmp_path / "net.onnx", shape, kind, axes, facts), load_cfg([], "test"), CPU)


@pytest.mark.parametrize("suffix", EXPORTED)
@pytest.mark.parametrize("content", [b"", b"\x08\x01 no network", b"PK\x05\x06" + b"\0" * 18])
def test_other_files_are_refused_in_one_line(tmp_path, suffix, content):
    if suffix == ".xml":
        pytest.importorskip("openvino")
    file = tmp_path / f"net{suffix}"
    file.write_bytes(content)
    with pytest.raises(InputError, match=f"net{suffix} cannot be loaded") as error:
        open_network(file, load_cfg([], "test"), CPU)
    assert "\n" not in str(error.value)


def test_what_a_file_says_is_whole_or_refused(tmp_path):
    texts = FACTS.texts()
    assert texts["reid.input_size"] == "[32, 16]" and texts["reid.network"] == "mean"
    assert Facts.read(texts, "x") == FACTS and Facts.read({"names": "{}"}, "x") is None
    for change in ({"reid.input_size": "a"}, {"reid.input_size": "3"}):
        with pytest.raises(InputError, match="x: what it says about its network is not whole"):
            Facts.read(texts | change, "x")
    del texts["reid.pixel_std"]
    with pytest.raises(InputError, match="pixel_std"):
        Facts.read(texts, "x")


def test_without_onnxruntime_a_line_says_what_to_install(tmp_path, monkeypatch):
    file = write_mean(tmp_path / "net.onnx", ("n", 3, *SIZE))
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match="onnxruntime is not installed.*requirements-export.txt"):
        load_extractor(file, CPU)
