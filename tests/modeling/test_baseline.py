import pytest
import torch

from modeling import build_model


@pytest.fixture
def images():
    torch.manual_seed(0)
    return torch.randn(4, 3, 64, 32)


def net(load, num_classes, *words):
    return build_model(load("--model_name", "resnet18", *words), num_classes)


def test_classifier_reads_after_the_neck_and_the_metric_loss_before_it(load, images):
    model = net(load, 10).train()
    score, feat = model(images)
    assert score.shape == (4, 10) and feat.shape == (4, 512)
    pooled = model.base(images).mean((2, 3))
    assert torch.allclose(feat, pooled, atol=1e-5)
    after = (pooled - pooled.mean(0)) / (pooled.var(0, unbiased=False) + 1e-5).sqrt()
    assert torch.allclose(score, after @ model.classifier.weight.T, atol=1e-4)


def test_the_neck_is_trained_but_not_its_bias(load, images):
    model = net(load, 10).train()
    score, _ = model(images)
    score.logsumexp(1).sum().backward()
    assert model.bottleneck.weight.grad.abs().sum() > 0
    assert not model.bottleneck.bias.requires_grad and (model.bottleneck.bias == 0).all()


@pytest.mark.parametrize("neck_feat", ["before", "after"])
def test_feature_for_testing(load, images, neck_feat):
    model = net(load, 0, "--neck_feat", neck_feat).eval()
    model.bottleneck.running_mean.normal_()
    pooled = model.base(images).mean((2, 3))
    expected = pooled if neck_feat == "before" else model.bottleneck(pooled)
    assert torch.allclose(model(images), expected, atol=1e-6)
    assert not torch.allclose(pooled, model.bottleneck(pooled), atol=1e-2)


def test_state_dict_names_are_those_of_reid_strong_baseline(load):
    names = set(net(load, 10).state_dict())
    assert {n.split(".")[0] for n in names} == {"base", "bottleneck", "classifier"}
    assert {n for n in names if n.startswith("classifier.")} == {"classifier.weight"}
    assert {n.split(".")[1] for n in names if n.startswith("bottleneck.")} == {
        "weight", "bias", "running_mean", "running_var", "num_batches_tracked"}  # fmt: skip
    without = set(net(load, 10, "--neck", "no").state_dict())
    assert {n for n in without if not n.startswith("base.")} == {"classifier.weight", "classifier.bias"}


def test_no_classes_no_classifier(load):
    assert not any(n.startswith("classifier") for n in net(load, 0).state_dict())


def test_initialisation_as_published(load):
    torch.manual_seed(0)
    model = net(load, 751)
    weight = model.classifier.weight
    assert weight.std().item() == pytest.approx(0.001, rel=0.01) and abs(weight.mean().item()) < 1e-5
    assert (model.bottleneck.weight == 1).all() and (model.bottleneck.bias == 0).all()


def test_no_neck(load, images):
    model = net(load, 10, "--neck", "no").train()
    score, feat = model(images)
    assert torch.allclose(score, model.classifier(feat))


@pytest.mark.parametrize("training", [True, False])
def test_scores_and_features_are_float32_under_autocast(load, images, training):
    model = net(load, 10).train(training)
    with torch.autocast("cpu", torch.bfloat16):
        out = model(images)
    for tensor in out if training else [out]:
        assert tensor.dtype == torch.float32


@pytest.mark.parametrize("name", ["resnet18", "resnet18_ibn_a"])
def test_channels_last_and_float64_compute_the_same(load, images, name):
    model = build_model(load("--model_name", name), 0).double().eval()
    expected = model(images.double())
    assert expected.dtype == torch.float64
    model.to(memory_format=torch.channels_last)
    out = model(images.double().to(memory_format=torch.channels_last))
    assert torch.allclose(out, expected, atol=1e-9)
