"""What can compute: the CPU, the GPUs, and whether torch is built for them."""

import importlib
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Sequence
from types import ModuleType
from typing import NamedTuple

from ..machine import BFLOAT16_SINCE, cpu_has_bfloat16, cpu_name
from .section import Problem, Section, gigabytes

QUERY = ("name", "memory.total", "memory.used", "driver_version")
LINE = "take the line for your CUDA at https://pytorch.org/get-started/locally/"


class Gpu(NamedTuple):
    """A GPU as its driver names it."""

    name: str
    total: float | None  # memory [bytes]; None: the driver does not say
    used: float | None
    driver: str


def examine_devices() -> Section:
    """Look at the CPU, the memory, torch and the GPUs."""
    section = Section("Devices")
    torch = _import("torch")
    threads = f", {torch.get_num_threads()} threads in torch" if torch else ""
    bfloat16 = "has bfloat16" if cpu_has_bfloat16() else "no bfloat16 that is known: AMP computes in float32"
    section.facts["CPU"] = f"{cpu_name()}, {_usable_cores()} of {os.cpu_count()} cores{threads}, {bfloat16}"
    if psutil := _import("psutil"):
        memory = psutil.virtual_memory()
        section.facts["memory"] = f"{gigabytes(memory.available)} free of {gigabytes(memory.total)}"
    gpus = driver_gpus()
    section.facts["GPUs"] = "; ".join(map(_described, gpus)) or "none that nvidia-smi shows"
    if torch:
        section.facts["torch"] = _torch_build(torch)
        _examine_cuda(section, torch, gpus)
    return section


def driver_gpus() -> list[Gpu]:
    """The GPUs as nvidia-smi lists them; none where there is no nvidia-smi, or no driver."""
    try:
        done = subprocess.run(
            ["nvidia-smi", f"--query-gpu={','.join(QUERY)}", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    rows = (line.split(", ") for line in done.stdout.strip().splitlines())
    return [
        Gpu(name, _mebibytes(total), _mebibytes(used), driver)
        for name, total, used, driver in (row for row in rows if len(row) == len(QUERY))
    ]


def is_built_for(capability: tuple[int, int], architectures: Sequence[str]) -> bool:
    """Whether kernels for these architectures run on a GPU.

    Args:
        capability: of the GPU, such as (8, 6).
        architectures: such as ``sm_80``, which runs on all 8.x from 8.0 on, or ``compute_80``, which is
            compiled for any later GPU when it is first used.
    """
    for architecture in architectures:
        kind, major, minor = re.match(r"(sm|compute)_(\d+)(\d)", architecture).groups()
        built = int(major), int(minor)
        if built <= capability and (kind == "compute" or built[0] == capability[0]):
            return True
    return False


def _examine_cuda(section: Section, torch: ModuleType, gpus: Sequence[Gpu]) -> None:
    """Say what torch makes of the GPUs, and why if nothing."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        available = torch.cuda.is_available()
    if not available:
        if gpus:
            section.problems.append(_why_unused(torch, [str(warning.message) for warning in told]))
        return
    used = [_examine_gpu(section, torch, number) for number in range(torch.cuda.device_count())]
    section.facts["torch's GPUs"] = "; ".join(used)
    tf32 = torch.backends.cudnn.allow_tf32 or torch.backends.cuda.matmul.allow_tf32
    section.facts["TF32"] = f"{'on' if tf32 else 'off'} in torch; this program computes without it"


def _examine_gpu(section: Section, torch: ModuleType, number: int) -> str:
    properties = torch.cuda.get_device_properties(number)
    capability = properties.major, properties.minor
    name, shown = f"{number}: {properties.name}", f"capability {properties.major}.{properties.minor}"
    if _hip(torch):  # AMD's architectures, such as gfx90a, are none of CUDA's
        shown = getattr(properties, "gcnArchName", shown)
    elif not is_built_for(capability, torch.cuda.get_arch_list()):
        section.problems.append(Problem(f"this torch has no kernels for GPU {name}, of {shown}", LINE))
    has_it = capability >= BFLOAT16_SINCE
    bfloat16 = "has bfloat16" if has_it else "no bfloat16: AMP computes in float16"
    return f"{name}, {gigabytes(properties.total_memory)}, {shown}, {bfloat16}"


def _why_unused(torch: ModuleType, told: Sequence[str]) -> Problem:
    if torch.version.cuda is None:
        built = "ROCm" if _hip(torch) else "CPUs"
        return Problem(
            f"the GPU is not used: torch is a build for {built}", f"pip uninstall torch torchvision, {LINE}"
        )
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    if hidden is not None and not told:
        return Problem(
            f"the GPU is not used: CUDA_VISIBLE_DEVICES is {hidden!r}", "unset CUDA_VISIBLE_DEVICES"
        )
    reason = re.split(r"\. |\n", told[0])[0] if told else "torch does not say why"
    return Problem(
        f"the GPU is not used: {reason}",
        f"update its driver for CUDA {torch.version.cuda}, or {LINE}",
    )


def _torch_build(torch: ModuleType) -> str:
    cuda = torch.version.cuda
    cudnn = torch.backends.cudnn.version() if cuda else None
    built = f"CUDA {cuda}{f', cuDNN {cudnn}' if cudnn else ''}" if cuda else "CPUs"
    if hip := _hip(torch):
        built = f"ROCm {hip}"
    apple = getattr(torch.backends, "mps", None)
    more = "; Apple's GPU is not used" if sys.platform == "darwin" and apple and apple.is_available() else ""
    return f"{torch.__version__}, built for {built}{more}"


def _hip(torch: ModuleType) -> str | None:
    """The version of ROCm that torch is built for, if it is."""
    return getattr(torch.version, "hip", None)


def _described(gpu: Gpu) -> str:
    memory = "memory not known" if gpu.total is None else gigabytes(gpu.total)
    if gpu.total is not None and gpu.used is not None:
        memory = f"{gigabytes(gpu.total - gpu.used)} free of {memory}"
    return f"{gpu.name}, {memory}, driver {gpu.driver}"


def _mebibytes(text: str) -> float | None:
    """In bytes; None where the driver does not say."""
    return float(text) * 2**20 if text.replace(".", "").isdecimal() else None


def _import(name: str) -> ModuleType | None:
    """A module; None where it is missing or broken, which ``examine_packages`` tells."""
    try:
        return importlib.import_module(name)
    except Exception:  # noqa: BLE001
        return None


def _usable_cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)  # only on Linux
    return len(affinity(0)) if affinity else os.cpu_count() or 1
