import pytest
import torch

from layers import CenterLoss


@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, 1e-5), (torch.float64, 1e-12)])
def test_equals_plain_loops(dtype, tolerance):
    torch.manual_seed(0)
    loss_fn = CenterLoss(4, 3, lr=0.5)
    feat, target = torch.randn(6, 3, dtype=dtype, requires_grad=True), torch.tensor([0, 1, 1, 3, 3, 3])
    loss_fn.eval()
    loss = loss_fn(feat, target)
    centers = loss_fn.centers.tolist()
    rows = feat.tolist()
    expected = sum((x - c) ** 2 for row, y in zip(rows, target.tolist(), strict=True)
                   for x, c in zip(row, centers[y], strict=True)) / 6  # fmt: skip
    assert loss.dtype == dtype and loss.item() == pytest.approx(expected, rel=tolerance)
    loss.backward()
    for i, y in enumerate(target.tolist()):
        for j in range(3):
            slope = 2 * (rows[i][j] - centers[y][j]) / 6
            assert feat.grad[i, j].item() == pytest.approx(slope, rel=1e-4, abs=tolerance)


def test_centers_take_the_step_that_sgd_on_the_unweighted_loss_takes():
    """reid-strong-baseline: SGD with rate CENTER_LR on the centers' gradient divided by the loss's weight."""
    torch.manual_seed(0)
    loss_fn = CenterLoss(4, 3, lr=0.5)
    feat, target = torch.randn(6, 3), torch.tensor([0, 1, 1, 3, 3, 3])
    centers = loss_fn.centers.clone().requires_grad_()
    sgd = torch.optim.SGD([centers], lr=0.5)
    for _ in range(3):
        sgd.zero_grad()
        (feat - centers[target]).pow(2).sum(1).mean().backward()
        sgd.step()
        loss_fn(feat, target)
    assert torch.allclose(loss_fn.centers, centers.detach(), atol=1e-6)


def test_evaluation_leaves_the_centers():
    loss_fn = CenterLoss(3, 2).eval()
    feat, target = torch.randn(4, 2), torch.tensor([0, 1, 2, 2])
    first = loss_fn(feat, target)
    assert loss_fn(feat, target) == first
