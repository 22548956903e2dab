import math

import pytest
import torch
from torch import nn

from solver import Warmup, WarmupMultiStepLR, make_optimizer, make_scheduler


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.bn = nn.BatchNorm2d(4)
        self.frozen = nn.Linear(4, 2)
        self.frozen.requires_grad_(False)


def plain_rate(
    epoch: int, base=3.5e-4, factor=0.01, warmup=10, method="linear", steps=(40, 70), gamma=0.1
) -> float:
    rate = base
    for step in steps:
        if epoch >= step:
            rate *= gamma
    if epoch < warmup:
        rate *= factor if method == "constant" else factor + (1 - factor) * epoch / warmup
    return rate


def rates(load, epochs: int, *words) -> list[float]:
    cfg = load(*words)
    optimizer = make_optimizer(cfg, Net())
    scheduler = make_scheduler(cfg, optimizer)
    seen = []
    for _ in range(epochs):
        scheduler.step()
        seen.append(scheduler.get_last_lr()[0])
        optimizer.step()
    return seen


def test_published_schedule(load, recwarn):
    seen = rates(load, 120)
    assert f"{seen[0]:.2e}" == "3.82e-05" and seen[0] == pytest.approx(3.5e-4 * 0.109)
    assert seen == pytest.approx([plain_rate(e) for e in range(1, 121)])
    assert seen[8] < seen[9] == seen[38] == pytest.approx(3.5e-4)
    assert seen[39] == pytest.approx(3.5e-5) and seen[69] == pytest.approx(3.5e-6)
    assert not [w for w in recwarn if "lr_scheduler" in str(w.message)]


@pytest.mark.parametrize("method", ["linear", "constant"])
@pytest.mark.parametrize("warmup", [0, 1, 5])
def test_other_schedules(load, method, warmup):
    seen = rates(
        load,
        12,
        "SOLVER.WARMUP_ITERS",
        str(warmup),
        "SOLVER.WARMUP_METHOD",
        method,
        "SOLVER.STEPS",
        "[3, 6, 6]",
        "SOLVER.WARMUP_FACTOR",
        "0.2",
        "SOLVER.GAMMA",
        "0.5",
        "SOLVER.BASE_LR",
        "1",
    )
    assert seen == pytest.approx(
        [plain_rate(e, 1.0, 0.2, warmup, method, (3, 6, 6), 0.5) for e in range(1, 13)]
    )


@pytest.fixture
def filled_memory():
    """Memory that nothing was written to holds nan."""
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


def test_sgd_whose_first_step_is_skipped_starts_with_the_next(load, filled_memory):
    """The fused kernel would begin the momentum with memory that nothing was written to."""
    first, second = torch.ones(4, 3, 3, 3), torch.full((4, 3, 3, 3), 2.0)
    net = Net()
    before = net.conv.weight.clone()
    words = ["SOLVER.OPTIMIZER_NAME", "SGD", "SOLVER.BASE_LR", "0.1", "SOLVER.WEIGHT_DECAY", "0"]
    optimizer = make_optimizer(load(*words, "SOLVER.MOMENTUM", "0.5"), net)
    net.conv.weight.grad = torch.full((4, 3, 3, 3), float("nan"))
    optimizer.found_inf = torch.ones(1)
    optimizer.step()
    assert torch.equal(net.conv.weight, before)
    optimizer.found_inf = torch.zeros(1)
    for gradient in (first, second):
        net.conv.weight.grad = gradient
        optimizer.step()
    assert torch.allclose(net.conv.weight, before - 0.1 * (first + 0.5 * first + second))


def test_schedule_refuses_what_it_cannot_do():
    optimizer = torch.optim.SGD(Net().parameters(), lr=1)
    with pytest.raises(ValueError, match="milestones must rise"):
        WarmupMultiStepLR(optimizer, [5, 3])
    with pytest.raises(ValueError, match="warmup_method"):
        WarmupMultiStepLR(optimizer, [5], warmup_method="cosine")


def test_warmup_refuses_an_unknown_unit():
    with pytest.raises(ValueError, match="warmup_by must be 'epoch' or 'iteration'"):
        Warmup(by="step")


def test_called_as_in_reid_strong_baseline():
    optimizer = torch.optim.SGD(Net().parameters(), lr=1)
    scheduler = WarmupMultiStepLR(optimizer, [3, 6], 0.5, 1.0 / 3, 4, "constant", -1)
    seen = []
    for _ in range(8):
        scheduler.step()
        seen.append(scheduler.get_last_lr()[0])
        optimizer.step()
    assert seen == pytest.approx([plain_rate(e, 1, 1 / 3, 4, "constant", (3, 6), 0.5) for e in range(1, 9)])


def plain_cosine(epoch: int, base: float, start: int, end: int, low: float) -> float:
    """Half a cosine from ``base`` at ``start`` to ``low`` at ``end``."""
    if epoch <= start:
        return base
    return low + (base - low) * 0.5 * (1 + math.cos(math.pi * (epoch - start) / (end - start)))


def test_cosine_after_warmup_and_flat_part(load):
    words = "SOLVER.SCHEDULE cosine SOLVER.FLAT_EPOCHS 20 SOLVER.MAX_EPOCHS 60".split()
    seen = rates(load, 60, *words)
    warm = [3.5e-4 * (0.01 + 0.99 * e / 10) for e in range(1, 10)]
    assert seen == pytest.approx(warm + [plain_cosine(e, 3.5e-4, 30, 60, 7e-7) for e in range(10, 61)])
    assert seen[9] == seen[29] == pytest.approx(3.5e-4) and seen[30] < seen[29]
    assert seen[44] == pytest.approx((3.5e-4 + 7e-7) / 2) and seen[59] == pytest.approx(7e-7)


