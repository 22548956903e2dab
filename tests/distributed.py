"""Functions run in two processes that talk over gloo."""

import os
import socket
from collections.abc import Callable

import ignite.distributed as idist
import torch.multiprocessing

from tests.commands import START_METHOD, ensure_fork_server
from utils.distributed import leave_processes

PROCESSES = 2


def run_in_processes(check: Callable[[int], None]) -> None:
    """Run ``check(number of the process)``, a module's function, in each; raise what any of them raises."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ensure_fork_server()
    torch.multiprocessing.start_processes(_run, (check, port), PROCESSES, start_method=START_METHOD)


def _run(rank: int, check: Callable[[int], None], port: int) -> None:
    torch.set_num_threads(1)
    os.environ.update(
        RANK=str(rank),
        LOCAL_RANK=str(rank),
        WORLD_SIZE=str(PROCESSES),
        MASTER_ADDR="127.0.0.1",
        MASTER_PORT=str(port),
        CUDA_VISIBLE_DEVICES="",
    )
    idist.initialize("gloo")
    check(rank)
    leave_processes()
