"""Functions and commands run in two processes that talk over gloo."""

import os
import socket
import subprocess
from collections.abc import Callable
from multiprocessing.connection import wait

import ignite.distributed as idist
import torch.multiprocessing

from tests.commands import LIMIT, START_METHOD, Command, ensure_fork_server
from utils.distributed import leave_processes

PROCESSES = 2


def run_in_processes(check: Callable[[int], None]) -> None:
    """Run ``check(number of the process)``, a module's function, in each; raise what any of them raises."""
    ensure_fork_server()
    arguments = (check, environments())
    torch.multiprocessing.start_processes(_run, arguments, PROCESSES, start_method=START_METHOD)


def run_as_torchrun(start: Callable[..., Command]) -> list[subprocess.CompletedProcess]:
    """Run a command in each, with the environment that torchrun gives; how they ended.

    Args:
        start: ``start(env=…)`` starts one of them.
    """
    commands = [start(env=environment) for environment in environments()]
    ended = wait([command.process.sentinel for command in commands], LIMIT)
    for command in commands:
        if command.process.sentinel in ended and command.process.exitcode:
            for other in commands:  # as torchrun does: they would wait for it
                other.kill()
    return [command.finish() for command in commands]


def environments() -> list[dict[str, str]]:
    """What torchrun says to each of the processes of a machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    place = {"WORLD_SIZE": str(PROCESSES), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    return [place | {"RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(PROCESSES)]


def _run(rank: int, check: Callable[[int], None], environments: list[dict[str, str]]) -> None:
    torch.set_num_threads(1)
    os.environ.update(environments[rank], CUDA_VISIBLE_DEVICES="")
    idist.initialize("gloo")
    check(rank)
    leave_processes()
