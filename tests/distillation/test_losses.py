import math

import pytest
import torch

from distillation.losses import embedding_loss, logit_loss, relation_loss

SIZES = [(5, 7), (2, 3), (1, 4)]


def batch(size, width, seed, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(size, width, generator=generator, dtype=torch.float64).to(dtype)


def probabilities(row, temperature):
    powers = [math.exp(x / temperature) for x in row]
    return [p / sum(powers) for p in powers]


@pytest.mark.parametrize("size, width", SIZES)
@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_logit_loss_by_loops(size, width, temperature):
    student, teacher = batch(size, width, 0), batch(size, width, 1)
    expected = 0.0
    for s, t in zip(student.tolist(), teacher.tolist(), strict=True):
        p, q = probabilities(t, temperature), probabilities(s, temperature)
        expected += sum(a * math.log(a / b) for a, b in zip(p, q, strict=True))
    expected *= temperature**2 / size
    assert logit_loss(student, teacher, temperature).item() == pytest.approx(expected, rel=1e-4)
    assert logit_loss(student, student, temperature).item() == pytest.approx(0, abs=1e-6)


def cosine(a, b):
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    return dot / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


@pytest.mark.parametrize("size, width", SIZES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_embedding_and_relation_loss_by_loops(size, width, dtype):
    student, teacher = batch(size, width, 0, dtype), batch(size, width, 1, dtype)
    s, t = student.tolist(), teacher.tolist()
    expected = sum(2 - 2 * cosine(a, b) for a, b in zip(s, t, strict=True)) / size
    assert embedding_loss(student, teacher).item() == pytest.approx(expected, rel=1e-4)
    wide = batch(size, 2 * width, 2, dtype)
    w = wide.tolist()
    pairs = [(i, j) for i in range(size) for j in range(size) if i != j]
    expected = sum((cosine(s[i], s[j]) - cosine(w[i], w[j])) ** 2 for i, j in pairs) / max(1, len(pairs))
    assert relation_loss(student, wide).item() == pytest.approx(expected, rel=1e-4, abs=1e-7)


def test_they_do_not_grow_with_batch_or_width_and_are_zero_where_nothing_is_to_learn():
    student, teacher = batch(6, 4, 0), batch(6, 5, 1)
    twice = [x.repeat(1, 3) for x in (student, teacher)]
    assert relation_loss(*twice).item() == pytest.approx(relation_loss(student, teacher).item(), rel=1e-5)
    turned = student @ torch.linalg.qr(batch(4, 4, 2)).Q * 3
    assert relation_loss(student, turned).item() == pytest.approx(0, abs=1e-9)
    assert embedding_loss(student, 7 * student).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("loss", [embedding_loss, relation_loss, lambda s, t: logit_loss(s, t, 2.0)])
def test_steps_down_the_gradient_bring_the_student_to_the_teacher(loss):
    student, teacher = batch(8, 5, 0).requires_grad_(), batch(8, 5, 1)
    optimizer = torch.optim.Adam([student], 0.1)
    first = loss(student, teacher).item()
    for _ in range(200):
        optimizer.zero_grad()
        loss(student, teacher).backward()
        optimizer.step()
    assert loss(student, teacher).item() < 0.05 * first


def test_float32_under_autocast():
    student, teacher = batch(6, 64, 0), batch(6, 64, 1)
    for loss in (embedding_loss, relation_loss, lambda s, t: logit_loss(s, t, 2.0)):
        plain = loss(student, teacher)
        with torch.autocast("cpu", torch.bfloat16):
            assert torch.equal(loss(student, teacher), plain)
