"""Students, teachers, and what students learn from them."""

import copy
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from data.images import Batch
from distillation import (
    Distillation,
    FeatureTeacher,
    Lesson,
    NetworkTeacher,
    build_student,
    check_same_pixels,
    make_distillation,
)
from distillation.losses import embedding_loss, logit_loss, relation_loss
from engine import Training
from engine.step import TrainStep
from modeling import BACKBONES, build_model, check_network
from tests.conftest import SMALL_NET
from tests.tiny_backbone import TINY_BACKBONE
from utils.device import autocast
from utils.errors import InputError

CPU = torch.device("cpu")
CLASSES = 5
TINY = [*SMALL_NET, "--model_name", "tiny", "SOLVER.AMP", "no"]


@pytest.fixture(autouse=True)
def tiny_backbone(monkeypatch):
    monkeypatch.setitem(BACKBONES, "tiny", TINY_BACKBONE)


@pytest.fixture
def images():
    return torch.randn(6, 3, 64, 32, generator=torch.Generator().manual_seed(0))


TARGET = torch.tensor([0, 0, 1, 1, 2, 2])
INDICES = torch.tensor([3, 1, 0, 2, 5, 4])


@pytest.mark.parametrize("embedding", ["0", "64"])
@pytest.mark.parametrize("name", ["resnet18_kd", "resnet50_kd", "resnet50_ibn_a_kd"])
def test_every_stage_of_a_self_distilled_network_learns(load, images, name, embedding):
    cfg = load(*SMALL_NET, "--model_name", name, "MODEL.EMBEDDING_DIM", embedding)
    assert cfg.KD.SELF and cfg.MODEL.NAME == name.removesuffix("_kd")
    torch.manual_seed(0)
    distillation = Distillation(cfg, None)
    student = build_student(cfg, CLASSES, distillation).train()
    output = student(images)
    assert len(output.stages) == 3 and output.adapted is None
    for score, feat in output.stages:
        assert score.shape == output.score.shape and feat.shape == output.pooled.shape
        assert score.dtype == feat.dtype == torch.float32
    for number, (score, feat) in enumerate(output.stages):
        student.zero_grad()
        losses = distillation.from_last_stage(score, feat, output, TARGET)
        sum(distillation.weights[name] * loss for name, loss in losses.items()).backward(retain_graph=True)
        stages = [student.base.layer1, student.base.layer2, student.base.layer3, student.base.layer4]
        reached = [any(p.grad is not None and p.grad.any() for p in stage.parameters()) for stage in stages]
        assert reached == [i <= number for i in range(4)], "the stage and those before it; not the teacher"
        assert student.classifier.weight.grad is None
        assert all(p.grad.any() for p in student.adapters["stages"][number].parameters() if p.dim() > 1)


def test_what_a_stage_learns_recomputed(load, images):
    cfg = load(*SMALL_NET, "--kd", "--feature_loss_coefficient", "0.5", "KD.SELF_LOGITS", "0.2")
    distillation = Distillation(cfg, None)
    student = build_student(cfg, CLASSES, distillation).train()
    output = student(images)
    expected = {"stage_id": 0.0, "stage_logits": 0.0, "stage_feature": 0.0}
    for score, feat in output.stages:
        expected["stage_id"] += F.cross_entropy(score, TARGET, label_smoothing=0.1).item()
        expected["stage_logits"] += logit_loss(score, output.score, 4.0).item()
        expected["stage_feature"] += embedding_loss(feat, output.pooled).item()
    parts = distillation.parts(output, TARGET, images, INDICES)
    assert {name: part.item() for name, part in parts.items()} == pytest.approx(expected, rel=1e-5)
    assert distillation.weights == {"stage_id": 0.8, "stage_logits": 0.2, "stage_feature": 0.5}
    total = 0.8 * expected["stage_id"] + 0.2 * expected["stage_logits"] + 0.5 * expected["stage_feature"]
    assert distillation(output, TARGET, images, INDICES).item() == pytest.approx(total, rel=1e-5)
    twice = [torch.cat([x, x]) for x in (output.stages[0][1], output.pooled)]
    assert embedding_loss(*twice).item() == pytest.approx(
        embedding_loss(output.stages[0][1], output.pooled).item()
    )


