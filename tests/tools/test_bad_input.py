"""Whatever is wrong outside the program: one line, exit code 2, no traceback, nothing lost."""

import shutil
import signal
import sys
from collections.abc import Callable
from functools import partial

import psutil
import pytest
import torch

from tests.commands import ROOT, run_fresh
from tests.conftest import assert_refused


@pytest.fixture
def train(command, quick):
    return lambda *words, **kwargs: command(
        "tools/train.py", *quick, "--IMS_PER_BATCH", "16", "--MAX_EPOCHS", "2", *words, **kwargs
    )


@pytest.mark.parametrize(
    "words, message",
    [
        (["--IMS_PER_BATCH", "0"], ["SOLVER.IMS_PER_BATCH must be at least 1"]),
        (["--IMS_PER_BATCH", "four"], ["'four' is not a whole number"]),
        (["--IMS_PER_BATCH", "18"], ["not divisible by DATALOADER.NUM_INSTANCE 4", "16 or 20"]),
        (["--IMS_PER_BATCH", "128"], ["needs 32 identities, the training set has 16"]),
        (["--model_name", "resnet50-ibn-a"], ["unknown 'resnet50-ibn-a'", "did you mean resnet50_ibn_a"]),
        (["--model_name", "resnet51"], ["unknown 'resnet51'", "did you mean resnet50"]),
        (["DATASETS.NAMES", "market1502"], ["did you mean market1501"]),
        (["SOLVER.OPTIMIZER_NAME", "adam"], ["did you mean Adam"]),
        (["MODEL.METRIC_LOSS_TYPE", "tripplet"], ["did you mean triplet"]),
        (["DATALOADER.SAMPLER", "softmax_triple"], ["did you mean softmax_triplet"]),
        (["SOLVER.BASELR", "1"], ["unknown setting SOLVER.BASELR", "SOLVER.BASE_LR"]),
        (["--resume"], ["no run with a last.pth under logs"]),
        (["--resume", "nothing-here"], ["--resume nothing-here: no run there"]),
        (["--config_file", "none.yml"], ["none.yml: no such file"]),
        (
            ["--pretrain_choice", "imagenet", "--model_path", "none.pth"],
            ["none.pth: no such file", "--pretrain_choice none"],
        ),
        (["DATASETS.NAMES", "market1501"], ["Market1501 not found", "market1501", "unpack"]),
    ],
)
def test_settings(train, tmp_path, words, message):
    assert_refused(train(*words), *message)
    assert not (tmp_path / "logs").exists(), "no run was started"


@pytest.mark.parametrize(
    "content, message",
    [
        (b"GIF89a", "not a PyTorch checkpoint"),
        ({"layer.weight": torch.zeros(2)}, "does not fit this network (matched 0 of 1 tensors"),
    ],
)
def test_weight_files(train, command, quick, tmp_path, content, message):
    path = tmp_path / "weights.pth"
    path.write_bytes(content) if isinstance(content, bytes) else torch.save(content, path)
    assert_refused(train("--pretrain_choice", "self", "--model_path", path), str(path), message)
    assert_refused(command("tools/test.py", *quick, "--model_path", path), str(path), message)
    assert_refused(command("tools/test.py", *quick), "TEST.WEIGHT is empty", "--model_path")


@pytest.fixture
def broken(tiny_root, tmp_path):
    """A copy of the tiny data set that a test may damage."""
    shutil.copytree(tiny_root / "synthetic", tmp_path / "root" / "synthetic")
    return tmp_path / "root"


def test_bad_image(train, broken):
    bad = sorted((broken / "synthetic" / "bounding_box_train").iterdir())[3]
    bad.write_bytes(b"no image")
    for loading in (["DATALOADER.CACHE", "none", "DATALOADER.NUM_WORKERS", "1"], ["DATALOADER.CACHE", "ram"]):
        words = ["DATASETS.ROOT_DIR", broken, *loading]
        assert_refused(train(*words), str(bad), "cannot be read as an image", "ON_BAD_IMAGE skip")
        done = train(*words, "DATASETS.ON_BAD_IMAGE", "skip")
        assert done.returncode == 0, done.stderr
        assert done.stdout.count(f"skipped {bad}") == 1 and done.stdout.count("mAP:") == 2


