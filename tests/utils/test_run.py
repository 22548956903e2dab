"""The log, the run's folder, and how a command ends."""

import re

import pytest
from loguru import logger

from config import ConfigError
from utils.errors import InputError, run_command
from utils.logger import log_plain, log_to_file, setup_logger
from utils.run_folder import make_run_folder


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


def test_log_file_that_cannot_be_opened(tmp_path):
    setup_logger()
    with pytest.raises(InputError, match="cannot write"):
        log_to_file(tmp_path / "none" / "log.txt")


def test_run_folders_never_meet(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    setup_logger()
    first, second = (make_run_folder("", "net-data", f"SEED: {i}") for i in range(2))
    assert re.fullmatch(r"logs/net-data-\d{8}-\d{6}", str(first)) and first != second
    named = [make_run_folder("out/run", "net-data", "SEED: 1") for _ in range(3)]
    assert [str(p) for p in named] == ["out/run", "out/run-2", "out/run-3"]
    assert (first / "config.yml").read_text() == "SEED: 0" and (first / "log.txt").exists()


@pytest.mark.parametrize(
    "error, code, text",
    [
        (InputError("two\n lines"), 2, "error: two lines\n"),
        (ConfigError("a setting is wrong"), 2, "error: a setting is wrong\n"),
        (KeyboardInterrupt(), 130, "stopped by Ctrl-C; the weights saved so far are whole\n"),
    ],
)
def test_how_a_command_ends(error, code, text, capsys):
    def main():
        raise error

    with pytest.raises(SystemExit) as end:
        run_command(main)
    assert end.value.code == code and capsys.readouterr().err == text


def test_the_folder_one_stands_in_holds_a_run_and_the_next_lies_beside_it(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    setup_logger()
    assert make_run_folder(".", "x", "a: 1\n") == tmp_path / "here"
    assert make_run_folder(".", "x", "a: 2\n") == tmp_path / "here-2"
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
def test_what_the_machine_is_to_blame_for_is_one_line(capsys, text, words):
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
