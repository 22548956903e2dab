import pytest
import torch
import torchvision
from torch import nn

from modeling import BACKBONES, BackboneInfo, build_model, check_network, load_pretrained
from modeling.backbones.non_local import NonLocal
from modeling.backbones.osnet import OSBlock
from modeling.backbones.resnet_ibn import IBN, BottleneckIBNb
from modeling.backbones.resnet_se import SEBottleneck
from utils.errors import InputError

RESNETS = ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"]
IBN_A = ["resnet18_ibn_a", "resnet34_ibn_a", "resnet50_ibn_a", "resnet101_ibn_a"]
SE = ["se_resnet50", "se_resnet101", "se_resnet50_ibn_a", "se_resnet101_ibn_a"]


def test_names():
    others = ["mobilenet_v2", "osnet_x1_0", "osnet_x0_25"]
    ours = {*BACKBONES} - {"tiny"}  # of the tests
    assert sorted(ours) == sorted([*RESNETS, *IBN_A, "resnet50_ibn_b", *SE, *others])


@pytest.mark.parametrize("name", RESNETS)
def test_resnets_have_torchvisions_parameters(name):
    ours = BACKBONES[name].make().state_dict()
    theirs = torchvision.models.get_model(name).state_dict()
    expected = {k: v.shape for k, v in theirs.items() if not k.startswith("fc.")}
    assert {k: v.shape for k, v in ours.items()} == expected
    # The published file of resnet50 has 267 tensors, without num_batches_tracked; all but the classifier fit.
    counted = [k for k in ours if not k.endswith("num_batches_tracked")]
    assert len(counted) == {"resnet18": 100, "resnet34": 180, "resnet50": 265, "resnet101": 520,
                            "resnet152": 775}[name]  # fmt: skip


