"""Maps stay in the layout that convolutions are fast in, and are not copied for nothing."""

import pytest
import torch
from torch import nn

from modeling.backbones.mobilenet import MobileNetV2Backbone
from modeling.backbones.resnet_ibn import IBN_RESNETS, InstanceNorm
from tests.layers.operations import Operations


@pytest.mark.parametrize("name", ["resnet18_ibn_a", "resnet50_ibn_b"])
def test_every_map_keeps_the_channels_last(name):
    network = IBN_RESNETS[name].make().to(memory_format=torch.channels_last)
    left = []

    def check(module: nn.Module, inputs: tuple, out: torch.Tensor) -> None:
        if not out.is_contiguous(memory_format=torch.channels_last):
            left.append(type(module).__name__)

    for module in network.modules():
        module.register_forward_hook(check)
    images = torch.randn(2, 3, 64, 32).to(memory_format=torch.channels_last)
    assert network(images).stride(1) == 1 and not left


@pytest.mark.parametrize("autocast", [False, True])
@pytest.mark.parametrize("channels", [slice(None), slice(3)])  # half of a map's channels is not contiguous
def test_instance_norm_is_torchs(channels, autocast):
    torch.manual_seed(0)
    maps = torch.randn(4, 6, 5, 3).to(memory_format=torch.channels_last)[:, channels]
    number = maps.shape[1]
    ours, torchs = InstanceNorm(number, affine=True), nn.InstanceNorm2d(number, affine=True)
    ours.weight.data.normal_(), ours.bias.data.normal_()
    torchs.load_state_dict(ours.state_dict())
    results = []
    for norm in (ours, torchs):
        leaf = (maps.bfloat16() if autocast else maps).clone().requires_grad_()
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            out = norm(leaf)
        (out.float() * torch.arange(out.numel()).view(out.shape)).sum().backward()
        results.append((out, leaf.grad, norm.weight.grad, norm.bias.grad))
    assert results[0][0].dtype == (torch.bfloat16 if autocast else torch.float32)
    assert all(torch.equal(found, expected) for found, expected in zip(*results, strict=True))


def test_other_layouts_stay_too():
    assert InstanceNorm(6)(torch.randn(4, 6, 5, 3)).is_contiguous()


def test_the_activations_of_mobilenet_copy_no_map():
    network = MobileNetV2Backbone().train()
    images = torch.randn(2, 3, 64, 32)
    with Operations() as operations:
        network(images).sum().backward()
    assert not [name for name, _, number in operations.seen if "clone" in name and number > 1]
