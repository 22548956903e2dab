"""Processes that are spawned, as on Windows, which has no fork: they get what is pickled, nothing else."""

import multiprocessing
import re

import torch

from modeling import build_model
from tests.commands import ROOT, run_fresh

READERS = ["DATALOADER.CACHE", "none", "DATALOADER.NUM_WORKERS", "1"]
# Runs the script that its first argument names as the main module, which spawned processes import too.
SPAWNING = """import multiprocessing, runpy, sys
multiprocessing.set_start_method("spawn")
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def spawn() -> None:
    """Spawn the processes that this one starts."""
    multiprocessing.set_start_method("spawn", force=True)


def test_a_test_whose_images_a_spawned_process_reads(command, small, load, tmp_path):
    torch.save(build_model(load(*small), 0).state_dict(), tmp_path / "weights.pth")
    words = [*small, "--model_path", "weights.pth"]
    expected = re.search(r"mAP:\d+\.\d%", command("tools/test.py", *words).stdout)[0]
    done = run_fresh("-c", SPAWNING, ROOT / "tools/test.py", *words, *READERS, cwd=tmp_path)
    assert done.returncode == 0 and expected in done.stdout, done.stderr


def test_stopped_and_resumed_while_a_spawned_process_reads(start, command, quick, tmp_path):
    words = ["--IMS_PER_BATCH", "16", "--MAX_EPOCHS", "2", "SOLVER.EVAL_PERIOD", "9"]
    done = command("tools/train.py", *quick, *words, "OUTPUT_DIR", "whole")
    assert done.returncode == 0, done.stderr
    training = start("tools/train.py", *quick, *words, *READERS, "OUTPUT_DIR", "stopped", before=spawn)
    training.wait_until(lambda: "Epoch 1 done" in training.out)  # the second waits for another process
    training.process.terminate()
    done = training.finish()
    assert done.returncode == 0 and "Resume with: python tools/train.py --resume stopped" in done.stdout
    assert "Epoch 2 done" not in done.stdout, "it was stopped too late"
    done = command("tools/train.py", "--resume", "stopped", before=spawn)
    assert done.returncode == 0 and "Epoch 2 done" in done.stdout, done.stderr
    whole, resumed = (
        torch.load(tmp_path / folder / "last.pth", weights_only=True)["model"]
        for folder in ("whole", "stopped")
    )
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
