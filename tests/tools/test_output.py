"""A training whose output nobody reads any more."""

import os
import signal
import sys
from functools import partial
from pathlib import Path

import pytest

from utils.run_folder import RunFolder


def print_to(pipe: Path, *descriptors: int) -> None:
    """In the command's process: send what it prints to whoever reads the pipe."""
    writing = os.open(pipe, os.O_WRONLY)
    for descriptor in descriptors:
        os.dup2(writing, descriptor)
    os.close(writing)
    # Those that there are know that they write to files.
    sys.stdout, sys.stderr = (open(number, "w", encoding="utf-8", closefd=False) for number in (1, 2))


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals as Unix does")
@pytest.mark.parametrize("descriptors", [(1, 2), (1,)])
def test_tee_that_ends_before_the_training(start, quick, tmp_path, descriptors):
    """``| tee log`` (and ``2>&1 | tee log``) and Ctrl-C, which kills tee at once."""
    run, pipe = RunFolder(tmp_path / "run"), tmp_path / "pipe"
    os.mkfifo(pipe)
    words = [*quick, "--IMS_PER_BATCH", "16", "--MAX_EPOCHS", "1000", "SOLVER.LOG_PERIOD", "1"]
    words += ["OUTPUT_DIR", run.path]
    training = start("tools/train.py", *words, before=partial(print_to, pipe, *descriptors))
    with open(pipe) as tee:
        assert any("Iteration[1/" in line for line in tee)
    training.wait_until(lambda: "Epoch 2 done" in run.log.read_text())  # the training and its log continue
    os.kill(training.process.pid, signal.SIGINT)
    done = training.finish()
    assert done.returncode == 0, done.stderr
    stopping = "stopping once this step is saved; Ctrl-C (again) stops at once, without saving\n"
    assert done.stderr in ("", stopping), "no traceback; nothing at all if the signal came in an evaluation"
    assert "Stopped in epoch" in run.log.read_text().splitlines()[-1]
    assert run.last.is_file()
