"""What the container files name is there."""

import shlex

import pytest
import yaml

from config.commands import COMMANDS
from config.flags import FLAGS
from tests.conftest import ROOT

SERVE = "search serve"


def test_files_that_are_copied_exist():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = [shlex.split(line)[1:-1] for line in lines if line.startswith("COPY ") and "--from" not in line]
    sources = [source for words in copied for source in words if not source.startswith("--")]
    assert len(sources) == 4 and all((ROOT / source).exists() for source in sources)
    needed = ("requirements.txt", "requirements-search.txt")
    tests = [(ROOT / name).read_text(encoding="utf-8").partition("\n\n# for ")[2] for name in needed]
    assert all(text.startswith(("`make test`\n", "the tests of")) for text in tests), "what sed leaves out"


@pytest.mark.skipif(SERVE not in COMMANDS, reason="there is no such command")
def test_compose_starts_a_command_with_flags_that_it_has():
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    tool, part, *words = services["search"]["command"]
    assert (ROOT / tool).is_file() and part == SERVE.split()[1]
    flags = {name for flag in FLAGS if SERVE in flag.commands for name in flag.names}
    assert {word.partition("=")[0] for word in words if word.startswith("--")} <= flags
    (port,) = services["search"]["ports"]
    default = next(flag.fills.value for flag in FLAGS if "--port" in flag.names and SERVE in flag.commands)
    assert port.endswith(f":{default}")