def test_a_student_is_the_plain_network_with_adapters_beside_it(load, images):
    cfg = load(*SMALL_NET, "--kd")
    student, plain = build_student(cfg, CLASSES, Distillation(cfg, None)), build_model(cfg, CLASSES)
    plain.load_state_dict({k: v for k, v in student.state_dict().items() if not k.startswith("adapters.")})
    assert torch.equal(student.eval()(images), plain.eval()(images))
    output, (score, feat) = student.train()(images), plain.train()(images)
    assert torch.equal(output.score, score) and torch.equal(output.feat, feat)


@pytest.fixture
def network_teacher(load, tmp_path):
    """A teacher of other width and image size, its weights and its settings."""

    def make(classes=CLASSES, *words) -> NetworkTeacher:
        cfg = load("--model_name", "tiny", "INPUT.SIZE_TEST", "[96,48]", "SOLVER.AMP", "no", *words)
        torch.manual_seed(1)
        torch.save(build_model(cfg, classes).state_dict(), tmp_path / "teacher.pth")
        return NetworkTeacher(cfg, str(tmp_path / "teacher.pth"), CLASSES, CPU)

    return make


def test_a_network_teaches_scores_features_and_relations(load, images, network_teacher):
    teacher = network_teacher()
    cfg = load(*SMALL_NET, "SOLVER.AMP", "no", "KD.LOGITS", "2", "KD.EMBEDDING", "3", "KD.RELATION", "4")
    distillation = Distillation(cfg, teacher)
    student = build_student(cfg, CLASSES, distillation).train()
    output, lesson = student(images), teacher(images, INDICES)
    larger = F.interpolate(images, (96, 48), mode="bilinear", antialias=True)
    features = teacher.model(larger)
    assert torch.equal(lesson.features, features) and lesson.features.shape == (6, 32)
    assert torch.equal(lesson.logits, features @ teacher.model.classifier.weight.T)
    assert not lesson.features.requires_grad and output.adapted.shape == (6, 32)
    expected = {
        "kd_relation": relation_loss(output.after, lesson.features).item(),
        "kd_embedding": embedding_loss(output.adapted, lesson.features).item(),
        "kd_logits": logit_loss(output.score, lesson.logits, 4.0).item(),
    }
    parts = distillation.parts(output, TARGET, images, INDICES)
    assert {name: part.item() for name, part in parts.items()} == pytest.approx(expected, rel=1e-5)
    assert distillation.weights == {"kd_relation": 4.0, "kd_embedding": 3.0, "kd_logits": 2.0}
    loss = distillation(output, TARGET, images, INDICES)
    total = 4 * expected["kd_relation"] + 3 * expected["kd_embedding"] + 2 * expected["kd_logits"]
    assert loss.item() == pytest.approx(total, rel=1e-5)


@pytest.mark.parametrize(
    "words, classes, names",
    [
        ([], CLASSES, {"kd_relation", "kd_embedding", "kd_logits"}),
        ([], 9, {"kd_relation", "kd_embedding"}),
        (["KD.EMBEDDING", "0", "KD.RELATION", "0"], CLASSES, {"kd_logits"}),
        (["--kd", "KD.SELF_LOGITS", "0", "KD.LOGITS", "0", "KD.EMBEDDING", "0"], CLASSES,
         {"kd_relation", "stage_id", "stage_feature"}),
    ],
)  # fmt: skip
def test_losses_without_a_weight_are_not_parts(load, images, network_teacher, words, classes, names):
    cfg = load(*SMALL_NET, "SOLVER.AMP", "no", *words)
    distillation = Distillation(cfg, network_teacher(classes))
    output = build_student(cfg, CLASSES, distillation).train()(images)
    parts = distillation.parts(output, TARGET, images, INDICES)
    assert parts.keys() == distillation.weights.keys() == names
    assert all(part.shape == () and part.isfinite() for part in parts.values())


