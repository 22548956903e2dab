"""The commands as a user runs them."""

import re
from pathlib import Path

import pytest
import torch
import yaml

from tests.commands import MAINS, ROOT, run_fresh
from tests.conftest import assert_refused


@pytest.fixture(scope="module")
def run(tiny, tmp_path_factory):
    """One training through the command, in a fresh Python: its output, and its folder."""
    folder = tmp_path_factory.mktemp("run") / "first"
    words = ["--IMS_PER_BATCH", 16, "--MAX_EPOCHS", 2, "--TEST_IMS_PER_BATCH", 4, "SOLVER.LOG_PERIOD", 2]
    done = run_fresh(ROOT / "tools/train.py", *tiny, *words, "OUTPUT_DIR", folder, cwd=folder.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, folder


def checkpoints(folder: Path) -> list[Path]:
    return sorted(folder.glob("mAP*.pth"))


TABLE = r"""=> Synthetic loaded
Dataset statistics:
  -{40}
  subset   \| # ids \| # images \| # cameras
  -{40}
  train    \|    16 \| +\d+ \|         6
  query    \|     4 \| +\d+ \|         \d
  gallery  \|     5 \| +\d+ \|         \d
  -{40}
"""
LOSS = r"Iteration\[2/\d+\] Loss: \d+\.\d{3}, Acc: \d\.\d{3}"
LINES = {
    "log_training_loss": [
        rf"Epoch\[1\] {LOSS}, Base Lr: 3\.82e-05",
        rf"Epoch\[2\] {LOSS}, Base Lr: 7\.28e-05",
    ],
    "print_times": [r"Epoch 1 done\. Time per batch: \d+\.\d{3}\[s\] Speed: \d+\.\d\[samples/s\]", "-{10}"],
    "log_validation_results": [
        "Validation Results - Epoch: 2",
        r"mAP:\d+\.\d%",
        *(rf"CMC curve, Rank-{rank}:\d+\.\d%" for rank in ("1  ", "5  ", "10 ")),
    ],
}


def test_output_of_a_training(run):
    out, _ = run
    assert re.search(TABLE, out)
    assert out.count("\nThe test feature is normalized\n") == 2
    time = r"\n\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}"
    for function, texts in LINES.items():
        for text in texts:
            assert re.search(rf"{time} \| INFO     \| engine\.trainer:{function}:\d+ - {text}\n", out), text


def test_run_folder(run):
    out, folder = run
    log = (folder / "log.txt").read_text()
    assert log == out, "the file has every line of the screen"
    for fact in ("torch 2.", "git commit", "seed 0", "Command: ", "MAX_EPOCHS: 2"):
        assert fact in log
    assert yaml.safe_load((folder / "config.yml").read_text())["MODEL"]["NAME"] == "resnet18"
    assert checkpoints(folder) and {p.name for p in folder.iterdir()} == {
        "log.txt",
        "config.yml",
        "curves.png",
        "results.csv",
        "last.pth",
        "last.previous.pth",
        ".lock",
        *(p.name for p in checkpoints(folder)),
    }
    state = torch.load(checkpoints(folder)[0], weights_only=True)
    assert {name.split(".")[0] for name in state} == {"base", "bottleneck", "classifier"}


def test_weights_test_to_the_result_they_are_named_after_twice(run, command, fresh_command):
    _, folder = run
    files = checkpoints(folder)
    for weights, run_test in [*((file, command) for file in files), (files[-1], fresh_command)]:
        done = run_test("tools/test.py", "--model_path", weights)
        assert done.returncode == 0, done.stderr
        assert f"mAP:{weights.stem.removeprefix('mAP')}%" in done.stdout
        assert re.search(r"Rank-1  :\d+\.\d%\n.*Rank-5  :\d+\.\d%\n.*Rank-10 :\d+\.\d%\n", done.stdout)
        assert "matched 125 of 126 tensors; left out: classifier.*" in done.stdout


def test_test_with_the_seeds_flags_and_no_settings_beside_the_weights(run, command, tiny, tmp_path):
    _, folder = run
    weights = tmp_path / "alone.pth"
    weights.write_bytes(checkpoints(folder)[-1].read_bytes())
    done = command("tools/test.py", "--TEST_IMS_PER_BATCH", "4", *tiny, "--model_path", weights)
    assert done.returncode == 0, done.stderr
    assert f"mAP:{checkpoints(folder)[-1].stem.removeprefix('mAP')}%" in done.stdout
    assert "MODEL.STEM_RELU" in done.stdout


def test_a_run_never_overwrites_another(run, command, quick):
    _, folder = run
    before = {p: p.read_bytes() for p in folder.iterdir()}
    words = ["--IMS_PER_BATCH", "16", "--MAX_EPOCHS", "1", "OUTPUT_DIR", folder]
    done = command("tools/train.py", *quick, *words)
    assert done.returncode == 0, done.stderr
    assert {p: p.read_bytes() for p in folder.iterdir()} == before
    assert checkpoints(folder.with_name("first-2")) and "already holds a run" in done.stdout


def test_training_starts_from_a_run(run, command, tiny):
    _, folder = run
    done = command(
        "tools/train.py",
        *tiny,
        "--IMS_PER_BATCH",
        "16",
        "--MAX_EPOCHS",
        "1",
        "--pretrain_choice",
        "self",
        "--model_path",
        checkpoints(folder)[0],
    )
    assert done.returncode == 0, done.stderr
    assert "matched 126 of 126 tensors" in done.stdout


def test_help(command):
    for script in ("tools/train.py", "tools/test.py"):
        done = command(script, "--help")
        assert done.returncode == 0
        for flag in (
            "--model_name",
            "--model_path",
            "--IMS_PER_BATCH",
            "--config_file",
            "KEY VALUE",
            "examples:",
        ):
            assert flag in done.stdout
        examples = done.stdout.split("examples:")[1].strip().splitlines()
        assert all(line.strip().startswith(f"python {script} ") for line in examples)


REFUSED = {
    "tools/export.py": (["--format", "bmp", "--model_path", "x.pth"], "--format"),
    "tools/extract.py": (["a.jpg", "--model_path", "x.pth"], "x.pth: no such file"),
    "tools/search.py": (["query", "person.jpg", "--box", "1,2"], "x,y,width,height"),
    "tools/visualize.py": (["ranks", "--out", "ranks.pdf"], "--out must end with .png"),
}


# Each is started by a test that lets it work.
STARTED_FRESH = {f"tools/{name}.py" for name in ("benchmark", "results", "test", "train", "validate_data")}


@pytest.mark.parametrize("script", sorted(MAINS.keys() - STARTED_FRESH))
def test_refusals_in_a_fresh_python(fresh_command, script):
    """The other tests of refusals fork their commands."""
    words, message = REFUSED[script]
    assert_refused(fresh_command(script, *words), message)


def test_results_of_a_run(run, command):
    _, folder = run
    done = command("tools/results.py", folder)
    assert done.returncode == 0 and "| resnet18, 64×32 | 2 | 0 |" in done.stdout, done.stderr


@pytest.mark.parametrize("config", sorted(p.name for p in (ROOT / "configs").glob("*.yml")))
def test_every_config_trains(command, tiniest, config):
    """Two iterations of each shipped recipe, at its own image size and network, on the tiniest data set."""
    words = ["--MAX_EPOCHS", "1", "--pretrain_choice", "none", "--IMS_PER_BATCH", "8", "MODEL.DEVICE", "cpu"]
    recipe = ["--config_file", ROOT / "configs" / config]
    done = command("tools/train.py", *recipe, *words, "DATALOADER.NUM_INSTANCE", "4", *tiniest)
    assert done.returncode == 0, done.stderr
    iterations = int(re.search(r"Iteration\[\d+/(\d+)\]", done.stdout)[1])
    assert iterations >= 2 and re.search(r"mAP:\d+\.\d%", done.stdout)


def test_choices_reach_the_commands_and_a_resumed_run(command, quick, tmp_path):
    done = command(
        "tools/train.py",
        *quick,
        *"MODEL.ID_LOSS_TYPE arcface MODEL.METRIC_LOSS_TYPE multi_similarity --IF_WITH_CENTER yes".split(),
        *"DATALOADER.SAMPLER identity_balanced SOLVER.SCHEDULE cosine SOLVER.WARMUP_BY iteration".split(),
        *"SOLVER.WARMUP_ITERS 4 SOLVER.WARMUP_FACTOR 0.5 SOLVER.BASE_LR 1e-3 SOLVER.LAYER_DECAY 0.5".split(),
        *"--IMS_PER_BATCH 16 --MAX_EPOCHS 2 SOLVER.LOG_PERIOD 1 OUTPUT_DIR run".split(),
    )
    assert done.returncode == 0, done.stderr
    seen = re.findall(r"Epoch\[(\d)\] Iteration\[(\d+)/(\d+)\] Loss: (\S+), .*Base Lr: (\S+)", done.stdout)
    length = int(seen[0][2])
    rates = ["6.25e-04", "7.50e-04", "8.75e-04"] + ["1.00e-03"] * (length - 3) + ["7.00e-07"] * length
    assert length > 4 and [rate for *_, rate in seen] == rates
    assert all(0 < float(loss) < 1e3 for _, _, _, loss, _ in seen)
    refused = command("tools/train.py", "--resume", "run", "--MAX_EPOCHS", "3")
    assert_refused(refused, "SOLVER.MAX_EPOCHS 3 (2 in the run)")
    assert command("tools/train.py", "--resume", "run").returncode == 0
    (weights, *_) = sorted((tmp_path / "run").glob("mAP*.pth"))
    tested = command("tools/test.py", "--model_path", weights)
    assert tested.returncode == 0 and re.search(r"mAP:\d+\.\d%", tested.stdout), tested.stderr


@pytest.mark.parametrize(
    "words, message",
    [
        ("MODEL.ID_LOSS_TYPE arcfac", "did you mean arcface"),
        ("MODEL.METRIC_LOSS_TYPE weighted", "did you mean weighted_triplet"),
        ("DATALOADER.SAMPLER camera", "did you mean camera_balanced"),
        ("SOLVER.SCHEDULE cosin", "did you mean cosine"),
    ],
)
def test_unknown_choices_name_the_nearest(command, words, message):
    assert_refused(command("tools/train.py", *words.split()), message)
