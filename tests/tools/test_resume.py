"""Runs that are killed and resumed, as a user sees them."""

import random
import signal
import time

import torch

from tests.commands import ROOT, run_fresh
from tests.conftest import assert_refused

KILLS = 20
FRESH = "import sys; from tests.commands import run; run(sys.argv[1:])"


def weights(folder) -> dict[str, torch.Tensor]:
    return torch.load(folder / "last.pth", weights_only=True)["model"]


def test_killed_twenty_times_at_random_moments(start, quick, tmp_path):
    settings = [*quick, "--IMS_PER_BATCH", "16", "--MAX_EPOCHS", "24", "SOLVER.EVAL_PERIOD", "6"]
    settings += ["--IF_WITH_CENTER", "yes", "SOLVER.EMA", "0.9", "SOLVER.GRAD_ACCUM", "2"]
    # In a fresh Python, whose sets have another order than those of the forked processes.
    words = ["-c", FRESH, "tools/train.py", *settings, "OUTPUT_DIR", "whole"]
    whole = run_fresh(*words, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)})
    assert whole.returncode == 0, whole.stderr
    # Save after every step, so that many of the kills hit the middle of a save.
    settings += ["SOLVER.SAVE_EVERY_MINUTES", "1e-6"]
    folder, moments = tmp_path / "killed", random.Random(0)
    last = folder / "last.pth"

    def wait_for_a_save(before: int) -> int:
        training.wait_until(lambda: last.exists() and last.stat().st_mtime_ns != before)
        return last.stat().st_mtime_ns

    training = start("tools/train.py", *settings, "OUTPUT_DIR", folder)
    first = wait_for_a_save(0)
    pause = (wait_for_a_save(first) - first) / 1e9  # from one save to the next, in seconds
    for _ in range(KILLS):
        time.sleep(moments.uniform(0, pause))
        assert training.process.is_alive(), training.out + training.err
        training.kill()
        assert training.process.exitcode == -signal.SIGKILL
        saved = last.stat().st_mtime_ns if last.exists() else 0
        training = start("tools/train.py", "--resume", folder)
        wait_for_a_save(saved)
    done = training.finish()
    assert done.returncode == 0, done.stdout + done.stderr
    expected, found = weights(tmp_path / "whole"), weights(folder)
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    assert not list(folder.glob("*.part"))


def test_sigterm_ends_a_run_well_and_the_newest_is_resumed(start, command, quick, tmp_path):
    run = tmp_path / "logs" / "run"
    training = start(
        "tools/train.py", *quick, "--IMS_PER_BATCH", "16", "--MAX_EPOCHS", "40", "OUTPUT_DIR", run
    )
    training.wait_until(lambda: list(run.glob("mAP*")))
    training.process.terminate()
    done = training.finish()
    assert done.returncode == 0, done.stderr
    line = done.stdout.strip().splitlines()[-1]
    assert f"Resume with: python tools/train.py --resume {run}" in line
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
    assert (run / "log.txt").read_text().endswith(done.stdout[-500:]), "the log continues in the same file"
    assert f"MAX_EPOCHS: {epoch}" in (run / "config.yml").read_text()
    tested = command("tools/test.py", "--model_path", run / "last.pth")
    assert tested.returncode == 0, tested.stderr
    done = command("tools/train.py", "--resume", run / "last.pth")
    assert done.returncode == 0 and "Nothing is left to train" in done.stdout
