"""Weights that others trained on people, in their published names: LUPerson, TransReID-SSL, SOLIDER."""

from argparse import Namespace

import pytest
import timm
import torch
from torch.nn import functional

from modeling import BACKBONES, build_model, load_pretrained, load_weights
from tests.modeling import plain_swin
from tests.tiny_backbone import TINY_BACKBONE
from utils.errors import InputError

SIZE = ["INPUT.SIZE_TRAIN", "[64,32]", "INPUT.SIZE_TEST", "[64,32]"]
# 24×10 patches, then 12×5, 6×3 and 3×2: none is a multiple of 7, and some are odd.
ODD = ["INPUT.SIZE_TRAIN", "[96,40]", "INPUT.SIZE_TEST", "[96,40]"]
VIT, SWIN = "timm/vit_tiny_patch16_224", "timm/swin_tiny_patch4_window7_224"


PAIRED = [
    (chosen, other, larger)
    for chosen, other in (("teacher", "student"), ("encoder_q", "encoder_k"))
    for larger in (chosen, other)
]


@pytest.fixture(autouse=True)
def tiny_backbone(monkeypatch):
    monkeypatch.setitem(BACKBONES, "tiny", TINY_BACKBONE)


@pytest.fixture
def net(load):
    return lambda name, classes=0, *words: build_model(load("--model_name", name, *words), classes).eval()


@pytest.fixture
def save(tmp_path):
    def save(content, name="weights.pth"):
        torch.save(content, tmp_path / name)
        return tmp_path / name

    return save


@pytest.fixture
def small_networks(monkeypatch):
    """timm's networks with few layers and narrow ones."""
    create = timm.create_model
    small = {
        "swin": {"embed_dim": plain_swin.WIDTH, "depths": plain_swin.DEPTHS, "num_heads": plain_swin.HEADS},
        "vit": {"embed_dim": 12, "depth": 2, "num_heads": 2},
    }
    monkeypatch.setattr(
        timm, "create_model", lambda name, **kwargs: create(name, **kwargs | small[name.partition("_")[0]])
    )


def random_like(state: dict) -> dict:
    return {k: torch.randn_like(v).abs() + 0.1 if v.is_floating_point() else v for k, v in state.items()}


def same_feature(model, base, size=(64, 32)) -> bool:
    """Whether a network's backbone gives what another backbone gives."""
    images = torch.randn(2, 3, *size)
    with torch.no_grad():
        return torch.equal(model.base.eval()(images), base.eval()(images))


def under(prefix: str, state: dict) -> dict:
    return {prefix + name: tensor for name, tensor in state.items()}


HEADS = {
    "LUPerson": {"fc.0.weight": (32, 32), "fc.0.bias": (32,), "fc.2.weight": (8, 32), "fc.2.bias": (8,)},
    "LUPerson-NL": {
        **{"embed_fc.weight": (16, 32), "classifier.weight": (1000, 16), "classifier.bias": (1000,)},
        **{"fc1.weight": (64, 32), "fc2.weight": (8, 64)},
    },
}


def moco(backbone: dict, heads: str, prefix: str) -> dict:
    """As LUPerson's lup_moco.py and LUPerson-NL's lup_pnl.py save it, but with the key encoder first."""
    query = backbone | {name: torch.randn(shape) for name, shape in HEADS[heads].items()}
    beside = {"queue": torch.randn(128, 64), "queue_ptr": torch.zeros(1, dtype=torch.long)}
    if heads == "LUPerson-NL":
        beside |= {"queue_id": torch.zeros(64, 1, dtype=torch.long), "prototypes": torch.randn(1000, 128)}
    state = under("encoder_k.", random_like(query)) | under("encoder_q.", query) | beside
    optimizer = {"state": {0: {"momentum_buffer": query["conv1.weight"]}}, "param_groups": [{"lr": 0.3}]}
    return {"epoch": 200, "arch": "resnet50", "state_dict": under(prefix, state), "optimizer": optimizer}


