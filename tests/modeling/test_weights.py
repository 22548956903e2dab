from pathlib import Path

import pytest
import torch
import torchvision

from modeling import build_model, load_pretrained, load_weights
from utils.errors import InputError


@pytest.fixture
def net(load):
    return lambda name="resnet18", classes=0, *words: build_model(load("--model_name", name, *words), classes)


@pytest.fixture
def save(tmp_path):
    def save(content, name="weights.pth", **kwargs) -> Path:
        torch.save(content, tmp_path / name, **kwargs)
        return tmp_path / name

    return save


def equal(model, state: dict) -> bool:
    own = model.state_dict()
    return all(torch.equal(own[name], tensor) for name, tensor in state.items())


def imagenet(name: str) -> dict[str, torch.Tensor]:
    """A file as torchvision publishes it; the older ones have no num_batches_tracked."""
    state = torchvision.models.get_model(name).state_dict()
    return {k: torch.randn_like(v) for k, v in state.items() if not k.endswith("num_batches_tracked")}


def test_torchvision_file_of_resnet50(net, save):
    state = imagenet("resnet50")
    model = net("resnet50", 751)
    report = load_weights(model, save(state))
    assert str(report) == "matched 265 of 267 tensors; left out: fc.*"
    assert equal(model.base, {k: v for k, v in state.items() if not k.startswith("fc.")})


@pytest.mark.parametrize("name", ["resnet18_ibn_a", "resnet50_ibn_b"])
def test_ibn_file(net, save, name):
    source = net(name)
    state = {k: torch.rand_like(v) for k, v in source.base.state_dict().items() if v.is_floating_point()}
    state |= {"fc.weight": torch.zeros(1000, 9), "fc.bias": torch.zeros(1000)}
    model = net(name, 10)
    report = load_weights(model, save({f"module.{k}": v for k, v in state.items()}))
    assert report.matched == len(state) - 2 and report.left_out == ["base.fc.weight", "base.fc.bias"]
    assert equal(model.base, {k: v for k, v in state.items() if not k.startswith("fc.")})


FORMS = {
    "state dict": lambda state: state,
    "module. prefix": lambda state: {f"module.{k}": v for k, v in state.items()},
    "wrapped": lambda state: {"state_dict": state, "epoch": 3},
    "wrapped with an optimizer": lambda state: {
        "model": state,
        "optimizer": {"state": {0: {"exp_avg": state["base.conv1.weight"]}}},
    },
    "wrapped twice, module. prefix": lambda state: {
        "net": {"model": {f"module.{k}": v for k, v in state.items()}}
    },
    "compiled": lambda state: {f"_orig_mod.{k}": v for k, v in state.items()},
    "lightning": lambda state: {
        "state_dict": {f"model.{k}": v for k, v in state.items()},
        "hyper_parameters": {"lr": 0.1},
    },
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_reid_checkpoint_in_every_form_and_with_other_classes(net, save, form):
    source = net("resnet18", 751)
    state = {k: torch.rand_like(v) if v.is_floating_point() else v for k, v in source.state_dict().items()}
    path = save(form(state))
    expected = {k: v for k, v in state.items() if not k.startswith("classifier.")}

    test_net = net("resnet18", 0)
    assert (
        str(load_weights(test_net, path, complete=True))
        == "matched 125 of 126 tensors; left out: classifier.*"
    )
    assert equal(test_net, expected)

    same, other = net("resnet18", 751), net("resnet18", 20)
    assert str(load_weights(same, path)) == "matched 126 of 126 tensors" and equal(same, state)
    before = other.classifier.weight.clone()
    load_weights(other, path)
    assert equal(other, expected) and torch.equal(other.classifier.weight, before)


def test_old_file_format(net, save):
    state = net("resnet18", 5).state_dict()
    model = net("resnet18", 5)
    load_weights(model, save(state, _use_new_zipfile_serialization=False))
    assert equal(model, state)


def test_another_architecture_stops_and_names_what_did_not_fit(net, save):
    path = save(net("resnet50").state_dict())
    with pytest.raises(
        InputError,
        match=r"does not fit this network \(matched \d+ of \d+.*left out: layer1.0.conv1.*--model_name",
    ):
        load_weights(net("resnet18"), path)


def test_a_test_demands_the_whole_network(net, save, load, caplog_loguru):
    """Half right is right enough to start a training from, with a warning, but never to test."""
    path = save(net("resnet18").base.state_dict())
    with pytest.raises(InputError, match=r"not in the file: bottleneck\.\*.*--neck"):
        load_weights(net("resnet18"), path, complete=True)
    shallow = save(net("resnet18").state_dict(), "shallow.pth")
    with pytest.raises(InputError, match="not in the file: layer1.2.conv1"):
        load_weights(net("resnet34"), shallow, complete=True)
    cfg = load("--model_name", "resnet34", "--model_path", str(shallow))
    load_pretrained(cfg, net("resnet34"))
    assert any("tensors start from random numbers" in message for message in caplog_loguru)


def test_nothing_changes_when_a_file_does_not_fit(net, save):
    model = net("resnet18")
    before = {k: v.clone() for k, v in model.state_dict().items()}
    with pytest.raises(InputError):
        load_weights(model, save(net("resnet50").state_dict()))
    assert equal(model, before)


class Harmful:
    def __reduce__(self):
        return (print, ("this must not run",))


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "no checkpoint of PyTorch"),
        (b"not a checkpoint" * 100, "no checkpoint of PyTorch"),
        (b"PK\x03\x04" + b"\0" * 200, "no checkpoint of PyTorch"),
        ("cut", "no checkpoint of PyTorch"),
        (Harmful(), "holds Python objects besides tensors"),
        ([1, 2], "holds no weights"),
        ({"epoch": 3}, "holds no weights"),
        (torch.zeros(3), "holds no weights"),
    ],
)
def test_files_that_are_no_checkpoint(net, tmp_path, capsys, content, message):
    path = tmp_path / "weights.pth"
    if content == "cut":
        torch.save(net("resnet18").state_dict(), path)
        path.write_bytes(path.read_bytes()[:100_000])
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(InputError, match=message) as error:
        load_weights(net("resnet18"), path)
    assert str(path) in str(error.value) and "must not run" not in capsys.readouterr().out


