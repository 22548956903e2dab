"""What the figures were measured on."""

import numpy as np
import torch

from utils.environment import processor_name

CPU = torch.device("cpu")


def machine(device: torch.device = CPU) -> str:
    """Processor, threads and versions."""
    versions = f"torch {torch.__version__}, numpy {np.__version__}"
    if device.type == "cuda":
        return f"{processor_name(device)}, {versions}"
    return f"{processor_name(device)}, {torch.get_num_threads()} threads, {versions}"
