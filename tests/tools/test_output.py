"""A training whose output nobody reads any more."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import ROOT
from utils.run_folder import RunFolder


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals as Unix does")
@pytest.mark.parametrize("both", [True, False])
def test_tee_that_ends_before_the_training(tiny, tmp_path, both):
    """``| tee log`` (and ``2>&1 | tee log``) and Ctrl-C, which kills tee at once."""
    run = RunFolder(tmp_path / "run")
    words = ["--IMS_PER_BATCH", "16", "--MAX_EPOCHS", "1000", "SOLVER.LOG_PERIOD", "1"]
    training = subprocess.Popen(
        [sys.executable, ROOT / "tools/train.py", *tiny, *words, "OUTPUT_DIR", run.path],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if both else subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    for line in training.stdout:
        if "Iteration[1/" in line:
            break
    training.stdout.close()
    while "Epoch 2 done" not in run.log.read_text() and training.poll() is None:
        time.sleep(0.05)  # the training and its log continue
    training.send_signal(signal.SIGINT)
    err = "" if both else training.stderr.read()
    assert training.wait(60) == 0, err
    stopping = "stopping once this step is saved; Ctrl-C (again) stops at once, without saving\n"
    assert err in ("", stopping), "no traceback; nothing at all if the signal came in an evaluation"
    assert "Stopped in epoch" in run.log.read_text().splitlines()[-1]
    assert run.last.is_file()
