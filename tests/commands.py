"""The commands of tools/, each in a process that is forked from one that has imported everything.

Starting Python and importing torch takes seconds, forking hundredths of a second. A forked command has its
own arguments, folder, environment and output, ends with an exit code or by a signal, and leaves nothing
behind in the tests' process. Where there is no fork (Windows), it is spawned.
"""

import multiprocessing
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing import forkserver
from pathlib import Path
from typing import NoReturn

import matplotlib.backends.backend_agg  # noqa: F401  matplotlib imports it when it draws
import numpy as np
import pytest
import timm  # noqa: F401  the program imports it when it is named

import tests.tiny_backbone  # noqa: F401  before tools, which make their list of the networks
import tools.benchmark
import tools.export
import tools.extract
import tools.results
import tools.search
import tools.test
import tools.train
import tools.validate_data
import tools.visualize
from utils.command import run_command

ROOT = Path(__file__).resolve().parent.parent
ENV = {"OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}
LIMIT = 600  # seconds that a command, or what is waited for in one, may take
MAINS = {
    f"{module.__name__.replace('.', '/')}.py": module.main
    for module in (
        tools.benchmark,
        tools.export,
        tools.extract,
        tools.results,
        tools.search,
        tools.test,
        tools.train,
        tools.validate_data,
        tools.visualize,
    )
}
# The search imports these when it needs them. As they are not in every installation, the fork server does it.
LATER = ["pymilvus", "milvus_lite", "faiss", "supervision", "trackers", "onnxruntime"]
FORKS = "forkserver" in multiprocessing.get_all_start_methods()
START_METHOD = "forkserver" if FORKS else "spawn"


def ensure_fork_server() -> None:
    """Start the process that the others are forked from. It computes nothing, so that it has no threads."""
    if not FORKS:
        return
    forkserver.set_forkserver_preload([__name__, *LATER])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv("PYTHONPATH", str(ROOT))
        forkserver.ensure_running()


class Command:
    """A command that runs. What it prints goes to files, which can be read meanwhile.

    Args:
        words: ``tools/<name>.py`` and its arguments.
        output: an empty folder for what it prints.
        cwd: the folder in which it runs.
        env: added to the environment of this process.
        before: called in its process before it, without arguments.
    """

    def __init__(
        self, words: tuple, output: Path, cwd: Path, env: dict | None = None, before: Callable | None = None
    ):
        self.words = [str(word) for word in words]
        self.output = output
        ensure_fork_server()
        env = dict(os.environ) | ENV | (env or {})
        arguments = (self.words, str(output), str(cwd), env, before)
        self.process = multiprocessing.get_context(START_METHOD).Process(target=_run, args=arguments)
        self.process.start()

    @property
    def out(self) -> str:
        """What it has printed on stdout so far."""
        return self._read("stdout")

    @property
    def err(self) -> str:
        """What it has printed on stderr so far."""
        return self._read("stderr")

    def _read(self, stream: str) -> str:
        file = self.output / stream
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def wait_until(self, condition: Callable[[], object]) -> None:
        """Wait until a condition holds; an error if the command ends before, or goes on for too long."""
        end = time.monotonic() + LIMIT
        while not condition():
            assert self.process.is_alive() or condition(), self.out + self.err
            assert time.monotonic() < end, f"in vain for {LIMIT} s: {self.words}\n{self.out}{self.err}"
            time.sleep(0.01)

    def finish(self) -> subprocess.CompletedProcess:
        """Wait for its end; exit code (negative: the signal), stdout and stderr."""
        self.process.join(LIMIT)
        if self.process.exitcode is None:
            self.kill()
            raise AssertionError(f"still running after {LIMIT} s: {self.words}\n{self.out}{self.err}")
        return subprocess.CompletedProcess(self.words, self.process.exitcode, self.out, self.err)

    def kill(self) -> None:
        """End it at once, with SIGKILL."""
        self.process.kill()
        self.process.join()


def run_fresh(*words: object, cwd: Path, env: dict | None = None) -> subprocess.CompletedProcess:
    """Run ``python <words>`` in a fresh Python."""
    return subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=cwd,
        env=os.environ | ENV | (env or {}),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=LIMIT,
    )


def run(words: list[str]) -> NoReturn:
    """Run ``tools/<name>.py`` and its arguments in this process, and end it."""
    sys.argv = [str(ROOT / words[0]), *words[1:]]
    run_command(MAINS[words[0]])


def _run(words: list[str], output: str, cwd: str, env: dict, before: Callable | None) -> None:
    for number, name in ((1, "stdout"), (2, "stderr")):
        file = os.open(Path(output, name), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(file, number)
        os.close(file)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    multiprocessing.set_start_method(None, force=True)  # the system's own, not the one of this process
    random.seed()  # from the system, as in a fresh Python
    np.random.seed()
    if before:
        before()
    run(words)
