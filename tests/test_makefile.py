"""What `make` leaves out, and what checks a commit."""

import re

import yaml

from tests.commands import ROOT

# Words of a test that starts a program, a server or a browser.
STARTS = (
    "http.server",
    "multiprocessing_context",
    "playwright",
    "run_fresh",
    "run_in_processes",
    "sys.executable",
    "tests.search.page",
)


def slow_paths() -> list[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    return re.search(r"^SLOW := (.+)$", text, re.M)[1].split()


def test_what_the_fast_tests_leave_out_is_there():
    assert [path for path in slow_paths() if not (ROOT / path).exists()] == []


def test_the_fast_tests_start_nothing():
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")}
    fast = [file for file in files if not file.startswith(tuple(slow_paths()))]
    assert 50 < len(fast) < len(files)
    texts = {
        file: (ROOT / file).read_text(encoding="utf-8") for file in fast if file != "tests/test_makefile.py"
    }
    assert [file for file, text in texts.items() if any(word in text for word in STARTS)] == []


def test_a_commit_is_checked_with_the_ruff_of_the_tests():
    (hooks,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    required = re.search(r"^ruff==(\S+)$", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.M)
    assert hooks["rev"] == f"v{required[1]}"
