"""What is needed to reproduce a result, in the log."""

import platform
import sys

import torch
from loguru import logger

from .machine import cpu_name, git_commit


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
    return torch.cuda.get_device_name(device) if device.type == "cuda" else cpu_name()
