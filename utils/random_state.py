"""The random number generators of a run: seeded, made deterministic, saved and restored."""

import os
import random

import numpy as np
import torch


def seed_everything(seed: int) -> None:
    """Seed the random number generators of Python, numpy and torch."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def be_deterministic() -> None:
    """Let torch use deterministic algorithms on a GPU too; they may be slower."""
    # cuBLAS needs it, and reads it when it is first used.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.backends.cudnn.benchmark = False  # it chooses algorithms by their speed
    # warn_only: an operation without such an algorithm should not end the run.
    torch.use_deterministic_algorithms(True, warn_only=True)
    # That fills every new tensor, which is slow and shows only reads of what was never written.
    torch.utils.deterministic.fill_uninitialized_memory = False
    # The fused kernels of attention only warn: their backward adds in an order that varies.
    torch.backends.cuda.enable_flash_sdp(False)
    torch.backends.cuda.enable_mem_efficient_sdp(False)
    torch.backends.cuda.enable_cudnn_sdp(False)


def random_state() -> dict:
    """The state of the random number generators, as tensors and plain values."""
    name, keys, *rest = np.random.get_state()
    return {
        "python": random.getstate(),
        "numpy": (name, keys.tolist(), *rest),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all(),
    }


def restore_random_state(state: dict) -> None:
    """Restore a ``random_state``; that of the GPUs only if there are as many of them."""
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    if len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])
