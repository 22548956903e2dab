"""The log, the run's folder, and how a command ends."""

import re

import pytest
from loguru import logger

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
        (KeyError("expected by the caller"), 2, "error: 'expected by the caller'\n"),
        (KeyboardInterrupt(), 130, "stopped by Ctrl-C; the weights saved so far are whole\n"),
    ],
)
def test_how_a_command_ends(error, code, text, capsys):
    def main():
        raise error

    with pytest.raises(SystemExit) as end:
        run_command(main, KeyError)
    assert end.value.code == code and capsys.readouterr().err == text


def test_a_command_that_succeeds_and_one_that_is_at_fault():
    with pytest.raises(SystemExit) as end:
        run_command(lambda: None)
    assert end.value.code == 0
    with pytest.raises(ZeroDivisionError):
        run_command(lambda: 1 / 0)
