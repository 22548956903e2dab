import pytest
import timm
import torch

from modeling import BACKBONES, build_model
from utils.errors import InputError


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


def test_the_same_seed_gives_the_same_weights_in_the_same_order(load):
    """Runs of a seed stay what they were: the backbone draws first, then the head, then the branches."""
    words = ["MODEL.EMBEDDING_DIM", "64", "MODEL.HEAD", "parts", "MODEL.POOLING", "gem"]
    torch.manual_seed(3)
    model = net(load, 5, *words)
    drawn = torch.rand(1)
    torch.manual_seed(3)
    expected = {f"base.{k}": v for k, v in BACKBONES["resnet18"].make().named_parameters()}
    for head, width in (("", 64), *((f"branches.{i}.", 256) for i in range(6))):
        reduction = torch.nn.Linear(512, width, bias=False)
        torch.nn.init.kaiming_normal_(reduction.weight, mode="fan_out")
        classifier = torch.nn.Linear(width, 5, bias=False)
        torch.nn.init.normal_(classifier.weight, std=0.001)
        expected |= {
            f"{head}embedding.weight": reduction.weight,
            f"{head}bottleneck.weight": torch.ones(width),
        }
        expected |= {
            f"{head}bottleneck.bias": torch.zeros(width),
            f"{head}classifier.weight": classifier.weight,
        }
        expected |= {"pooling.p": torch.tensor([3.0])}
    assert [name for name, _ in model.named_parameters()] == list(expected)
    assert all(torch.equal(p, expected[name]) for name, p in model.named_parameters())
    assert torch.equal(torch.rand(1), drawn)


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


def test_reduced_feature_is_what_losses_and_tests_see(load, images):
    model = net(load, 10, "MODEL.EMBEDDING_DIM", "64").train()
    assert set(model.state_dict()) - set(net(load, 10).state_dict()) == {"embedding.weight"}
    score, feat = model(images)
    expected = model.base(images).mean((2, 3)) @ model.embedding.weight.T
    assert feat.shape == (4, 64) and torch.allclose(feat, expected, atol=1e-4)
    assert model.classifier.weight.shape == (10, 64) and score.shape == (4, 10)
    model.eval()
    assert model(images).shape == (4, model.feature_dim) and model.feature_dim == 64
    assert net(load, 10).feature_dim == 512


def test_the_reduction_keeps_the_scale_of_distances(load):
    torch.manual_seed(0)
    model = net(load, 10, "MODEL.EMBEDDING_DIM", "256")
    x = torch.randn(200, 512)
    ratio = model.embedding(x).norm(dim=1).mean() / x.norm(dim=1).mean()
    assert 0.7 < ratio < 1.5


def test_gem_stands_in_the_averages_place(load, images):
    model = net(load, 10, "MODEL.POOLING", "gem").train()
    assert set(model.state_dict()) - set(net(load, 10).state_dict()) == {"pooling.p"}
    _, feat = model(images)
    assert torch.allclose(feat, model.base(images).clamp(min=1e-6).pow(3).mean((2, 3)).pow(1 / 3), atol=1e-5)


def test_parts(load, images):
    plain, model = net(load, 10), net(load, 10, "MODEL.HEAD", "parts").train()
    added = {name for name in model.state_dict() if name not in plain.state_dict()}
    layers = (
        "embedding.weight",
        "classifier.weight",
        *(f"bottleneck.{k}" for k in plain.bottleneck.state_dict()),
    )
    assert added == {f"branches.{i}.{layer}" for i in range(6) for layer in layers}
    scores, feats = model(images)
    maps = model.base(images)  # (4, 512, 4, 2)
    assert torch.allclose(feats[0], maps.mean((2, 3)), atol=1e-5)
    # The whole, two halves, three thirds: of four rows, each third has two.
    rows = [(0, 4), (0, 2), (2, 4), (0, 2), (1, 3), (2, 4)]
    parts = [maps[:, :, a:b].amax((2, 3)) @ branch.embedding.weight.T
             for (a, b), branch in zip(rows, model.branches, strict=True)]  # fmt: skip
    assert len(feats) == 2 and torch.allclose(feats[1], parts[0], atol=1e-4)
    assert len(scores) == 7 and all(score.shape == (4, 10) for score in scores)
    for part, branch, score in zip(parts, model.branches, scores[1:], strict=True):
        after = (part - part.mean(0)) / (part.var(0, unbiased=False) + 1e-5).sqrt()
        assert torch.allclose(score, after @ branch.classifier.weight.T, atol=1e-4)
        assert not branch.bottleneck.bias.requires_grad
    model.eval()
    maps = model.base(images)
    expected = [model.bottleneck(maps.mean((2, 3)))]
    expected += [branch.bottleneck(branch.embedding(maps[:, :, a:b].amax((2, 3))))
                 for (a, b), branch in zip(rows, model.branches, strict=True)]  # fmt: skip
    assert torch.allclose(model(images), torch.cat(expected, 1), atol=1e-5)
    assert model.feature_dim == 512 + 6 * 256


