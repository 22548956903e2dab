import random
import subprocess
import sys

import numpy as np
import torch

from utils.random_state import random_state, restore_random_state, seed_everything


def draw() -> list:
    return [random.random(), np.random.rand(), torch.rand(()).item()]


def test_one_seed_for_all():
    seed_everything(3)
    first = draw()
    seed_everything(3)
    assert draw() == first
    seed_everything(4)
    assert all(a != b for a, b in zip(draw(), first, strict=True))


def test_restoring_where_they_stood(tmp_path):
    seed_everything(0)
    draw(), random.gauss(0, 1), np.random.randn()
    torch.save(random_state(), tmp_path / "state.pth")
    expected = [*draw(), random.gauss(0, 1), np.random.randn()]
    seed_everything(1)
    restore_random_state(torch.load(tmp_path / "state.pth", weights_only=True))
    assert [*draw(), random.gauss(0, 1), np.random.randn()] == expected


def test_deterministic_mode():
    code = """
import os, torch
from utils.random_state import be_deterministic
be_deterministic()
assert torch.are_deterministic_algorithms_enabled() and not torch.backends.cudnn.benchmark
assert os.environ["CUBLAS_WORKSPACE_CONFIG"] and not torch.utils.deterministic.fill_uninitialized_memory
cuda = torch.backends.cuda
assert not (cuda.flash_sdp_enabled() or cuda.mem_efficient_sdp_enabled() or cuda.cudnn_sdp_enabled())
q = torch.randn(2, 3, 8, 4, requires_grad=True)
torch.nn.functional.scaled_dot_product_attention(q, q, q).sum().backward()
assert cuda.math_sdp_enabled() and q.grad.abs().sum() > 0
"""
    subprocess.run([sys.executable, "-c", code], check=True)
