"""The log, the run's folder, and how a command ends."""

import errno
import os
import re

import pytest
from loguru import logger

from config import ConfigError
from utils.command import run_command
from utils.errors import InputError
from utils.logger import log_plain, log_to_file, setup_logger
from utils.run_folder import RunFolder, newest_run, settings_beside
from utils.streams import safe_streams


@pytest.fixture(autouse=True)
def fresh_log():
    yield
    logger.remove()


def test_log_goes_to_the_screen_and_with_its_early_lines_to_the_file(tmp_path, capsys):
    setup_logger()
    logger.info("before the folder")
    log_plain("as it is")
    log_to_file(tmp_path / "log.txt")
    logger.warning("after: {} <b>")
    lines = (tmp_path / "log.txt").read_text().splitlines()
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \| INFO     \| \S+test_run:test_log_goes\w+:\d+ - "
        "before the folder",
        lines[0],
    )
    assert lines[1] == "as it is" and lines[2].endswith("| WARNING  | " + lines[2].split("| ")[-1])
    assert lines[2].endswith("after: {} <b>") and len(lines) == 3
    assert capsys.readouterr().out.splitlines() == lines


def test_a_line_that_is_not_text_is_logged_with_escapes(tmp_path):
    """As a path whose name in bytes is not UTF-8."""
    setup_logger()
    log_to_file(tmp_path / "log.txt")
    with safe_streams():
        logger.info("at \udcff")
    assert (tmp_path / "log.txt").read_text(encoding="utf-8").endswith("- at \\udcff\n")


def test_log_file_that_cannot_be_opened(tmp_path):
    setup_logger()
    with pytest.raises(InputError, match="cannot write"):
        log_to_file(tmp_path / "none" / "log.txt")


def test_run_folders_never_meet(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    setup_logger()
    first, second = (RunFolder.create("", "net-data", f"SEED: {i}") for i in range(2))
    assert re.fullmatch(r"logs/net-data-\d{8}-\d{6}", first.path.as_posix()) and first != second
    named = [RunFolder.create("out/run", "net-data", "SEED: 1") for _ in range(3)]
    assert [run.path.as_posix() for run in named] == ["out/run", "out/run-2", "out/run-3"]
    assert first.settings.read_text() == "SEED: 0" and first.log.exists()


def test_the_names_of_a_runs_files(tmp_path):
    run = RunFolder(tmp_path)
    files = run.log, run.settings, run.results, run.curves, run.last, run.previous, run.lock
    files += run.weights(0.7512), run.weights(0.7508, distilled=True), run.bad_batch(3, 14)
    names = "log.txt config.yml results.csv curves.png last.pth last.previous.pth .lock"
    names += " mAP75.1.pth mAP_KD_75.1.pth bad-batch-3-14.txt"
    assert files == tuple(tmp_path / name for name in names.split())
    assert settings_beside(run.weights(1.0)) == run.settings


def test_the_newest_run_is_the_one_saved_last(tmp_path):
    assert newest_run(tmp_path) is None and newest_run(tmp_path / "none") is None
    for age, file in enumerate(["b/last.previous.pth", "a/last.pth", "last.pth"]):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
        os.utime(tmp_path / file, (100 - age, 100 - age))
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "mAP50.0.pth").touch()
    assert newest_run(tmp_path) == RunFolder(tmp_path / "b")
    (tmp_path / "b" / "last.previous.pth").unlink()
    assert newest_run(tmp_path) == RunFolder(tmp_path / "a") == newest_run(tmp_path / "a")


@pytest.mark.parametrize("name", ["timm/vit.augreg-C:\\people", 'net-a*b?"<>|', "con.people", "net-cut. "])
def test_the_name_of_a_folder_is_one_that_windows_takes(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    setup_logger()
    made = RunFolder.create("", name, "").path.name
    assert not re.search(r'[<>:"/\\|?*]', made) and not made.lower().startswith("con.")
    assert [p.name for p in (tmp_path / "logs").iterdir()] == [made]


def test_settings_are_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    run = RunFolder.create(str(tmp_path), "", "SEED: 1")
    run.replace_settings("SEED: 2")
    assert run.settings.read_text() == "SEED: 2"

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InputError, match="cannot write .*config.yml: No space left on device; .*OUTPUT_DIR"):
        run.replace_settings("SEED: 3")
    assert run.settings.read_text() == "SEED: 2"


