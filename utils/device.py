"""Where the network runs, and in which precision."""

import os
import re
from contextlib import AbstractContextManager

import torch
from loguru import logger

from .distributed import launched_by_torchrun
from .errors import OUT_OF_MEMORY, InputError
from .machine import BFLOAT16_SINCE, cpu_has_bfloat16


def select_device(name: str, device_id: str = "0", said_by: str = "MODEL.DEVICE") -> torch.device:
    """The device of MODEL.DEVICE and DEVICE_ID; the CPU, with a warning, if there is no such GPU.

    A process of torchrun takes the GPU of its own number on its machine instead of DEVICE_ID.

    Args:
        name: cuda or cpu.
        device_id: number of the GPU, as in nvidia-smi.
        said_by: the setting or flag that names it, for the warning.

    Raises:
        InputError: torchrun started more processes on this machine than it has GPUs.
    """
    if name == "cpu":
        return torch.device("cpu")
    if (number := usable_gpu(name, device_id)) is not None:
        torch.backends.cudnn.benchmark = True
        switch_tf32_off()
        torch.cuda.set_device(number)  # so that nothing is set up on another GPU
        return torch.device("cuda", number)
    number = _wanted_gpu(device_id)
    if torch.cuda.is_available() and launched_by_torchrun():
        raise InputError(
            f"no GPU {number} for process {number}: this machine has {torch.cuda.device_count()}; "
            "lower torchrun's --nproc_per_node"
        )
    logger.warning(
        f"no CUDA device {number} here; running on the CPU ({said_by} cpu does so without a warning)"
    )
    return torch.device("cpu")


def usable_gpu(name: str, device_id: str = "0") -> int | None:
    """Number of the GPU that ``select_device`` takes; None where it takes the CPU."""
    # Numbers as in nvidia-smi; CUDA, which would put the fastest GPU first, reads this when it starts.
    os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    number = _wanted_gpu(device_id)
    there = name == "cuda" and torch.cuda.is_available() and number < torch.cuda.device_count()
    return number if there else None


def _wanted_gpu(device_id: str) -> int:
    return int(os.environ["LOCAL_RANK"] if launched_by_torchrun() else device_id)


def switch_tf32_off() -> None:
    """Let GPUs compute true float32: by default, torch drops 13 of 23 bits in convolutions (TF32)."""
    # The older of torch's two interfaces, which all its versions have; the two must not be mixed.
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False  # the default, except in NVIDIA's containers


def autocast(device: torch.device, enabled: bool) -> AbstractContextManager:
    """Autocast in the processor's ``amp_dtype`` where ``enabled`` and it has one; else float32."""
    dtype = amp_dtype(device)
    return torch.autocast(device.type, dtype, enabled=enabled and dtype is not None)


def amp_dtype(device: torch.device) -> torch.dtype | None:
    """bfloat16 where the processor supports it, else float16 on GPUs and None on CPUs."""
    if has_bfloat16(device):
        return torch.bfloat16
    return torch.float16 if device.type == "cuda" else None


def network_dtype(device: torch.device, amp: bool) -> torch.dtype:
    """What the network's convolutions compute in: ``amp_dtype`` where ``amp`` is on and there is one."""
    return (amp_dtype(device) if amp else None) or torch.float32


def has_bfloat16(device: torch.device) -> bool:
    """Whether the processor has bfloat16 arithmetic (emulated, it would be slower than float32)."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= BFLOAT16_SINCE
    return cpu_has_bfloat16()


def upload(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """A tensor on a device, without waiting for what a GPU has yet to compute."""
    if device.type == "cuda" and not tensor.is_cuda:
        tensor = tensor.pin_memory()  # from other memory, the copy would wait; what is pinned stays as it is
    return tensor.to(device, non_blocking=True)


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether an error of torch says that memory ran out, on a GPU or on the CPU (on Linux or on Windows)."""
    return re.search(OUT_OF_MEMORY, str(error)) is not None