@pytest.mark.parametrize("classes", [9, 0])
def test_a_teacher_of_other_people_or_of_none_teaches_features_alone(network_teacher, images, classes):
    assert network_teacher(classes)(images, INDICES).logits is None


@pytest.mark.parametrize("words", [["MODEL.HEAD", "parts"], ["MODEL.ID_LOSS_TYPE", "arcface"]])
def test_a_teacher_with_scores_of_another_kind_teaches_features_alone(network_teacher, images, words):
    teacher = network_teacher(CLASSES, *words)
    lesson = teacher(images, INDICES)
    assert lesson.logits is None and lesson.features.shape == (6, teacher.dim)


@pytest.mark.parametrize("amp", ["yes", "no"])
def test_a_teacher_computes_in_its_own_precision(load, tmp_path, images, amp):
    cfg = load(*TINY, "SOLVER.AMP", amp)
    torch.save(build_model(cfg, CLASSES).state_dict(), tmp_path / "teacher.pth")
    teacher = NetworkTeacher(cfg, str(tmp_path / "teacher.pth"), CLASSES, CPU)
    half = images.bfloat16()
    with autocast(CPU, amp == "yes"):
        features = teacher.model(half.float())
    assert torch.equal(teacher(half, INDICES).features, features)


def test_the_losses_read_a_students_scores_and_its_feature_before_the_neck(load, images):
    """Reduced to 64 numbers, so that it is not the pooled one."""
    cfg = load(*SMALL_NET, "--kd", "MODEL.EMBEDDING_DIM", "64")
    student = build_student(cfg, CLASSES, Distillation(cfg, None))
    read = []

    class Loss(torch.nn.Module):
        weights = {"size": 1.0}

        def parts(self, score, feat, target):
            read.append((score.shape, feat.shape))
            return {"size": feat.square().sum()}

    optimizer = torch.optim.SGD(student.parameters(), 1e-3)
    cfg = load("SOLVER.AMP", "no")
    step = TrainStep(Training(cfg, CPU, None, None, 0, student.train(), Loss(), optimizer, None))
    before = student.embedding.weight.clone()
    step(Batch(images, TARGET, TARGET, INDICES, []), left=1)
    assert read == [((6, CLASSES), (6, 64))]
    assert not torch.equal(student.embedding.weight, before), "the feature is learned through the reduction"


@pytest.fixture
def feature_teacher(tmp_path):
    """A teacher of six images of three people, and its features."""
    paths = [f"/data/{i}.jpg" for i in range(6)]
    table = np.random.default_rng(0).normal(size=(6, 7)).astype(np.float32)
    np.savez(tmp_path / "features.npz", names=[f"{i}.jpg" for i in range(6)], features=table)
    return FeatureTeacher(str(tmp_path / "features.npz"), paths, [0, 1, 1, 2, 2, 2], CPU), table


def test_a_teacher_by_its_features_alone(load, images, feature_teacher):
    teacher, table = feature_teacher
    lesson = teacher(images, INDICES)
    unit = table / np.linalg.norm(table, axis=1, keepdims=True)
    assert lesson.features == pytest.approx(unit[INDICES], abs=1e-6)
    cfg = load(*SMALL_NET)
    assert build_student(cfg, CLASSES, Distillation(cfg, teacher)).train()(images).adapted.shape == (6, 7)
    cfg = load(*SMALL_NET, "KD.EMBEDDING", "0")
    assert "teacher" not in build_student(cfg, CLASSES, Distillation(cfg, teacher)).adapters


