"""Where the network runs, and in which precision."""

import platform
from contextlib import AbstractContextManager
from pathlib import Path

import torch
from loguru import logger


def select_device(name: str, device_id: str = "0") -> torch.device:
    """The device of MODEL.DEVICE and DEVICE_ID; the CPU, with a warning, where there is no such GPU."""
    if name == "cpu":
        return torch.device("cpu")
    if torch.cuda.is_available() and int(device_id) < torch.cuda.device_count():
        torch.backends.cudnn.benchmark = True
        torch.cuda.set_device(int(device_id))  # so that nothing is set up on another one
        return torch.device("cuda", int(device_id))
    logger.warning(
        f"no CUDA device {device_id} here; running on the CPU (MODEL.DEVICE cpu says so without a warning)"
    )
    return torch.device("cpu")


def autocast(device: torch.device, enabled: bool) -> AbstractContextManager:
    """bfloat16 autocast where ``enabled`` and the processor computes it; else float32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=enabled and has_bfloat16(device))


def has_bfloat16(device: torch.device) -> bool:
    """Whether the processor has bfloat16 arithmetic (emulated, it would be slower than float32)."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    cpuinfo = Path("/proc/cpuinfo")
    flags = cpuinfo.read_text() if platform.system() == "Linux" and cpuinfo.exists() else ""
    return "bf16" in flags  # avx512_bf16 and amx_bf16 on x86, bf16 on ARM


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether an error of torch says that memory ran out, on a GPU or on the CPU (on Linux or on Windows)."""
    words = ("can't allocate memory", "not enough memory", "ALLOC_FAILED")
    return isinstance(error, torch.OutOfMemoryError) or any(w in str(error) for w in words)