def test_half_unpacked_folder(train, broken):
    for file in (broken / "synthetic" / "query").iterdir():
        file.unlink()
    assert_refused(train("DATASETS.ROOT_DIR", broken), "query holds no image named like", "unpacked whole")


def test_output_folder_that_cannot_be_written(train, tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert_refused(train("OUTPUT_DIR", tmp_path / "file" / "run"), "cannot write into", "OUTPUT_DIR <folder>")
    assert (tmp_path / "file").read_text() == "in the way"


def limit_files(size: int) -> Callable:
    """A function after which its process cannot let any file grow beyond this many bytes."""
    import resource

    return partial(resource.setrlimit, resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files as Linux does")
def test_disk_that_fills_during_the_run(train, tmp_path):
    """No file may grow past 1 MB, as on a full disk: the log fits, the weights (45 MB) do not."""
    words = ["--model_name", "resnet18", "OUTPUT_DIR", tmp_path / "run"]
    done = train(*words, before=limit_files(1 << 20))
    assert_refused(done, "cannot write", "last.pth", "File too large", "the weights saved before are intact")
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == [".lock", "config.yml", "log.txt"]
    assert "Epoch 1 done" in (tmp_path / "run" / "log.txt").read_text(), "what was logged so far is there"


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files as Linux does")
def test_disk_without_room_for_the_pixel_cache(train, broken, tmp_path):
    """No file may grow past 100 kB: the log fits, the pixels (900 kB) do not; the files are read instead."""
    words = ["DATASETS.ROOT_DIR", broken, "OUTPUT_DIR", tmp_path / "run"]
    done = train(*words, before=limit_files(100_000))
    assert "no pixel cache: cannot write" in done.stdout and "File too large" in done.stdout
    assert "every epoch reads the image files (as DATALOADER.CACHE none)" in done.stdout
    assert "Epoch 1 done" in done.stdout and not list((broken / ".cache").glob("*.part"))


@pytest.mark.skipif(sys.platform == "win32", reason="kills a process as Unix does")
def test_reading_process_that_is_killed(start, quick, tmp_path):
    words = ["--IMS_PER_BATCH", "16", "--MAX_EPOCHS", "1000", "SOLVER.LOG_PERIOD", "1"]
    words += ["DATALOADER.CACHE", "none", "DATALOADER.NUM_WORKERS", "1", "OUTPUT_DIR", tmp_path / "run"]
    training = start("tools/train.py", *quick, *words)
    training.wait_until(lambda: "Epoch[2] Iteration[1/" in training.out)
    for worker in psutil.Process(training.process.pid).children(recursive=True):
        worker.send_signal(signal.SIGKILL)
    assert_refused(training.finish(), "a process that reads images died", "DATALOADER.NUM_WORKERS")
    (weights,) = (tmp_path / "run").glob("mAP*.pth")
    assert torch.load(weights, weights_only=True), "the weights of the first epoch are intact"


@pytest.mark.skipif(sys.platform == "win32", reason="hides the compilers as Unix does")
def test_compiling_without_a_compiler(train, tmp_path):
    env = {"PATH": str(tmp_path), "CXX": "", "TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "inductor")}
    done = train("--model_name", "resnet18", "SOLVER.COMPILE", "on", env=env)
    assert_refused(done, "SOLVER.COMPILE needs a C++ compiler", "SOLVER.COMPILE off")


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_disk_that_is_full_for_the_log(train, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "log.txt").symlink_to("/dev/full")
    assert_refused(
        train("OUTPUT_DIR", tmp_path / "run"), "cannot write", "log.txt", "No space left on device"
    )


def test_faults_of_the_program_keep_their_traceback(tmp_path):
    (tmp_path / "fault.py").write_text(
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from utils.command import run_command\n"
        "run_command(lambda: 1 / 0)\n"
    )
    done = run_fresh(tmp_path / "fault.py", ROOT, cwd=tmp_path)
    assert done.returncode == 1 and "ZeroDivisionError" in done.stderr and "Traceback" in done.stderr
