"""Training and testing in two processes, against one process.

Most are forked, with the environment that torchrun would set. torchrun itself starts them where one fails or
is stopped, and once for a training that is compared with that of one process.
"""

import os
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from config import load_cfg
from modeling import build_model
from tests.commands import ENV, ROOT, run_fresh
from tests.distributed import run_as_torchrun

# Rounding differs between one sum over a batch and two over its halves. Small steps keep that from growing as
# the training continues; the loss still falls by half.
RECIPE = [
    *("--IMS_PER_BATCH", "16", "--MAX_EPOCHS", "2", "SOLVER.LOG_PERIOD", "1", "SOLVER.AMP", "no"),
    *("SOLVER.BASE_LR", "1e-5", "SOLVER.WARMUP_ITERS", "1", "MODEL.SYNC_BN", "yes"),
    *("--IF_WITH_CENTER", "yes", "INPUT.COLOR_JITTER_PROB", "0.5"),
]
TOLERANCE = 0.005  # of losses of 4 to 9


TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
SLURM = {"SLURM_JOB_ID": "7"}  # as in a job that was asked for without a number of tasks


@pytest.fixture(scope="module")
def alone(start_in, tmp_path_factory):
    """Run a command in one process; its stdout."""
    return lambda *words: output(start_in(tmp_path_factory.mktemp("alone"), *words, env=SLURM).finish())


@pytest.fixture
def pair(start_in, tmp_path_factory):
    """Run a command in two processes as torchrun would; their stdout."""

    def run(*words: object) -> str:
        start = partial(start_in, tmp_path_factory.mktemp("pair"), *words)
        return "".join(map(output, run_as_torchrun(lambda env: start(env=env | SLURM))))

    return run


@pytest.fixture
def torchrun(tmp_path_factory):
    """Run a command with torchrun in two fresh processes; how it ended."""
    folder = tmp_path_factory.mktemp("torchrun")
    return lambda script, *words: run_fresh(*TORCHRUN, ROOT / script, *words, cwd=folder, env=SLURM)


def output(done: subprocess.CompletedProcess) -> str:
    """What a command that went well has printed."""
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FutureWarning" not in done.stderr, done.stderr
    return done.stdout


def losses(out: str) -> list[float]:
    return [float(loss) for loss in re.findall(r"Loss: (\d+\.\d+)", out)]


def results(out: str) -> list[float]:
    return [float(mean_ap) for mean_ap in re.findall(r"mAP:(\d+\.\d)%", out)]


@pytest.fixture(scope="module")
def one(alone, tiny) -> str:
    return alone("tools/train.py", *tiny, *RECIPE)


def test_two_processes_train_as_one_with_the_same_batch(one, alone, pair, torchrun, tiny, tmp_path):
    two = output(torchrun("tools/train.py", *tiny, *RECIPE, "OUTPUT_DIR", tmp_path / "run"))
    assert len(losses(one)) >= 16 and losses(one)[-1] < 0.9 * losses(one)[0]
    assert losses(two) == pytest.approx(losses(one), abs=TOLERANCE)
    assert results(two) == pytest.approx(results(one), abs=0.2) and len(results(two)) == 2
    assert two.count("=> Synthetic loaded") == 1, "one process logs"
    assert [p.name for p in tmp_path.iterdir()] == ["run"] and "config.yml" in {
        p.name for p in (tmp_path / "run").iterdir()
    }
    # The weights are intact, and test to the same result in any number of processes.
    weights = max((tmp_path / "run").glob("mAP*.pth"), key=lambda file: file.stat().st_mtime)
    assert not any(name.startswith("module.") for name in torch.load(weights, weights_only=True))
    table = ["tools/test.py", "--model_path", weights, "TEST.FLIP", "yes", "TEST.IMS_PER_BATCH", "3"]
    by_one, by_two = alone(*table), pair(*table)
    assert results(by_one) == results(by_two) == [results(two)[-1]]
    assert re.search(r"^  flip .*$", by_one, re.M)[0] == re.search(r"^  flip .*$", by_two, re.M)[0]


@pytest.mark.parametrize("words", [["SOLVER.GATHER_TRIPLET", "no"], ["MODEL.SYNC_BN", "no"]])
def test_without_the_other_processes_images_it_is_another_training(one, pair, tiny, words):
    other = losses(pair("tools/train.py", *tiny, *RECIPE, "--MAX_EPOCHS", "1", *words))
    assert abs(other[0] - losses(one)[0]) > 10 * TOLERANCE


@pytest.mark.parametrize(
    "words",
    [
        ["--IF_WITH_CENTER", "yes", "SOLVER.CENTER_LOSS_WEIGHT", "0.05"],
        ["SOLVER.GRAD_ACCUM", "3"],
        ["MODEL.ID_LOSS_TYPE", "none", "SOLVER.BASE_LR", "1e-5"],
        ["--freeze", "--freeze_epoch", "1", "--MAX_EPOCHS", "2"],
        "--kd KD.TEACHER_FEATURES features.npz --IF_WITH_CENTER no SOLVER.BASE_LR 5e-6".split(),
    ],
)
def test_gradients_are_those_of_one_process(alone, pair, tiny, tiny_root, tmp_path, words):
    """By gradient descent, whose steps, unlike Adam's, grow with the gradient.

    Twice the gradient, as from a factor left out, would change the losses by more than 0.025.
    """
    names = [path.name for path in (tiny_root / "synthetic" / "bounding_box_train").glob("*.jpg")]
    features = np.random.default_rng(0).normal(size=(len(names), 8))
    np.savez(tmp_path / "features.npz", names=names, features=features)
    words = [tmp_path / word if word == "features.npz" else word for word in words]
    descent = ["--MAX_EPOCHS", "1", "SOLVER.OPTIMIZER_NAME", "SGD", "SOLVER.BASE_LR", "2e-5"]
    words = ["tools/train.py", *tiny, *RECIPE, *descent, *words]
    one, two = losses(alone(*words)), losses(pair(*words))
    assert two == pytest.approx(one, abs=2 * TOLERANCE, rel=1e-3)