@pytest.mark.parametrize("prefix", ["module.", ""])
@pytest.mark.parametrize("heads", HEADS)
def test_of_moco_the_query_encoder(net, save, load, caplog_loguru, prefix, heads):
    original = net("tiny")
    original.base.load_state_dict(random_like(original.base.state_dict()))
    file = save(moco(original.base.state_dict(), heads, prefix))
    for choice in ("imagenet", "self"):
        model = net("tiny", 5)
        classifier = model.classifier.weight.clone()
        load_pretrained(load("--pretrain_choice", choice, "--model_path", str(file)), model)
        assert same_feature(model, original.base) and torch.equal(model.classifier.weight, classifier)
    report = load_weights(net("tiny", 5), file)
    left_out = {name.removeprefix("base.") for name in report.left_out}
    assert report.matched == len(original.base.state_dict()) and not report.missing
    assert {*HEADS[heads], "queue", "encoder_k.conv1.weight"} <= left_out
    assert sum(f"{report.matched} of {report.total}" in message for message in caplog_loguru) == 2
    assert not any("random values" in message for message in caplog_loguru)


def test_resnets_of_luperson_and_backbones_alone(net, save):
    """As LUPerson's lup_moco_r50.pth and LUPerson-NL's lupws_r50.pth are published, and in whole."""
    original = net("resnet18")
    original.base.load_state_dict(random_like(original.base.state_dict()))
    for content in (original.base.state_dict(), moco(original.base.state_dict(), "LUPerson", "module.")):
        model = net("resnet18", 5)
        assert not load_weights(model, save(content)).missing
        assert same_feature(model, original.base)


def test_two_different_networks_are_no_pair(net, save):
    """A student beside a part of another teacher, as other programs keep them: most names count, as ever."""
    student = random_like(net("tiny").base.state_dict())
    teacher = {name: tensor for name, tensor in net("tiny").base.state_dict().items() if "layer4" not in name}
    model = net("tiny")
    load_weights(model, save(under("student.", student) | under("teacher.", teacher)))
    assert all(torch.equal(model.base.state_dict()[name], tensor) for name, tensor in student.items())


@pytest.mark.parametrize("flat", [True, False])
@pytest.mark.parametrize("chosen, other, larger", PAIRED)
def test_one_of_a_pair_may_have_a_layer_more(net, save, flat, chosen, other, larger):
    """A student's predictor, as of iBOT, or a query encoder's, as of MoCo v3."""
    wanted = net("resnet18").base.state_dict()
    parts = {chosen: wanted, other: random_like(wanted)}
    parts[larger] = parts[larger] | {"predictor.0.weight": torch.ones(5, 5), "mask_token": torch.ones(5)}
    content = under(f"{chosen}.", parts[chosen]) | under(f"{other}.", parts[other]) if flat else parts
    model = net("resnet18")
    assert not load_weights(model, save(content)).missing
    assert all(torch.equal(model.base.state_dict()[name], tensor) for name, tensor in wanted.items())


def dino(backbone: dict, prefix: str = "") -> dict:
    """As DINO's main_dino.py saves it; a network with batch norms, as ICS, has its teacher wrapped, too."""
    head = {"head.mlp.0.weight": torch.randn(64, 12), "head.last_layer.weight_g": torch.randn(99, 1)}
    teacher = under("backbone.", backbone) | head
    return {
        "student": under("module.", random_like(teacher)),
        "teacher": under(prefix, teacher),
        "optimizer": {"state": {}, "param_groups": []},
        "epoch": 100,
        "args": Namespace(arch="vit_small", global_crops_scale=(0.8, 1.0), use_fp16=True, gpu=0),
        "dino_loss": {"center": torch.zeros(1, 99)},
        "fp16_scaler": {"scale": 65536.0, "growth_factor": 2.0},
    }


@pytest.mark.parametrize("prefix", ["module.", ""])
@pytest.mark.parametrize("choice", ["imagenet", "self"])
def test_of_dino_the_teacher(net, save, load, caplog_loguru, small_networks, prefix, choice):
    original = net(VIT, 0, *SIZE).base
    file = save(dino(original.state_dict(), prefix))
    model = net(VIT, 5, *SIZE)
    assert not same_feature(model, original)
    words = ["--model_name", VIT, *SIZE, "--pretrain_choice", choice, "--model_path", str(file)]
    load_pretrained(load(*words), model)
    assert same_feature(model, original)
    number = len(original.state_dict())
    assert any(f"matched {number} of {number + 2} tensors; left out: head" in m for m in caplog_loguru)