def test_its_scores_by_loops(images, feature_teacher):
    """Forty times the cosine of a feature and the mean of a person's features, each of length 1."""
    teacher, table = feature_teacher
    unit = [row / np.linalg.norm(row) for row in table]
    means = [unit[0], unit[1] + unit[2], unit[3] + unit[4] + unit[5]]
    expected = [[40 * unit[i] @ mean / np.linalg.norm(mean) for mean in means] for i in INDICES]
    assert teacher(images, INDICES).logits == pytest.approx(np.array(expected), abs=1e-4)


def test_training_moves_a_student_toward_its_teacher(load, images):
    """Scores, features and relations of a fixed teacher, on a fixed batch."""
    torch.manual_seed(0)
    lesson = Lesson(torch.randn(6, 16), 3 * torch.randn(6, CLASSES))
    teacher = lambda *_: lesson  # noqa: E731
    teacher.dim, teacher.knows_classes = 16, True
    cfg = load(*TINY)
    distillation = Distillation(cfg, teacher)
    student = build_student(cfg, CLASSES, distillation).train()
    optimizer = torch.optim.Adam(student.parameters(), 1e-2)

    def distances() -> list[float]:
        output = student(images)
        return [
            logit_loss(output.score, lesson.logits, 4.0).item(),
            embedding_loss(output.adapted, lesson.features).item(),
            relation_loss(output.after, lesson.features).item(),
        ]

    before = distances()
    for _ in range(30):
        optimizer.zero_grad()
        distillation(student(images), TARGET, images, INDICES).backward()
        optimizer.step()
    assert all(after < 0.5 * b for after, b in zip(distances(), before, strict=True))


def test_pixels_must_be_normalised_alike(load):
    ours, theirs = load(), load("INPUT.PIXEL_MEAN", "[0.5,0.5,0.5]")
    check_same_pixels(ours, copy.deepcopy(ours))
    with pytest.raises(InputError, match="PIXEL_MEAN is .* make them equal"):
        check_same_pixels(ours, theirs)


def test_the_settings_make_a_distillation_or_none(load, tmp_path, feature_teacher):
    records = [SimpleNamespace(path=f"/data/{i}.jpg", pid=pid) for i, pid in enumerate([0, 1, 1, 2, 2, 2])]
    assert make_distillation(load(*SMALL_NET), None, records, 3, CPU) is None
    assert make_distillation(load(*SMALL_NET, "--kd"), None, records, 3, CPU).teacher is None
    cfg = load(*SMALL_NET, "KD.TEACHER_FEATURES", str(tmp_path / "features.npz"))
    teacher, _ = feature_teacher
    made = make_distillation(cfg, None, records, 3, CPU).teacher
    assert torch.equal(made.features, teacher.features) and torch.equal(made.people, teacher.people)
    theirs = load(*TINY)
    torch.save(build_model(theirs, 3).state_dict(), tmp_path / "teacher.pth")
    cfg = load(*SMALL_NET, "KD.TEACHER", str(tmp_path / "teacher.pth"))
    made = make_distillation(cfg, theirs, records, 3, CPU)
    assert isinstance(made.teacher, NetworkTeacher) and made.adapted_dim == made.teacher.dim == 32
    with pytest.raises(InputError, match="PIXEL_MEAN is .* make them equal"):
        make_distillation(cfg, load(*TINY, "INPUT.PIXEL_MEAN", "[0.5,0.5,0.5]"), records, 3, CPU)


@pytest.mark.parametrize("name", ["osnet_x0_25", "mobilenet_v2", "timm/vit_tiny_patch16_224"])
def test_only_stages_can_learn_from_the_last(load, name):
    cfg = load(*SMALL_NET, "--model_name", name, "--kd")
    for build in (check_network, lambda cfg: build_student(cfg, CLASSES, Distillation(cfg, None))):
        with pytest.raises(InputError, match=rf"KD.SELF \(--kd\) is for ResNets, .* not {name}"):
            build(cfg)
    check_network(cfg, training=False)
