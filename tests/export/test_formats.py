"""Exported files give the network's features: by themselves, and through this program's own road."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from config import load_cfg
from data.transforms import make_test_transform
from engine import FeatureExtractor, load_extractor
from export import FORMATS, Form, Source, check_form, export_network, files_of, find_pictures
from export.network import FeatureNetwork
from modeling import build_model
from modeling.backbones.non_local import NonLocal
from utils.errors import InputError

CPU = torch.device("cpu")
PACKAGES = {"onnx": ("onnx", "onnxscript", "onnxruntime"), "torchscript": (), "openvino": ("openvino",)}
PIXELS = ["INPUT.PIXEL_MEAN", "[0.3,0.4,0.5]", "INPUT.PIXEL_STD", "[0.2,0.3,0.4]"]
FORMS = [
    Form("onnx"),
    Form("onnx", "fp16", takes_pixels=True, l2_norm=True),
    Form("onnx", "int8", takes_pixels=True),
    Form("torchscript", takes_pixels=True),
    Form("torchscript", "fp16", l2_norm=True),
    Form("openvino", takes_pixels=True, l2_norm=True),
    Form("openvino", "fp16", opset=20),
    Form("openvino", "int8"),
]


def source_of(words: list[str], folder: Path) -> Source:
    """A network with statistics of its own, which keep its maps from vanishing, and its weights."""
    torch.manual_seed(0)
    cfg = load_cfg(words)
    network = build_model(cfg, num_classes=0).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    network.base.train()(torch.randn(8, 3, 64, 32))
    network.eval()
    torch.save(network.state_dict(), folder / "weights.pth")
    return Source(cfg, network, folder / "weights.pth", find_pictures(cfg, (), calibrate=False))


@pytest.fixture(scope="module")
def source(quick, tmp_path_factory):
    return source_of([*quick, *PIXELS, "MODEL.POOLING", "gem"], tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def exported(source, tmp_path_factory):
    """The file of a form, made once, and how near it is."""
    made = {}

    def make(form: Form):
        for package in (
            [*PACKAGES["onnx"], "openvino"] if form.format == "openvino" else PACKAGES[form.format]
        ):
            pytest.importorskip(package)
        if form not in made:
            file = tmp_path_factory.mktemp("exported") / f"net{FORMATS[form.format].suffix}"
            made[form] = file, export_network(source, form, file)
        return made[form]

    return make


@pytest.fixture(scope="module")
def features(source):
    extract = FeatureExtractor(source.network, make_test_transform(source.cfg), CPU, amp=False)
    return extract(source.pictures)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_file_alone_gives_the_networks_features(exported, source, features, form):
    file, parity = exported(form)
    assert sorted(file.parent.iterdir()) == sorted(files_of(file)), "nothing else is left"
    extract = load_extractor(file, CPU)
    found, few = extract(source.pictures), extract(source.pictures[:3])
    wanted = F.normalize(features) if form.l2_norm else features
    assert found.shape == wanted.shape and torch.allclose(found[:3], few, rtol=1e-3, atol=1e-3)
    if form.precision == "fp32":
        assert torch.allclose(found, wanted, rtol=1e-4, atol=1e-5) and parity.difference < 1e-5
    cosines = F.cosine_similarity(found, features)
    assert cosines.min() == pytest.approx(parity.cosine, abs=1e-4)
    assert cosines.min() > {"fp32": 0.99999, "fp16": 0.999, "int8": 0.95}[form.precision]
    if form.l2_norm:
        assert torch.allclose(found.norm(dim=1), torch.ones(len(found)), atol=1e-5)


@pytest.mark.filterwarnings("error::FutureWarning")  # advice for programmers, which users need not read
@pytest.mark.parametrize("form", [FORMS[0], FORMS[3], FORMS[5]], ids=str)
def test_a_file_says_what_it_is(exported, source, form):
    facts = load_extractor(exported(form)[0], CPU).model.facts
    assert facts == source.facts(form)
    assert facts.network == "tiny" and facts.input_size == (64, 32) and facts.feature_dim == 32
    assert facts.pixel_mean == (0.3, 0.4, 0.5) and facts.l2_norm == form.l2_norm
    assert facts.input_layout == ("NHWC" if form.takes_pixels else "NCHW") and facts.colour_order == "RGB"
    assert len(facts.weights_sha256) == 64 and facts.weights == "weights.pth"


def test_onnx_as_another_program_uses_it(exported, source, features):
    """Without anything of this program, as docs/export.md shows."""
    file, _ = exported(FORMS[1])
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    (taken,), (given,) = session.get_inputs(), session.get_outputs()
    assert taken.shape[1:] == [64, 32, 3] and taken.type == "tensor(uint8)" and given.shape[1] == 32
    assert isinstance(taken.shape[0], str) and given.type == "tensor(float)"
    for number in (1, 5):
        (found,) = session.run(None, {taken.name: np.stack(source.pictures[:number])})
        assert np.allclose(found, F.normalize(features[:number]), atol=3e-3)
    texts = session.get_modelmeta().custom_metadata_map
    assert texts["reid.opset"] == "18" and texts["reid.precision"] == "fp16"
    onnx = pytest.importorskip("onnx")
    assert {o.domain: o.version for o in onnx.load(file).opset_import}[""] == 18


def test_int8_has_integers_and_half_precision_halves(exported):
    onnx = pytest.importorskip("onnx")

    def sizes(form: Form) -> dict[int, int]:
        found = {}
        for tensor in onnx.load(exported(form)[0]).graph.initializer:
            found[tensor.data_type] = found.get(tensor.data_type, 0) + int(np.prod(tensor.dims))
        return found

    kinds = onnx.TensorProto
    plain, half, integers = (sizes(form) for form in FORMS[:3])
    assert half[kinds.FLOAT16] > 0.9 * plain[kinds.FLOAT] > 10 * half[kinds.FLOAT]
    assert integers[kinds.INT8] > 0.9 * plain[kinds.FLOAT] > 10 * integers.get(kinds.FLOAT, 0)


def test_int8_leaves_the_convolutions_of_large_pictures(exported):
    onnx = pytest.importorskip("onnx")
    graph = onnx.load(exported(FORMS[2])[0]).graph
    whole = {tensor.name for tensor in graph.initializer if tensor.data_type == onnx.TensorProto.FLOAT}
    in_float = [node.input[1] in whole for node in graph.node if node.op_type == "Conv"]
    assert in_float == [True, True, False, False, False], "its pictures are 64, 32, 16, 8 and 4 high"


@pytest.mark.parametrize(
    "words",
    [
        "--model_name resnet18 MODEL.NON_LOCAL yes MODEL.HEAD parts MODEL.EMBEDDING_DIM 16",
        "--model_name osnet_x0_25",
        "--model_name mobilenet_v2",
        "--model_name timm/test_vit",
        "--model_name timm/test_convnext",
    ],
)
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_networks_of_every_kind(quick, tmp_path, words, precision):
    source = source_of([*quick, *words.split()], tmp_path)
    export_network(source, Form("torchscript", precision), tmp_path / "net.torchscript")


def test_half_precision_holds_large_features(source):
    """Squares of features and powers of maps of some hundred would not fit into float16."""
    network = FeatureNetwork(source, Form("torchscript", "fp16", l2_norm=True), half=True)
    images = network.example()
    network.network.base.layer4[1].weight.mul_(300)
    assert network.network.base(images.half()).max() > 300
    assert torch.allclose(network(images).norm(dim=1), torch.ones(2))


def test_the_batch_of_non_local_blocks_stays_open():
    batch = torch.export.Dim("batch")
    torch.export.export(NonLocal(4).eval(), (torch.randn(2, 4, 3, 2),), dynamic_shapes=({0: batch},))


def test_a_file_that_gives_something_else_is_not_left(source, tmp_path, monkeypatch):
    def write(source: Source, form: Form, file: Path) -> None:
        other = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 64 * 32, 32))
        FORMATS["torchscript"].write(replaced(source, other), form, file)

    def replaced(source: Source, network: torch.nn.Module) -> Source:
        network.feature_dim = 32
        return Source(source.cfg, network, source.weights, source.pictures)

    monkeypatch.setitem(FORMATS, "wrong", FORMATS["torchscript"]._replace(write=write))
    (tmp_path / "net.torchscript").write_text("the one before")
    with pytest.raises(InputError, match="does not give the features of the network"):
        export_network(source, Form("wrong"), tmp_path / "net.torchscript")
    assert [path.name for path in tmp_path.iterdir()] == ["net.torchscript"]
    assert (tmp_path / "net.torchscript").read_text() == "the one before"


@pytest.mark.parametrize(
    "form, words",
    [
        (Form("torchscript", "int8"), "--format torchscript has fp32 and fp16, not int8"),
        (Form("pth", "int8"), "--format pth has fp16, not int8"),
        (Form("pth", "fp16", l2_norm=True), "holds weights alone"),
    ],
)
def test_what_a_format_cannot_do(form, words):
    with pytest.raises(InputError, match=words):
        check_form(form)


def test_what_is_not_installed_is_named(source, tmp_path, monkeypatch):
    for form, package in ((Form("onnx"), "onnxscript"), (Form("openvino"), "openvino")):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, package, None)
            with pytest.raises(InputError, match=f"{package} is not installed.*requirements-export.txt"):
                export_network(source, form, tmp_path / f"net{FORMATS[form.format].suffix}")
    assert not any(tmp_path.iterdir())