@pytest.mark.parametrize("flat, end", [(0, 5), (3, 5), (9, 5)])
def test_short_cosines(load, flat, end):
    words = f"SOLVER.SCHEDULE cosine SOLVER.FLAT_EPOCHS {flat} SOLVER.MAX_EPOCHS {end}"
    words += " SOLVER.WARMUP_ITERS 0 SOLVER.BASE_LR 1 SOLVER.MIN_LR 0"
    seen = rates(load, end, *words.split())
    assert seen == pytest.approx([plain_cosine(e, 1.0, flat, end, 0.0) for e in range(1, end + 1)])


def rates_by_iteration(load, epochs: int, length: int, *words) -> list[float]:
    cfg = load("SOLVER.WARMUP_BY", "iteration", "SOLVER.BASE_LR", "1", *words)
    optimizer = make_optimizer(cfg, Net())
    scheduler = make_scheduler(cfg, optimizer, length)
    seen = []
    for iteration in range(1, epochs * length + 1):
        if iteration % length == 1:
            scheduler.step()
        scheduler.step_iteration(iteration)
        (rate,) = {group["lr"] for group in optimizer.param_groups}
        assert scheduler.get_last_lr()[0] == rate
        seen.append(rate)
    return seen


@pytest.mark.parametrize("method", ["linear", "constant"])
@pytest.mark.parametrize("warmup", [0, 1, 17, 20])
def test_warmup_by_iterations(load, warmup, method):
    """Epochs of 10 batches; a warm-up that ends within the second, or with it."""
    settings = f"SOLVER.WARMUP_ITERS {warmup} SOLVER.WARMUP_METHOD {method} SOLVER.WARMUP_FACTOR 0.1"
    for words in ("SOLVER.STEPS [2,4]", "SOLVER.SCHEDULE cosine SOLVER.MIN_LR 0.01 SOLVER.MAX_EPOCHS 5"):
        seen = rates_by_iteration(load, 5, 10, *settings.split(), *words.split())
        expected = []
        for iteration in range(1, 51):
            epoch = (iteration - 1) // 10 + 1
            start = math.ceil(warmup / 10)
            rate = (
                plain_cosine(epoch, 1.0, start, 5, 0.01)
                if "cosine" in words
                else 0.1 ** sum(epoch >= s for s in (2, 4))
            )
            if iteration < warmup:
                rate *= 0.1 if method == "constant" else 0.1 + 0.9 * iteration / warmup
            expected.append(rate)
        assert seen == pytest.approx(expected)


def test_a_group_keeps_its_part_of_the_rate(load):
    cfg = load("SOLVER.SCHEDULE", "cosine", "SOLVER.BIAS_LR_FACTOR", "2", "SOLVER.MAX_EPOCHS", "20")
    optimizer = make_optimizer(cfg, Net())
    scheduler = make_scheduler(cfg, optimizer)
    for epoch in range(20):
        scheduler.step()
        weights, biases = scheduler.get_last_lr()
        assert biases == pytest.approx(2 * weights), epoch
    assert weights == pytest.approx(7e-7)


def test_other_steps_count_in_a_run_that_is_resumed(load):
    def fresh(*words):
        cfg = load(*words)
        optimizer = make_optimizer(cfg, Net())
        return optimizer, make_scheduler(cfg, optimizer)

    _, first = fresh()
    for _ in range(50):
        first.step()
    optimizer, second = fresh("SOLVER.STEPS", "[40,51]")
    second.load_state_dict(first.state_dict())
    second.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(3.5e-6)


def test_schedule_resumes_from_its_state(load):
    def fresh():
        cfg = load()
        optimizer = make_optimizer(cfg, Net())
        return optimizer, make_scheduler(cfg, optimizer)

    _, first = fresh()
    for _ in range(41):
        first.step()
    optimizer, second = fresh()
    second.load_state_dict(first.state_dict())
    second.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(3.5e-5)


@pytest.mark.parametrize("name", ["Adam", "AdamW", "SGD"])
def test_equal_settings_share_one_group(load, name):
    net = Net()
    optimizer = make_optimizer(load("SOLVER.OPTIMIZER_NAME", name), net)
    assert type(optimizer).__name__ == name
    (group,) = optimizer.param_groups
    trained = [p for p in net.parameters() if p.requires_grad]
    assert group["params"] == trained and len(trained) == 4
    assert (group["lr"], group["weight_decay"], group["fused"]) == (3.5e-4, 5e-4, True)
    if name == "SGD":
        assert group["momentum"] == 0.9


def test_biases_have_their_own_rate_and_decay(load):
    net = Net()
    cfg = load("SOLVER.BIAS_LR_FACTOR", "2", "SOLVER.WEIGHT_DECAY_BIAS", "0")
    groups = make_optimizer(cfg, net).param_groups
    by_rate = {g["lr"]: (g["params"], g["weight_decay"]) for g in groups}
    assert by_rate == {
        3.5e-4: ([net.conv.weight, net.bn.weight], 5e-4),
        7e-4: ([net.conv.bias, net.bn.bias], 0.0),
    }


def test_fused_adam_takes_the_published_step(load):
    """Adam with L2 decay in the gradient, recomputed by hand for one step: rate x sign of the gradient."""
    net = Net()
    before = net.conv.weight.detach().clone()
    optimizer = make_optimizer(load("SOLVER.WEIGHT_DECAY", "0"), net)
    for parameter in net.parameters():
        parameter.grad = torch.full_like(parameter, -2.0) if parameter.requires_grad else None
    optimizer.step()
    assert torch.allclose(net.conv.weight, before + 3.5e-4, atol=1e-7)
