"""What the figures were measured on."""

import platform
import sys
from pathlib import Path

import numpy as np
import psutil
import torch

CPU = torch.device("cpu")


def machine(device: torch.device = CPU) -> str:
    """Processor, threads and versions."""
    versions = f"torch {torch.__version__}, numpy {np.__version__}"
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)}, {versions}"
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    name = next((line.split(":")[1].strip() for line in lines if "model name" in line), platform.processor())
    return f"{name}, {torch.get_num_threads()} threads, {versions}"


def peak_memory(device: torch.device) -> int:
    """The most that was held on the device so far; on the CPU, with the files that are mapped [bytes]."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset
    import resource

    # Kilobytes on Linux, bytes on macOS.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
