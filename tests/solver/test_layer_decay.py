"""Learning rates by layer."""

import pytest
import timm
import torch
from timm.optim import param_groups_layer_decay
from torch import nn

from modeling import BACKBONES, build_model, check_network
from solver import layer_factors, make_optimizer, make_scheduler
from utils.errors import InputError

STAGES = {"conv1": 0, "bn1": 0, "layer1": 1, "layer2": 2, "layer3": 3, "layer4": 4, "NL_2": 2, "NL_3": 3}


def rate_of(optimizer: torch.optim.Optimizer, model: nn.Module) -> dict[str, float]:
    names = {id(p): name for name, p in model.named_parameters()}
    return {names[id(p)]: group["lr"] for group in optimizer.param_groups for p in group["params"]}


@pytest.mark.parametrize("name", [name for name in BACKBONES if "resnet" in name])
def test_stages_of_a_resnet(load, name):
    model = build_model(load("--model_name", name, "MODEL.NON_LOCAL", "yes"), 10)
    found = layer_factors(model.layers(), 0.5)
    assert found.keys() == dict(model.named_parameters()).keys()
    for parameter, factor in found.items():
        prefix, _, rest = parameter.partition(".")
        assert factor == (0.5 ** (5 - STAGES[rest.split(".")[0]]) if prefix == "base" else 1.0), parameter


def test_layers_of_a_vit_are_timms(load):
    whole = timm.create_model("vit_tiny_patch16_224", num_classes=5)
    sizes = ["INPUT.SIZE_TRAIN", "[64,32]", "INPUT.SIZE_TEST", "[64,32]"]
    model = build_model(load("--model_name", "timm/vit_tiny_patch16_224", *sizes), 5)
    names = {id(p): name for name, p in whole.named_parameters()}
    expected = {
        names[id(p)]: group["lr_scale"]
        for group in param_groups_layer_decay(whole, layer_decay=0.75)
        for p in group["params"]
    }
    found = layer_factors(model.layers(), 0.75)
    head = [found.pop(name) for name in list(found) if not name.startswith("base.")]
    assert head == [1.0] * 3 and expected.pop("head.weight") == expected.pop("head.bias") == 1.0
    assert found == pytest.approx({f"base.{name}": factor for name, factor in expected.items()})
    for i in range(12):
        assert found[f"base.blocks.{i}.mlp.fc1.weight"] == pytest.approx(0.75 ** (12 - i))
    assert found["base.patch_embed.proj.weight"] == pytest.approx(0.75**13)


def test_other_networks_have_no_such_layers(load):
    cfg = load("--model_name", "osnet_x1_0", "SOLVER.LAYER_DECAY", "0.5")
    for build in (check_network, lambda cfg: build_model(cfg, 3)):
        with pytest.raises(InputError, match="LAYER_DECAY is for ResNets and .* timm, not osnet_x1_0"):
            build(cfg)


def test_a_network_of_timm_without_layers(load):
    words = "--model_name timm/poolformer_s12 INPUT.SIZE_TRAIN [64,32] INPUT.SIZE_TEST [64,32]"
    cfg = load(*words.split(), "SOLVER.LAYER_DECAY", "0.5")
    model = build_model(cfg, 3)
    with pytest.raises(
        InputError, match="LAYER_DECAY: timm defines no layers for a MetaFormer; leave it at 1"
    ):
        make_optimizer(cfg, model)


@pytest.mark.parametrize("optimizer_name", ["Adam", "SGD"])
def test_the_setting_reaches_the_optimizer(load, optimizer_name):
    words = "--model_name resnet18 --freeze SOLVER.LAYER_DECAY 0.5 SOLVER.BIAS_LR_FACTOR 2"
    cfg = load(*words.split(), "SOLVER.OPTIMIZER_NAME", optimizer_name)
    model = build_model(cfg, 10)
    optimizer = make_optimizer(cfg, model)
    factors = layer_factors(model.layers(), 0.5)
    expected = {
        name: 3.5e-4 * factors[name] * (2 if name.endswith("bias") else 1)
        for name, p in model.named_parameters()
        if p.requires_grad
    }
    assert rate_of(optimizer, model) == pytest.approx(expected)
    names = [group["name"] for group in optimizer.param_groups]
    layers = [f"layer_{layer}{kind}" for layer in range(5) for kind in ("", "_bias")]
    assert names[0] == "" and sorted(names) == sorted(["", *layers])
    scheduler = make_scheduler(cfg, optimizer)
    for _ in range(10):
        scheduler.step()
    assert scheduler.get_last_lr()[0] == pytest.approx(3.5e-4), "the rate that the log shows"


def test_without_decay_there_are_no_further_groups(load):
    cfg = load("--model_name", "resnet18")
    (group,) = make_optimizer(cfg, build_model(cfg, 10)).param_groups
    assert group["name"] == ""