def test_parts_are_float32_under_autocast(load, images):
    model = net(load, 10, "MODEL.HEAD", "parts").train()
    with torch.autocast("cpu", torch.bfloat16):
        scores, feats = model(images)
    assert all(tensor.dtype == torch.float32 for tensor in (*scores, *feats))


def test_osnets_own_layer_follows_the_pooling(load, images):
    model = build_model(load("--model_name", "osnet_x0_25", "--neck", "no"), 0).eval()
    assert torch.allclose(model(images), model.base.fc(model.base(images).mean((2, 3))), atol=1e-6)


@pytest.mark.parametrize("name, dim", [("vit_small_patch16_224", 384), ("convnext_tiny", 768)])
def test_networks_of_timm(load, images, name, dim, caplog_loguru):
    model = build_model(
        load("--model_name", f"timm/{name}", "INPUT.SIZE_TRAIN", "[64,32]", "INPUT.SIZE_TEST", "[64,32]"), 10
    )
    theirs = timm.create_model(name, num_classes=0, **({"img_size": (64, 32)} if "vit" in name else {}))
    assert set(model.base.state_dict()) == set(theirs.state_dict())
    assert model.feature_dim == model.info.feature_dim == dim
    score, feat = model.train()(images)
    assert score.shape == (4, 10) and feat.shape == (4, dim)
    (score.square().sum() + feat.sum()).backward()
    assert not [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None], "for DDP"
    model.eval()
    if "vit" in name:
        theirs.load_state_dict(model.base.state_dict())
        expected = theirs.eval().forward_head(theirs.forward_features(images), pre_logits=True)
        assert torch.allclose(model.base(images), expected, atol=1e-5)
        assert any("LAST_STRIDE does nothing in timm/vit_small" in message for message in caplog_loguru)
    else:
        assert model.base(images).shape == (4, dim, 4, 2), "the last stride is 1"
        assert not caplog_loguru


@pytest.mark.parametrize(
    "words, message",
    [
        (["MODEL.HEAD", "parts"], "pools its tokens itself: MODEL.HEAD must be global"),
        (["MODEL.POOLING", "gem"], "MODEL.POOLING avg"),
        (["INPUT.SIZE_TEST", "[128,64]"], r"INPUT.SIZE_TEST must be INPUT.SIZE_TRAIN \[64, 32\]"),
    ],
)
def test_what_a_network_of_tokens_cannot_do(load, words, message):
    sizes = ["INPUT.SIZE_TRAIN", "[64,32]", "INPUT.SIZE_TEST", "[64,32]"]
    cfg = load("--model_name", "timm/vit_tiny_patch16_224", *sizes, *words)
    with pytest.raises(InputError, match=message):
        build_model(cfg, 10)


def test_a_network_of_timm_that_cannot_take_the_size(load):
    cfg = load("--model_name", "timm/inception_v3", "INPUT.SIZE_TRAIN", "[64,32]")
    with pytest.raises(
        InputError, match=r"timm/inception_v3 cannot take images of INPUT.SIZE_TRAIN \[64, 32\]"
    ):
        build_model(cfg, 10)