@pytest.mark.parametrize(
    "error, code, text",
    [
        (InputError("two\n lines"), 2, "error: two lines\n"),
        (ConfigError("a setting is wrong"), 2, "error: a setting is wrong\n"),
        (KeyboardInterrupt(), 130, "stopped by Ctrl-C; what was saved so far is intact\n"),
        (KeyboardInterrupt("go on"), 130, "stopped by Ctrl-C; go on\n"),
    ],
)
def test_how_a_command_ends(error, code, text, capsys):
    def main():
        raise error

    with pytest.raises(SystemExit) as end:
        run_command(main)
    assert end.value.code == code and capsys.readouterr().err == text


def test_how_a_command_ends_on_windows(monkeypatch, capsys):
    """Where there is no SIGCHLD."""
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.delattr("signal.SIGCHLD", raising=False)

    def main():
        raise InputError("one line")

    with pytest.raises(SystemExit) as end:
        run_command(main)
    assert end.value.code == 2 and capsys.readouterr().err == "error: one line\n"


def test_a_run_in_the_current_folder_has_the_next_one_beside_it(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    setup_logger()
    assert RunFolder.create(".", "x", "a: 1\n") == RunFolder(tmp_path / "here")
    assert RunFolder.create(".", "x", "a: 2\n") == RunFolder(tmp_path / "here-2")
    assert (tmp_path / "here" / "config.yml").read_text() == "a: 1\n"


def test_a_command_that_succeeds_and_one_that_is_at_fault():
    with pytest.raises(SystemExit) as end:
        run_command(lambda: 0)
    assert end.value.code == 0
    with pytest.raises(ZeroDivisionError):
        run_command(lambda: 1 / 0)


@pytest.mark.parametrize(
    "text, words",
    [
        (
            "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has",
            ["out of memory;", "SOLVER.IMS_PER_BATCH"],
        ),
        ("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried", ["TEST.IMS_PER_BATCH"]),
        ("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling", ["out of memory", "DATALOADER.CACHE ram"]),
        ("cuDNN error: CUDNN_STATUS_ALLOC_FAILED", ["out of memory: cuDNN"]),
        ("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED", ["out of memory: cuDNN"]),
        ("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED", ["out of memory: cuDNN"]),
        ("GET was unable to find an engine to execute this computation", ["out of memory: GET"]),
        ("FIND was unable to find an engine to execute this computation", ["SOLVER.IMS_PER_BATCH"]),
        ("DataLoader worker (pid 7) is killed by signal: Killed. ", ["Killed;", "DATALOADER.NUM_WORKERS"]),
        ("InvalidCxxCompiler: No working C++ compiler found in", ["SOLVER.COMPILE off"]),
        ("Cannot find a working triton installation. Either", ["SOLVER.COMPILE off"]),
        (
            "[gloo/transport/tcp/pair.cc:538] Connection closed by peer [127.0.0.1]:1",
            ["processes of torchrun"],
        ),
        ("NCCL communicator was aborted on rank 1.", ["aborted on rank 1;", "processes of torchrun"]),
    ],
)
def test_faults_of_the_machine_are_one_line(capsys, text, words):
    def main():
        raise RuntimeError(text)

    with pytest.raises(SystemExit) as stopped:
        run_command(main)
    (line,) = capsys.readouterr().err.splitlines()
    assert stopped.value.code == 2 and line.startswith("error: ")
    assert all(word in line for word in words), line


def test_other_errors_of_torch_keep_their_traceback():
    def main():
        raise RuntimeError("Caught RuntimeError in DataLoader worker process 0.\nOriginal Traceback")

    with pytest.raises(RuntimeError, match="Original"):
        run_command(main)
