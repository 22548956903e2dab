"""Runs that are killed, and go on, as a user sees them."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest
import torch

from tests.conftest import ROOT, assert_refused

KILLS = 20
TRAIN = ROOT / "tools/train.py"
ENV = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}


@pytest.fixture
def start(tmp_path):
    """Start tools/train.py; its output goes to a file."""

    def run(*words) -> subprocess.Popen:
        with open(tmp_path / "output.txt", "ab") as output:
            return subprocess.Popen(
                [sys.executable, TRAIN, *words],
                cwd=tmp_path,
                env=ENV,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    return run


def wait_for(condition, process: subprocess.Popen) -> None:
    while not condition() and process.poll() is None:
        time.sleep(0.02)


def weights(folder) -> dict[str, torch.Tensor]:
    return torch.load(folder / "last.pth", weights_only=True)["model"]


def test_killed_twenty_times_at_random_moments(start, tiny, tmp_path):
    settings = [*tiny, "--IMS_PER_BATCH", "16", "--MAX_EPOCHS", "12", "SOLVER.EVAL_PERIOD", "3"]
    settings += ["--IF_WITH_CENTER", "yes", "SOLVER.EMA", "0.9", "SOLVER.GRAD_ACCUM", "2"]
    # Save after every step, so that many of the kills come in the middle of a save.
    settings += ["SOLVER.SAVE_EVERY_MINUTES", "1e-6"]
    assert start(*settings, "OUTPUT_DIR", "whole").wait() == 0
    folder, moments = tmp_path / "killed", random.Random(0)
    process = start(*settings, "OUTPUT_DIR", folder)
    last = folder / "last.pth"
    wait_for(last.exists, process)
    for _ in range(KILLS):
        time.sleep(moments.uniform(0, 0.7))
        assert process.poll() is None, (tmp_path / "output.txt").read_text()[-2000:]
        process.send_signal(signal.SIGKILL)
        process.wait()
        saved = last.stat().st_mtime_ns if last.exists() else 0
        process = start("--resume", folder)
        wait_for(lambda saved=saved: last.exists() and last.stat().st_mtime_ns != saved, process)
    assert process.wait() == 0, (tmp_path / "output.txt").read_text()[-2000:]
    expected, found = weights(tmp_path / "whole"), weights(folder)
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    assert not list(folder.glob("*.part"))


def test_sigterm_ends_a_run_well_and_the_newest_goes_on(start, command, tiny, tmp_path):
    run = tmp_path / "logs" / "run"
    process = start(*tiny, "--IMS_PER_BATCH", "16", "--MAX_EPOCHS", "40", "OUTPUT_DIR", run)
    wait_for(lambda: list(run.glob("mAP*")), process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    line = (tmp_path / "output.txt").read_text().strip().splitlines()[-1]
    assert f"Go on with: python tools/train.py --resume {run}" in line
    epoch = torch.load(run / "last.pth", weights_only=True)["iteration"] // 8 + 1
    assert_refused(
        command("tools/train.py", "--resume", run, "SOLVER.BASE_LR", "0.1", "SEED", "3"),
        "SOLVER.BASE_LR 0.1 (0.00035 in the run)",
        "SEED 3 (0 in the run)",
        "--model_path <run>/mAPxx.pth",
    )
    done = command("tools/train.py", "--resume", "SOLVER.MAX_EPOCHS", epoch, "SOLVER.LOG_PERIOD", "3")
    assert done.returncode == 0, done.stderr
    for text in ("Resuming from logs/run/last.pth", f"Changed: SOLVER.MAX_EPOCHS {epoch} (40 in the run)"):
        assert text in done.stdout
    assert f"Validation Results - Epoch: {epoch}\n" in done.stdout
    assert (run / "log.txt").read_text().endswith(done.stdout[-500:]), "the log goes on in the same file"
    assert f"MAX_EPOCHS: {epoch}" in (run / "config.yml").read_text()
    tested = command("tools/test.py", "--model_path", run / "last.pth")
    assert tested.returncode == 0, tested.stderr
    done = command("tools/train.py", "--resume", run / "last.pth")
    assert done.returncode == 0 and "Nothing is left to train" in done.stdout