def ibn_layout(name: str) -> dict[str, tuple[int, ...]]:
    """Names and shapes of IBN-Net's published files, from the plain ResNet's by the rules of its paper."""
    plain = torchvision.models.get_model(name.split("_ibn")[0]).state_dict()
    layout = {}
    for key, value in plain.items():
        if key.startswith("fc."):
            continue
        stage, _, rest = key.partition(".")
        if name.endswith("_a") and stage in ("layer1", "layer2", "layer3") and ".bn1." in key:
            head, tail = key.rsplit(".bn1.", 1)
            if tail in ("weight", "bias"):
                layout[f"{head}.bn1.IN.{tail}"] = (value.shape[0] // 2,)
            layout[f"{head}.bn1.BN.{tail}"] = (value.shape[0] // 2,) if value.dim() else ()
        elif name.endswith("_b") and stage == "bn1" and rest not in ("weight", "bias"):
            continue
        else:
            layout[key] = tuple(value.shape)
    if name.endswith("_b"):
        for head, width in (("layer1.2", 256), ("layer2.3", 512)):
            layout |= {f"{head}.IN.weight": (width,), f"{head}.IN.bias": (width,)}
    return layout


@pytest.mark.parametrize("name", [*IBN_A, "resnet50_ibn_b"])
def test_ibn_has_the_published_layout(name):
    ours = {k: tuple(v.shape) for k, v in BACKBONES[name].make().state_dict().items()}
    assert ours == ibn_layout(name)


def test_ibn_normalises_half_the_channels_by_image():
    torch.manual_seed(0)
    layer = IBN(6).train()
    x = torch.randn(4, 6, 5, 3) * 3 + 1
    out = layer(x)
    for b in range(4):
        for c in range(3):
            plane = x[b, c]
            expected = (plane - plane.mean()) / (plane.var(unbiased=False) + 1e-5).sqrt()
            assert torch.allclose(out[b, c], expected, atol=1e-5)
    for c in range(3, 6):
        plane = x[:, c]
        expected = (plane - plane.mean()) / (plane.var(unbiased=False) + 1e-5).sqrt()
        assert torch.allclose(out[:, c], expected, atol=1e-5)


def test_ibn_b_normalises_after_the_residual_sum():
    block = BottleneckIBNb(16, 4).eval()
    x = torch.randn(2, 16, 6, 4)
    y = block.relu(block.bn1(block.conv1(x)))
    y = block.relu(block.bn2(block.conv2(y)))
    y = block.bn3(block.conv3(y)) + x
    expected = nn.functional.relu(nn.functional.instance_norm(y, weight=block.IN.weight, bias=block.IN.bias))
    assert torch.allclose(block(x), expected, atol=1e-6)


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnet34_ibn_a", "resnet50_ibn_b"])
@pytest.mark.parametrize("last_stride, size", [(1, (4, 2)), (2, (2, 1))])
def test_feature_maps(name, last_stride, size):
    net = BACKBONES[name].make(last_stride=last_stride).eval()
    maps = net(torch.randn(2, 3, 64, 32))
    assert maps.shape == (2, BACKBONES[name].feature_dim, *size)
    assert BACKBONES[name].feature_dim == (2048 if "50" in name else 512)


def test_resnet_computes_what_torchvision_computes():
    theirs = torchvision.models.resnet50().eval()
    ours = BACKBONES["resnet50"].make(last_stride=2).eval()
    ours.load_state_dict(theirs.state_dict(), strict=False)
    features = nn.Sequential(*list(theirs.children())[:-2])
    x = torch.randn(1, 3, 64, 64)
    assert torch.allclose(ours(x), features(x), atol=1e-5)


@pytest.mark.parametrize("name", ["resnet18", "resnet18_ibn_a"])
def test_stem_relu(name):
    x = torch.randn(2, 3, 32, 32)
    for stem_relu in (True, False):
        net = BACKBONES[name].make(stem_relu=stem_relu).eval()
        inputs = []
        net.maxpool.register_forward_pre_hook(lambda _, args, inputs=inputs: inputs.append(args[0]))
        net(x)
        assert (inputs[0].min() >= 0) == stem_relu


@pytest.mark.parametrize("name", ["resnet18", "resnet50_ibn_a", "resnet50_ibn_b"])
def test_initialisation_is_kaiming(name):
    torch.manual_seed(0)
    for module in BACKBONES[name].make().modules():
        if isinstance(module, nn.Conv2d) and module.weight.numel() > 20_000:
            fan_out = module.out_channels * module.kernel_size[0] * module.kernel_size[1]
            assert module.weight.std().item() == pytest.approx((2 / fan_out) ** 0.5, rel=0.05)
            assert abs(module.weight.mean().item()) < 0.05 * module.weight.std().item()
        elif isinstance(module, nn.BatchNorm2d | nn.InstanceNorm2d):
            assert (module.weight == 1).all() and (module.bias == 0).all()


@pytest.mark.parametrize("name", SE)
def test_se_has_ibn_nets_layout(name):
    plain = name.removeprefix("se_")
    layout = {k: tuple(v.shape) for k, v in BACKBONES[plain].make().state_dict().items()}
    for i, (blocks, width) in enumerate(
        zip((3, 4, 23 if "101" in name else 6, 3), (256, 512, 1024, 2048), strict=True)
    ):
        for j in range(blocks):
            layout[f"layer{i + 1}.{j}.se.fc.0.weight"] = (width // 16, width)
            layout[f"layer{i + 1}.{j}.se.fc.2.weight"] = (width, width // 16)
    assert {k: tuple(v.shape) for k, v in BACKBONES[name].make().state_dict().items()} == layout


def test_se_scales_channels_before_the_residual_sum():
    torch.manual_seed(0)
    block = SEBottleneck(32, 8).eval()
    x = torch.randn(2, 32, 6, 4)
    y = block.relu(block.bn1(block.conv1(x)))
    y = block.bn3(block.conv3(block.relu(block.bn2(block.conv2(y)))))
    expected = torch.empty_like(y)
    for b in range(2):
        inner = (block.se.fc[0].weight @ y[b].mean((1, 2))).relu()
        factor = torch.sigmoid(block.se.fc[2].weight @ inner)
        for c in range(32):
            expected[b, c] = (y[b, c] * factor[c] + x[b, c]).relu()
    assert torch.allclose(block(x), expected, atol=1e-6)


@pytest.mark.parametrize(
    "name, second, third", [("resnet18", 2, 2), ("resnet50_ibn_a", 2, 3), ("se_resnet101", 2, 9)]
)
def test_non_local_blocks_stand_after_the_last_blocks_and_change_nothing_at_first(load, name, second, third):
    torch.manual_seed(0)
    plain = build_model(load("--model_name", name), 0).base
    torch.manual_seed(0)
    net = build_model(load("--model_name", name, "MODEL.NON_LOCAL", "yes"), 0).base
    assert (len(net.NL_2), len(net.NL_3)) == (second, third)
    assert {k: v.shape for k, v in plain.state_dict().items()}.items() <= {
        k: v.shape for k, v in net.state_dict().items()
    }.items()
    x = torch.randn(2, 3, 64, 32)
    assert torch.equal(net.eval()(x), plain.eval()(x))
    seen = []
    for stage in (2, 3):
        for module in (*getattr(net, f"layer{stage}"), *getattr(net, f"NL_{stage}")):
            module.register_forward_hook(lambda module, *_: seen.append(type(module).__name__))
    net(x)
    blocks, tail = len(net.layer2), [seen[0], "NonLocal"]
    assert seen[: blocks + second] == [seen[0]] * (blocks - second) + tail * second
    assert seen[blocks + second :] == [seen[0]] * (len(net.layer3) - third) + tail * third


def test_non_local_block_has_agws_layout_and_is_the_mean_over_places():
    torch.manual_seed(0)
    block = NonLocal(6).double().eval()
    shapes = {k: tuple(v.shape) for k, v in block.state_dict().items() if "num_batches" not in k}
    expected = {"W.0.weight": (6, 1, 1, 1), "W.0.bias": (6,)}
    expected |= {f"W.1.{part}": (6,) for part in ("weight", "bias", "running_mean", "running_var")}
    for name in ("g", "theta", "phi"):
        expected |= {f"{name}.weight": (1, 6, 1, 1), f"{name}.bias": (1,)}
    assert shapes == expected
    block.W[1].weight.data.normal_()
    x = torch.randn(2, 6, 3, 2, dtype=torch.float64)
    places = x.flatten(2).transpose(1, 2)  # (B, 6 places, 6 channels)
    g, theta, phi = (
        places @ layer.weight.flatten() + layer.bias for layer in (block.g, block.theta, block.phi)
    )
    y = torch.zeros(2, 1, 6, dtype=torch.float64)
    for b in range(2):
        for i in range(6):
            y[b, 0, i] = sum(theta[b, i] * phi[b, j] * g[b, j] for j in range(6)) / 6
    assert torch.allclose(block(x), x + block.W(y.view(2, 1, 3, 2)), atol=1e-12)


def test_mobilenet_has_torchvisions_parameters_and_computes_what_it_computes():
    theirs = torchvision.models.mobilenet_v2().eval()
    ours = BACKBONES["mobilenet_v2"].make(last_stride=2).eval()
    state = {k: v for k, v in theirs.state_dict().items() if not k.startswith("classifier.")}
    assert ours.load_state_dict(state) and BACKBONES["mobilenet_v2"].feature_dim == 1280
    x = torch.randn(1, 3, 64, 32)
    assert torch.equal(ours(x), theirs.features(x)) and ours(x).shape == (1, 1280, 2, 1)
    assert BACKBONES["mobilenet_v2"].make().eval()(x).shape == (1, 1280, 4, 2)


def osnet_layout(channels: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Names and shapes of deep-person-reid's files, without the classifier."""
    layout = {}

    def norm(name, width):
        layout.update({f"{name}.{part}": (width,) for part in ("weight", "bias")})
        layout.update({f"{name}.{part}": (width,) for part in ("running_mean", "running_var")})
        layout[f"{name}.num_batches_tracked"] = ()

    def conv(name, inputs, outputs, kernel=1):
        layout[f"{name}.conv.weight"] = (outputs, inputs, kernel, kernel)
        norm(f"{name}.bn", outputs)

    conv("conv1", 3, channels[0], 7)
    for stage in (2, 3, 4):
        for i, inputs in enumerate((channels[stage - 2], channels[stage - 1])):
            block, outputs = f"conv{stage}.{i}", channels[stage - 1]
            inner = outputs // 4
            conv(f"{block}.conv1", inputs, inner)
            for depth, stream in enumerate("abcd", start=1):
                for k in range(depth):
                    light = f"{block}.conv2{stream}" + (f".{k}" if depth > 1 else "")
                    layout[f"{light}.conv1.weight"] = (inner, inner, 1, 1)
                    layout[f"{light}.conv2.weight"] = (inner, 1, 3, 3)
                    norm(f"{light}.bn", inner)
            for fc, sizes in (("fc1", (inner // 16, inner)), ("fc2", (inner, inner // 16))):
                layout[f"{block}.gate.{fc}.weight"] = (*sizes, 1, 1)
                layout[f"{block}.gate.{fc}.bias"] = (sizes[0],)
            conv(f"{block}.conv3", inner, outputs)
            if inputs != outputs:
                conv(f"{block}.downsample", inputs, outputs)
        if stage < 4:
            conv(f"conv{stage}.2.0", outputs, outputs)
    conv("conv5", channels[3], channels[3])
    layout |= {"fc.0.weight": (512, channels[3]), "fc.0.bias": (512,)}
    norm("fc.1", 512)
    return layout


@pytest.mark.parametrize(
    "name, channels, parameters",
    [("osnet_x1_0", (64, 256, 384, 512), 2_169_508), ("osnet_x0_25", (16, 64, 96, 128), 201_864)],
)
def test_osnet_has_deep_person_reids_layout(name, channels, parameters):
    info = BACKBONES[name]
    net = info.make()
    layout = {k: tuple(v.shape) for k, v in net.state_dict().items()}
    assert layout == osnet_layout(channels) and len(layout) == 565
    # Published: 2.2 and 0.2 million.
    assert sum(p.numel() for p in net.parameters()) == parameters
    maps = net.eval()(torch.randn(2, 3, 64, 32))
    assert maps.shape == (2, info.map_dim, 4, 2)
    feat = getattr(net, info.after_pooling)(maps.mean((2, 3)))
    assert feat.shape == (2, info.feature_dim) == (2, 512) and feat.min() >= 0


def test_osnets_gate_is_shared_by_its_streams():
    torch.manual_seed(0)
    block = OSBlock(32, 64).eval()
    x = torch.randn(2, 32, 6, 4)
    inner = block.conv1(x)
    total = 0
    for stream in (block.conv2a, block.conv2b, block.conv2c, block.conv2d):
        y = stream(inner)
        mean = y.mean((2, 3), keepdim=True)
        total = total + y * torch.sigmoid(block.gate.fc2(torch.relu(block.gate.fc1(mean))))
    expected = torch.relu(
        block.conv3.bn(block.conv3.conv(total)) + block.downsample.bn(block.downsample.conv(x))
    )
    assert torch.allclose(block(x), expected, atol=1e-6)


def test_a_stride_that_does_nothing_is_named(caplog_loguru):
    BACKBONES["osnet_x0_25"].make(last_stride=2)
    assert any("LAST_STRIDE 2 does nothing" in message for message in caplog_loguru)


def test_non_local_is_for_resnets(load):
    with pytest.raises(InputError, match="NON_LOCAL.*leave it out for mobilenet_v2"):
        build_model(load("--model_name", "mobilenet_v2", "MODEL.NON_LOCAL", "yes"), 0)


def test_a_backbone_of_ones_own_is_one_line(load, monkeypatch):
    monkeypatch.setitem(
        BACKBONES, "mine", BackboneInfo(lambda **_: nn.Conv2d(3, 6, 8, stride=8), feature_dim=6)
    )
    model = build_model(load("--model_name", "mine", "MODEL.HEAD", "parts"), 5).train()
    scores, feats = model(torch.randn(4, 3, 64, 32))
    assert feats[0].shape == (4, 6) and len(scores) == 7
    assert {name for name in model.state_dict() if name.startswith("base.")} == {"base.weight", "base.bias"}
    for words, asked in ((["--kd"], "KD.SELF"), (["MODEL.NON_LOCAL", "yes"], "MODEL.NON_LOCAL"),
                         (["SOLVER.LAYER_DECAY", "0.5"], "SOLVER.LAYER_DECAY")):  # fmt: skip
        with pytest.raises(InputError, match=f"{asked}.* mine"):
            check_network(load("--model_name", "mine", *words))
    with pytest.raises(InputError, match="mine: its ImageNet weights are not known here; .*--model_path"):
        load_pretrained(load("--model_name", "mine"), model)


def test_everything_that_is_wrong_is_named_and_a_test_checks_less(load):
    cfg = load("--model_name", "mobilenet_v2", "--kd", "SOLVER.LAYER_DECAY", "0.5", "MODEL.NON_LOCAL", "yes")
    with pytest.raises(InputError, match="NON_LOCAL.*; SOLVER.LAYER_DECAY.*; KD.SELF"):
        check_network(cfg)
    with pytest.raises(InputError, match="^MODEL.NON_LOCAL[^;]*; leave it out for mobilenet_v2$"):
        check_network(cfg, training=False)


@pytest.mark.parametrize("name", ["resnet18", "osnet_x0_25", "mobilenet_v2", "timm/convnext_atto"])
def test_a_network_is_what_its_backbone_declares(load, name):
    """Widths, and stages each half as wide as the next."""
    model = build_model(load("--model_name", name, "INPUT.SIZE_TRAIN", "[64,32]", "--neck", "no"), 0).eval()
    images, info = torch.randn(2, 3, 64, 32), model.info
    maps = model.base(images)
    assert maps.shape[:2] == (2, info.map_dim or info.feature_dim) and maps.dim() == 4
    assert model(images).shape == (2, info.feature_dim)
    if info.stages:
        stages = info.stages(model.base, images)
        assert [m.shape[1] for m in stages] == [info.feature_dim // part for part in (8, 4, 2, 1)]
        assert torch.equal(stages[-1], maps)
    if info.layers:
        assert info.layers(model.base).keys() == dict(model.base.named_parameters()).keys()
