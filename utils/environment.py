"""What is needed to reproduce a result, in the log."""

import platform
import subprocess
import sys
from pathlib import Path

import torch
from loguru import logger


def log_environment(device: torch.device, seed: int, settings: str) -> None:
    """Log what is needed to reproduce a result: command, versions, git commit, processor, seed, settings."""
    numbers = ", ".join(f"{name} {version}" for name, version in versions().items())
    logger.info(f"Command: {' '.join(sys.argv)}")
    logger.info(f"{numbers}; git commit {git_commit()}")
    logger.info(f"Device: {device_words(device)}; seed {seed}")
    logger.info(f"Settings:\n{settings}")


def versions() -> dict[str, str]:
    """Of Python and of the libraries that compute."""
    import cv2
    import ignite
    import numpy
    import torchvision

    return {
        "Python": platform.python_version(),
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "ignite": ignite.__version__,
        "numpy": numpy.__version__,
        "OpenCV": cv2.__version__,
    }


def device_words(device: torch.device) -> str:
    """The device, its name, and the threads: ``cpu (AMD EPYC 9B45), 8 threads``."""
    return f"{device} ({processor_name(device)}), {torch.get_num_threads()} threads"


def processor_name(device: torch.device) -> str:
    """The model of the GPU, or of the CPU as far as the system names it: ``AMD EPYC 9B45``, ``x86_64``."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    cpuinfo = Path("/proc/cpuinfo")  # Linux: there, platform.processor() is the architecture, or nothing
    lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return next(filter(None, names), platform.processor() or platform.machine())


def git_commit() -> str:
    """The commit of this program, with ``+changes`` where files differ from it; 'unknown' outside git."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--abbrev=12", "--dirty=+changes", "--exclude=*"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()