@pytest.mark.parametrize("half", [False, True])
def test_teachers_alone_and_backbones_alone(net, save, small_networks, half):
    """As their convert_model.py and convert_model_dino.py write them."""
    original = net(VIT, 0, *SIZE).base
    if half:
        original.load_state_dict(original.half().float().state_dict())
    for content in (dino(original.state_dict())["teacher"], original.state_dict()):
        content = {k: v.half() for k, v in content.items()} if half else content
        model = net(VIT, 5, *SIZE)
        assert not load_weights(model, save(content)).missing and same_feature(model, original)
        assert model.base.pos_embed.dtype == torch.float32


@pytest.mark.parametrize(
    "size, grid, other",
    [((64, 32), (4, 2), (96, 64)), ((96, 32), (6, 2), (64, 32)), ((64, 32), (4, 2), (448, 112))],
)
def test_position_embeddings_of_a_high_grid_are_resized(net, save, small_networks, size, grid, other):
    def words(size):
        return ["INPUT.SIZE_TRAIN", str(list(size)), "INPUT.SIZE_TEST", str(list(size))]

    source = net(VIT, 0, *words(size)).base
    model = net(VIT, 5, *words(other))
    report = load_weights(model, save(source.state_dict()))
    assert not report.missing and not report.left_out
    first, patches = source.pos_embed[:, :1], source.pos_embed[:, 1:]
    maps = patches.transpose(1, 2).unflatten(2, grid)
    maps = functional.interpolate(maps, [side // 16 for side in other], mode="bicubic", antialias=True)
    expected = torch.cat([first, maps.flatten(2).transpose(1, 2)], dim=1)
    assert torch.allclose(model.base.pos_embed, expected, atol=1e-6)


def test_solider_is_computed_as_published(net, save, caplog_loguru, small_networks):
    backbone = plain_swin.random_backbone()
    model = net(SWIN, 5, *ODD)
    report = load_weights(model, save(dino(backbone)))
    spare = {f"base.{name}" for name in backbone if name.startswith(("norm0", "norm1", "norm2"))}
    spare |= {f"base.semantic_embed_{letter}.3.{part}" for letter in "wb" for part in ("weight", "bias")}
    heads = {"head.mlp.0.weight", "head.last_layer.weight_g"}
    assert not report.missing and {*report.left_out} == spare | heads
    images = torch.randn(2, 3, 96, 40)
    with torch.no_grad():
        found = model.base(images)
        assert torch.allclose(found, plain_swin.feature(backbone, images, 0.2), atol=1e-4)
        for other in (0.0, 1.0):
            assert not torch.allclose(found, plain_swin.feature(backbone, images, other), atol=1e-2)


def test_another_swin_of_mmdetection(net, save, small_networks):
    """Without SOLIDER's linear layers, as SOLIDER's own run_dino.sh with a negative weight trains it."""
    backbone = plain_swin.random_backbone()
    file = {name: tensor for name, tensor in backbone.items() if "semantic" not in name}
    # softplus(x) = 1, and nothing is added
    neutral = {name: torch.zeros_like(backbone[name]) for name in backbone if "semantic" in name}
    neutral |= {
        name: neutral[name] + 0.5413248546 for name in neutral if "embed_w" in name and "bias" in name
    }
    model = net(SWIN, 5, *ODD)
    assert not load_weights(model, save(under("backbone.", file))).missing
    images = torch.randn(1, 3, 96, 40)
    with torch.no_grad():
        assert torch.allclose(
            model.base(images), plain_swin.feature(backbone | neutral, images, 0.2), atol=1e-4
        )


def test_the_order_of_merged_patches(net, save, small_networks):
    """One layer alone: mmdetection's order of the weights in, timm's out."""
    backbone = {k: v for k, v in plain_swin.random_backbone().items() if "semantic" not in k}
    model = net(SWIN, 5, *ODD)
    load_weights(model, save(backbone))
    for stage, channels in enumerate((8, 16, 32)):
        maps = torch.randn(5, 4, channels)
        expected = plain_swin.merge(backbone, f"stages.{stage}.downsample", maps)
        merging = model.base.layers[stage + 1].downsample
        with torch.no_grad():
            assert torch.allclose(merging(maps[None])[0], expected, atol=1e-5), stage


@pytest.mark.parametrize("half", [False, True])
def test_solider_trained_for_reid_is_tested(net, save, small_networks, half):
    """SOLIDER-REID's files: a whole network in this program's names around SOLIDER's."""
    backbone = plain_swin.random_backbone()
    if half:
        backbone = {k: v.half().float() if v.is_floating_point() else v for k, v in backbone.items()}
    neck = random_like(net(SWIN, 5, *ODD).bottleneck.state_dict())
    file = under("base.", backbone) | under("bottleneck.", neck) | {"classifier.weight": torch.zeros(751, 64)}
    if half:
        file = {k: v.half() if v.is_floating_point() else v for k, v in file.items()}
    model = net(SWIN, 0, *ODD, "TEST.NECK_FEAT", "before")
    load_weights(model, save(file), complete=True)
    images = torch.randn(1, 3, 96, 40)
    with torch.no_grad():
        assert torch.allclose(model(images), plain_swin.feature(backbone, images, 0.2), atol=1e-4)
    assert torch.allclose(model.bottleneck.running_var, neck["running_var"], rtol=1e-3)
    del file["base.stages.1.blocks.0.ffn.layers.1.bias"]
    with pytest.raises(InputError, match=r"not in the file: layers.1.blocks.0.mlp.fc2"):
        load_weights(model, save(file), complete=True)


def test_windows_are_timms_where_they_fill_the_map(net, small_networks):
    sizes = ["INPUT.SIZE_TRAIN", "[224,224]", "INPUT.SIZE_TEST", "[224,224]"]
    ours, options = net(SWIN, 0, *sizes).base, {"num_classes": 0, "img_size": (224, 224)}
    timms = timm.create_model("swin_tiny_patch4_window7_224", always_partition=True, **options).eval()
    timms.load_state_dict(ours.state_dict())
    images = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        assert torch.equal(ours(images), timms(images))


def ics(width: int) -> dict:
    """TransReID-SSL's patch embedding with convolutions, in the names of its ours_vit.py."""
    state = {f"conv.{number}.weight": torch.randn(64, 3 if number == 0 else 64, size, size) / size / 8
             for number, size in ((0, 7), (3, 3), (6, 3))}  # fmt: skip
    for norm, planes in (("1.IN", 32), ("1.BN", 32), ("4.IN", 32), ("4.BN", 32), ("7", 64)):
        state |= {f"conv.{norm}.{part}": torch.rand(planes) + 0.5 for part in ("weight", "bias")}
        if norm[2:] != "IN":
            state |= {f"conv.{norm}.running_{part}": torch.rand(planes) + 0.5 for part in ("mean", "var")}
            state[f"conv.{norm}.num_batches_tracked"] = torch.tensor(9)
    state |= {"proj.weight": torch.randn(width, 64, 8, 8) / 64, "proj.bias": torch.randn(width)}
    return under("patch_embed.", state)


def plain_stem(state: dict, images: torch.Tensor) -> torch.Tensor:
    state = {name.removeprefix("patch_embed."): tensor for name, tensor in state.items()}

    def batch_norm(name: str, x: torch.Tensor) -> torch.Tensor:
        mean, var, weight, bias = (
            state[f"conv.{name}.{part}"][:, None, None]
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / (var + 1e-5).sqrt() * weight + bias

    def both_norms(number: int, x: torch.Tensor) -> torch.Tensor:
        first = x[:, :32]
        first = (first - first.mean((2, 3), keepdim=True)) / (
            first.var((2, 3), correction=0, keepdim=True) + 1e-5
        ).sqrt()
        weight, bias = (state[f"conv.{number}.IN.{part}"][:, None, None] for part in ("weight", "bias"))
        return torch.cat([first * weight + bias, batch_norm(f"{number}.BN", x[:, 32:])], dim=1)

    x = functional.conv2d(images, state["conv.0.weight"], stride=2, padding=3)
    x = functional.conv2d(both_norms(1, x).relu(), state["conv.3.weight"], padding=1)
    x = functional.conv2d(both_norms(4, x).relu(), state["conv.6.weight"], padding=1)
    return functional.conv2d(batch_norm("7", x).relu(), state["proj.weight"], state["proj.bias"], stride=8)


@pytest.mark.parametrize("name", ["timm/vit_small_ics", "timm/vit_base_ics"])
def test_vit_with_convolutions_before_the_patches(net, save, small_networks, name):
    original = net(VIT, 0, *SIZE).base.state_dict()
    stem = ics(12)
    file = {k: v for k, v in original.items() if not k.startswith("patch_embed.")} | stem
    model = net(name, 5, *SIZE)
    report = load_weights(model, save(dino(file, "module.")))
    assert not report.missing and report.matched == len(file)
    images = torch.randn(2, 3, 64, 32)
    with torch.no_grad():
        tokens = model.base.patch_embed(images)
        assert torch.allclose(tokens, plain_stem(stem, images).flatten(2).transpose(1, 2), atol=1e-4)
    assert all(torch.equal(model.base.state_dict()[k], v) for k, v in file.items())
    score, feat = model.train()(images)
    assert score.shape == (2, 5) and feat.shape == (2, 12)


def test_width_and_layers_of_the_networks_with_convolutions(net, load, monkeypatch):
    create = timm.create_model
    monkeypatch.setattr(timm, "create_model", lambda name, **kwargs: create(name, **kwargs | {"depth": 1}))
    for name, width in (("timm/vit_small_ics", 384), ("timm/vit_base_ics", 768)):
        model = net(name, 0, *SIZE)
        assert model.feature_dim == width
        layers = model.layers()
        assert layers["base.patch_embed.conv.0.weight"] == layers["base.cls_token"] == 0
        with pytest.raises(InputError, match=f"{name}.*docs/pretrained.md.*--model_path"):
            load_pretrained(load("--model_name", name, *SIZE), model)


def test_weights_with_convolutions_name_their_network(net, save, small_networks):
    original = net(VIT, 0, *SIZE).base.state_dict()
    file = save(dino(original | ics(12)))
    for name in (VIT, SWIN):
        with pytest.raises(
            InputError, match=r"ICS\): MODEL.NAME .*must be timm/vit_small_ics or timm/vit_base"
        ):
            load_weights(net(name, 5, *SIZE), file)


def test_weights_of_one_kind_do_not_fit_another(net, save, small_networks):
    """One line, whatever file is given to whatever network."""
    files = {
        "moco": moco(net("tiny").base.state_dict(), "LUPerson", "module."),
        "vit": dino(net(VIT, 0, *SIZE).base.state_dict()),
        "solider": dino(plain_swin.random_backbone()),
    }
    networks = {"tiny": "moco", VIT: "vit", SWIN: "solider"}
    for name, own in networks.items():
        for kind, content in files.items():
            if kind != own:
                with pytest.raises(InputError, match=r"does not fit this network \(matched .*--model_name"):
                    load_weights(net(name, 5, *SIZE), save(content))


@pytest.mark.parametrize(
    "name, tensor",
    [
        ("semantic_embed_w.0.weight", torch.zeros(3, 5)),
        ("semantic_embed_b.1.bias", torch.zeros(7)),
        ("stages.0.downsample.norm.weight", torch.zeros(5)),
        ("stages.0.downsample.reduction.weight", torch.zeros(1).expand(10**6, 10**6)),
    ],
)
def test_damaged_files_of_solider_do_not_fit(net, save, small_networks, name, tensor):
    file = save(under("backbone.", plain_swin.random_backbone() | {name: tensor}))
    with pytest.raises(InputError, match="does not fit this network"):
        load_weights(net(SWIN, 5, *ODD), file)


@pytest.mark.parametrize("shape", [(), (1,), (1, 0, 12), (1, 1, 12), (1, 12, 12), (2, 9, 5)])
def test_other_position_embeddings_are_left_out(net, save, small_networks, shape):
    state = net(VIT, 0, *SIZE).base.state_dict() | {"pos_embed": torch.zeros(shape)}
    report = load_weights(net(VIT, 5, *SIZE), save(state))
    assert report.missing == report.left_out == ["base.pos_embed"]
