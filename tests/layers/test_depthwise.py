import copy

import pytest
import torch
from torch import nn

from layers import DepthwiseConv, quicken_depthwise
from modeling.backbones import build_backbone
from tests.conftest import SMALL_NET


def convolutions(network) -> set[tuple]:
    """Kernel, stride and whether it is depthwise, of those that are quickened."""
    return {
        (conv.kernel_size[0], conv.stride[0], conv.groups == conv.in_channels)
        for conv in network.modules()
        if isinstance(conv, DepthwiseConv)
    }


@pytest.mark.parametrize(
    "name, expected", [("mobilenet_v2", {(3, 2, True)}), ("osnet_x0_25", set()), ("resnet18", set())]
)
def test_which_convolutions_of_a_backbone(load, name, expected):
    base, _ = build_backbone(load(*SMALL_NET, "--model_name", name))
    assert convolutions(base) == expected
    if expected:
        assert sum(isinstance(conv, DepthwiseConv) for conv in base.modules()) == 3
        depthwise = [conv for conv in base.modules() if isinstance(conv, nn.Conv2d) and conv.groups > 1]
        assert len(depthwise) == 17, "one in each block"


@pytest.mark.parametrize("kernel, stride", [(3, 2), (5, 1), (7, 2)])
def test_it_trains_as_in_float32(kernel, stride):
    """Under autocast, on a bfloat16 map: output and gradients are those of float32, rounded once."""
    torch.manual_seed(0)
    plain = nn.Conv2d(6, 6, kernel, stride, kernel // 2, groups=6)
    network = nn.Sequential(copy.deepcopy(plain), nn.Conv2d(6, 6, 3, groups=6), nn.Conv2d(6, 6, 3, stride=2))
    quicken_depthwise(network)
    assert [type(conv) for conv in network] == [DepthwiseConv, nn.Conv2d, nn.Conv2d]
    quick, maps = network[0], torch.randn(2, 6, 9, 8).bfloat16()
    mine, theirs = maps.clone().requires_grad_(), maps.float().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        found = quick(mine)
    expected = plain(theirs)
    assert torch.equal(found, expected.bfloat16())
    gradient = torch.randn_like(found)
    found.backward(gradient)
    expected.backward(gradient.float())
    assert torch.equal(mine.grad, theirs.grad.bfloat16())
    assert torch.equal(quick.weight.grad, plain.weight.grad)


def test_in_testing_it_is_a_convolution_like_any_other():
    conv = nn.Conv2d(4, 4, 3, 2, groups=4).eval()
    quick = copy.deepcopy(conv)
    quicken_depthwise(quick)
    maps = torch.randn(1, 4, 8, 8)
    assert quick.state_dict().keys() == conv.state_dict().keys()
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(quick(maps), conv(maps)) and quick(maps).dtype == torch.bfloat16
