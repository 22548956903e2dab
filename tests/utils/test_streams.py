"""stdout and stderr of every kind."""

import io
import os
import re
import subprocess
import sys

import pytest
from loguru import logger

from tests.conftest import ROOT
from utils.command import run_command
from utils.logger import setup_logger
from utils.streams import safe_streams


class NotebookStream:
    """What ipykernel gives a program as stdout: it can be written, and not much else."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text
        return len(text)

    def flush(self):
        pass

    def isatty(self):
        return False


class Broken(NotebookStream):
    """Fails with an error of the system."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def write(self, text):
        raise self.error


def command() -> int:
    setup_logger()
    logger.info("one")
    print("two")
    print("three", file=sys.stderr)
    return 0


def end_of(main) -> int:
    with pytest.raises(SystemExit) as end:
        run_command(main)
    logger.remove()
    return end.value.code


def test_a_notebook(monkeypatch):
    out, err = NotebookStream(), NotebookStream()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    assert end_of(command) == 0
    assert out.text.splitlines()[0].endswith("- one") and out.text.endswith("\ntwo\n")
    assert err.text == "three\n"
    assert (sys.stdout, sys.stderr) == (out, err), "the notebook has its own streams back"


def test_no_console(monkeypatch):
    closed = io.StringIO()
    closed.close()
    for stream in (None, closed):
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(sys, "stderr", stream)
        assert end_of(command) == 0


def test_no_descriptor_to_write_to():
    """As ``>&-`` in a shell: the first file that is opened takes the number of stdout."""
    code = (
        "import sys; from utils.command import run_command; assert sys.stdout is None; "
        "run_command(lambda: print('one') or print('three', file=sys.stderr) or 0)"
    )
    words = ["sh", "-c", '"$0" -c "$1" >&-', sys.executable, code]
    done = subprocess.run(words, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "three\n")


@pytest.mark.parametrize("error", [BrokenPipeError(32, "Broken pipe"), OSError(22, "Invalid argument")])
def test_a_reader_that_has_gone_is_not_an_error(monkeypatch, error):
    """Nor is it where the stream has no descriptor; Windows calls it an invalid argument."""
    monkeypatch.setattr(sys, "stdout", Broken(error))
    assert end_of(command) == 0


def test_a_full_disk_ends_the_command(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdout", Broken(OSError(28, "No space left on device")))
    assert end_of(command) == 2
    assert capsys.readouterr().err == "error: cannot write the program's output: No space left on device\n"


def test_characters_that_the_console_lacks(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="cp936"))
    with safe_streams():
        print("行人 128×64 é \udcff")
        assert raw.getvalue().decode("cp936") == "行人 128×64 é \\udcff\n", "shown at once"


def test_no_figure_needs_a_window():
    """Jupyter and Colab name a backend that their own Python has; every command starts all the same."""
    tools = [p.stem for p in (ROOT / "tools").glob("*.py")]
    code = f"import {', '.join(f'tools.{name}' for name in tools)}\n"
    code += "from utils.figures import Figure; Figure().savefig(open('/dev/null', 'wb'))"
    env = os.environ | {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    done = subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr
    files = [p for p in ROOT.glob("*/**/*.py") if not {".venv", "tests"} & {*p.parts}]
    importing = [p.name for p in files if re.search(r"^\s*(from|import) matplotlib", p.read_text(), re.M)]
    assert importing == ["figures.py"]
