import pytest
import torch
import torchvision
from torch import nn

from config.flags import FLAGS
from modeling import BACKBONES
from modeling.backbones.resnet_ibn import IBN, BottleneckIBNb

RESNETS = ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"]
IBN_A = ["resnet18_ibn_a", "resnet34_ibn_a", "resnet50_ibn_a", "resnet101_ibn_a"]


def test_names():
    assert sorted(BACKBONES) == sorted([*RESNETS, *IBN_A, "resnet50_ibn_b"])
    (shown,) = [flag.help for flag in FLAGS if "--model_name" in flag.names]
    assert all(depth in shown for depth in ("18", "34", "50", "101", "152", "_ibn_a", "_ibn_b"))


@pytest.mark.parametrize("name", RESNETS)
def test_resnets_have_torchvisions_parameters(name):
    ours = BACKBONES[name]().state_dict()
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
    ours = {k: tuple(v.shape) for k, v in BACKBONES[name]().state_dict().items()}
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
    net = BACKBONES[name](last_stride=last_stride).eval()
    maps = net(torch.randn(2, 3, 64, 32))
    assert maps.shape == (2, net.feature_dim, *size)
    assert net.feature_dim == (2048 if "50" in name else 512)


def test_resnet_computes_what_torchvision_computes():
    theirs = torchvision.models.resnet50().eval()
    ours = BACKBONES["resnet50"](last_stride=2).eval()
    ours.load_state_dict(theirs.state_dict(), strict=False)
    features = nn.Sequential(*list(theirs.children())[:-2])
    x = torch.randn(1, 3, 64, 64)
    assert torch.allclose(ours(x), features(x), atol=1e-5)


@pytest.mark.parametrize("name", ["resnet18", "resnet18_ibn_a"])
def test_stem_relu(name):
    x = torch.randn(2, 3, 32, 32)
    for stem_relu in (True, False):
        net = BACKBONES[name](stem_relu=stem_relu).eval()
        inputs = []
        net.maxpool.register_forward_pre_hook(lambda _, args, inputs=inputs: inputs.append(args[0]))
        net(x)
        assert (inputs[0].min() >= 0) == stem_relu


@pytest.mark.parametrize("name", ["resnet18", "resnet50_ibn_a", "resnet50_ibn_b"])
def test_initialisation_is_kaiming(name):
    torch.manual_seed(0)
    for module in BACKBONES[name]().modules():
        if isinstance(module, nn.Conv2d) and module.weight.numel() > 20_000:
            fan_out = module.out_channels * module.kernel_size[0] * module.kernel_size[1]
            assert module.weight.std().item() == pytest.approx((2 / fan_out) ** 0.5, rel=0.05)
            assert abs(module.weight.mean().item()) < 0.05 * module.weight.std().item()
        elif isinstance(module, nn.BatchNorm2d | nn.InstanceNorm2d):
            assert (module.weight == 1).all() and (module.bias == 0).all()