@pytest.fixture
def untrained(small, tiny_root, tmp_path) -> list[str]:
    """Settings to test a network on a copy of the data set in which the last gallery image is broken."""
    shutil.copytree(tiny_root / "synthetic", tmp_path / "root" / "synthetic")
    sorted((tmp_path / "root" / "synthetic" / "bounding_box_test").iterdir())[-1].write_bytes(b"no image")
    torch.manual_seed(0)
    torch.save(build_model(load_cfg(small), 0).state_dict(), tmp_path / "weights.pth")
    return [*small, "DATASETS.ROOT_DIR", tmp_path / "root", "--model_path", tmp_path / "weights.pth"]


def test_an_image_that_only_one_process_cannot_read_is_left_out(alone, pair, untrained):
    words = ["tools/test.py", *untrained, "DATASETS.ON_BAD_IMAGE", "skip"]
    by_one, by_two = results(alone(*words)), results(pair(*words))
    assert by_one == by_two and len(by_one) == 1


def test_a_page_of_two_networks_is_written_once(pair, untrained, tmp_path):
    words = ["tools/test.py", *untrained, "DATASETS.ON_BAD_IMAGE", "skip", "--report", tmp_path / "r.html"]
    out = pair(*words, "--compare", tmp_path / "weights.pth")
    assert len(results(out)) == 2 and len({*results(out)}) == 1 and out.count("Saved ") == 1
    assert (tmp_path / "r.html").read_text(encoding="utf-8").count('<tr class="first">') == 4


def test_more_processes_than_images_of_a_kind(alone, pair, untrained):
    """Multi-query's further images are few: here one, in two processes."""
    words = ["tools/test.py", *untrained, "DATASETS.ON_BAD_IMAGE", "skip", "TEST.MULTI_QUERY", "yes"]
    root = Path(words[words.index("DATASETS.ROOT_DIR", len(words) - 12) + 1]) / "synthetic"
    (root / "gt_bbox").mkdir()
    query = sorted((root / "query").iterdir())[0]
    shutil.copy(query, root / "gt_bbox" / query.name)
    row = re.compile(r"^  multi-query .*$", re.M)
    assert row.search(alone(*words))[0] == row.search(pair(*words))[0]


def test_a_process_that_fails_alone_stops_the_others_with_one_line_each(torchrun, untrained):
    done = torchrun("tools/test.py", *untrained)
    assert done.returncode != 0 and "FutureWarning" not in done.stderr, done.stderr
    ours, _, _ = done.stderr.partition("torch/distributed/elastic")
    assert "error: " in ours and "cannot be read as an image" in ours and "Traceback" not in ours


def test_a_batch_that_cannot_be_divided(torchrun, small):
    done = torchrun("tools/train.py", *small, "--IMS_PER_BATCH", "20")
    assert done.returncode != 0 and "FutureWarning" not in done.stderr, done.stderr
    assert "error: a batch of 20 images cannot be divided evenly among 2 processes" in done.stderr
    ours, _, torchruns = done.stderr.partition("failed (exitcode: 2)")
    assert "take a multiple of 8" in ours and "Traceback" not in ours and torchruns


def test_stopped_by_a_signal_and_resumed(pair, small, tmp_path):
    """Freezing, the average of the weights and the guard of bad steps are resumed too."""
    words = [*small, *RECIPE, "--MAX_EPOCHS", "3", "SOLVER.EMA", "0.9", "SOLVER.SKIP_BAD_STEPS", "1"]
    words += ["--freeze", "--freeze_epoch", "2", "SOLVER.BASE_LR", "1e-3"]
    pair("tools/train.py", *words, "OUTPUT_DIR", tmp_path / "whole")
    run = tmp_path / "stopped"
    process = subprocess.Popen(
        [sys.executable, *TORCHRUN, ROOT / "tools/train.py", *words, "OUTPUT_DIR", run],
        env=os.environ | ENV,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    for line in process.stdout:
        if "Epoch[2] Iteration[3/" in line:
            process.terminate()
        if "Resume with" in line:
            break
    else:
        raise AssertionError("the processes did not stop well")
    process.wait(120)
    state = torch.load(run / "last.pth", weights_only=True)
    assert 11 <= state["iteration"] <= 16
    out = pair("tools/train.py", "--resume", run)
    assert "Epoch[3] Iteration[8/8]" in out and "Epoch[1]" not in out
    whole, resumed = (
        torch.load(folder / "last.pth", weights_only=True) for folder in (tmp_path / "whole", run)
    )
    for part in ("model", "ema"):
        for name, tensor in whole[part].items():
            assert torch.equal(tensor, resumed[part][name]), f"{part} {name}"