def test_missing_file(net, tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load_weights(net("resnet18"), tmp_path / "none.pth")
    with pytest.raises(InputError, match="cannot be read"):
        load_weights(net("resnet18"), tmp_path)


def test_pretrained_from_a_file(net, save, load, caplog_loguru):
    state = imagenet("resnet18")
    model = net("resnet18", 10)
    load_pretrained(load("--model_name", "resnet18", "--model_path", str(save(state))), model)
    assert any("matched 100 of 102 tensors; left out: fc.*" in message for message in caplog_loguru)
    assert equal(model.base, {"conv1.weight": state["conv1.weight"]})


def test_pretrained_none_leaves_the_random_weights(net, load):
    model = net("resnet18", 10)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    load_pretrained(load("--pretrain_choice", "none", "--model_path", "unused.pth"), model)
    assert equal(model, before)


@pytest.mark.parametrize(
    "name, file",
    [
        ("resnet18", "download.pytorch.org/models/resnet18-f37072fd.pth"),
        ("resnet50", "download.pytorch.org/models/resnet50-0676ba61.pth"),
        ("resnet50_ibn_a", "IBN-Net/releases/download/v1.0/resnet50_ibn_a-d9d0bb7b.pth"),
        ("resnet50_ibn_b", "IBN-Net/releases/download/v1.0/resnet50_ibn_b-9ca61e85.pth"),
    ],
)
def test_imagenet_weights_are_downloaded_once(net, load, save, monkeypatch, tmp_path, name, file):
    state = net(name).base.state_dict()
    asked = []

    def download(url, path, hash_prefix):
        asked.append((url, hash_prefix))
        torch.save(state, path)

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    for _ in range(2):
        model = net(name, 3)
        load_pretrained(load("--model_name", name), model)
        assert equal(model.base, state)
    assert len(asked) == 1 and asked[0][0].endswith(file) and asked[0][1] == file[-12:-4]


def test_no_network(net, load, monkeypatch, tmp_path):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")  # the discard port: nothing answers
    with pytest.raises(
        InputError, match="cannot download the ImageNet weights of resnet18.*--model_path.*none"
    ):
        load_pretrained(load("--model_name", "resnet18"), net("resnet18"))
    assert not list(tmp_path.rglob("*.pth"))
