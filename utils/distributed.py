"""The processes that torchrun starts, and how they communicate. Without torchrun there is one."""

import os

import ignite.distributed as idist
import torch
import torch.nn.functional as F

from .errors import InputError

CHUNK = 4096  # rows sent at a time


def launched_by_torchrun() -> bool:
    """Whether this process is one of those that torchrun starts."""
    return all(name in os.environ for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE"))


def process_number() -> int:
    """Number of this process, from 0; known before ``join_processes``."""
    return int(os.environ["RANK"]) if launched_by_torchrun() else 0


def join_processes(device: torch.device) -> None:
    """Join the other processes: over NCCL on GPUs, over gloo on CPUs, whose cores are shared out.

    Raises:
        InputError: they cannot be reached.
    """
    if not launched_by_torchrun():
        return
    nccl = device.type == "cuda" and torch.distributed.is_nccl_available()
    # ignite would follow SLURM rather than torchrun, and take a GPU for each process, wherever they are.
    os.environ.pop("SLURM_JOB_ID", None)
    if device.type == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    try:
        idist.initialize("nccl" if nccl else "gloo")
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"the processes of torchrun cannot reach each other: {reason}") from None
    if device.type == "cpu":  # torchrun gives each process one thread
        torch.set_num_threads(share_of_cores())


def share_of_cores() -> int:
    """Cores for each process of this machine, at least one, of those that the system lets them use."""
    affinity = getattr(os, "sched_getaffinity", None)  # only on Linux
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, cores // idist.get_nproc_per_node())


def leave_processes() -> None:
    """Leave the other processes, once nothing is left to exchange."""
    # Without this wait, a process may end while gloo still holds a tensor, and torch 2.6 then hangs.
    idist.barrier()
    idist.finalize()


def gather_rows(rows: torch.Tensor) -> torch.Tensor:
    """The rows of all processes, in their order, in the first one; in the others, their own.

    Args:
        rows: (n, D), of one dtype; n may differ from process to process, and D in one without rows.
    """
    if idist.get_world_size() == 1:
        return rows
    shapes = idist.all_gather(torch.tensor([rows.shape]))
    lengths, width = shapes[:, 0].tolist(), int(shapes[:, 1].max())
    rows = rows if len(rows) else rows.new_empty(0, width)
    gathered = [[rows[:0]] for _ in lengths]
    for start in range(0, max(lengths), CHUNK):
        chunk = rows[start : start + CHUNK]
        padded = F.pad(chunk, (0, 0, 0, min(CHUNK, max(lengths) - start) - len(chunk))).contiguous()
        pieces = idist.all_gather(padded).split(len(padded))
        if idist.get_rank() == 0:
            for parts, piece, length in zip(gathered, pieces, lengths, strict=True):
                parts.append(piece[: max(0, length - start)].clone())
    return torch.cat([part for parts in gathered for part in parts]) if idist.get_rank() == 0 else rows


def share_buffers(model: torch.nn.Module) -> None:
    """Give every process the buffers of the first, such as the running statistics of batch norms."""
    if idist.get_world_size() > 1:
        for buffer in model.buffers():
            torch.distributed.broadcast(buffer, 0)
