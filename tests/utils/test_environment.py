import sys

import pytest
import torch

from benchmarks.machine import machine
from utils.environment import log_environment, processor_name

CPU = torch.device("cpu")
CPUINFO = "processor\t: 0\nmodel\t\t: 143\nmodel name\t: Fast CPU: 2.1 GHz\nmodel name\t: Fast CPU: 2.1 GHz\n"


def test_the_processor_by_its_name(monkeypatch, tmp_path, caplog_loguru):
    file = tmp_path / "cpuinfo"
    file.write_text(CPUINFO)
    monkeypatch.setattr("utils.machine.CPUINFO", file)
    assert processor_name(CPU) == "Fast CPU: 2.1 GHz" and machine().startswith("Fast CPU: 2.1 GHz, ")
    monkeypatch.setattr("utils.environment.git_commit", lambda: "abc")
    monkeypatch.setattr(sys, "argv", ["tools/train.py", "SEED", "3"])
    log_environment(CPU, 3, "SEED: 3")
    command, versions, device, settings = caplog_loguru
    assert command == "Command: tools/train.py SEED 3\n" and settings == "Settings:\nSEED: 3\n"
    assert f"torch {torch.__version__}," in versions and versions.endswith("; git commit abc\n")
    assert device == f"Device: cpu (Fast CPU: 2.1 GHz), {torch.get_num_threads()} threads; seed 3\n"


@pytest.mark.parametrize("cpuinfo", [None, "processor\t: 0\nBogoMIPS\t: 50.00\n"])  # Windows; ARM
@pytest.mark.parametrize("processor, expected", [("Intel64 Family 6", "Intel64 Family 6"), ("", "arm64")])
def test_a_system_that_does_not_name_it(monkeypatch, tmp_path, cpuinfo, processor, expected):
    file = tmp_path / "cpuinfo"
    if cpuinfo:
        file.write_text(cpuinfo)
    monkeypatch.setattr("utils.machine.CPUINFO", file)
    monkeypatch.setattr("platform.processor", lambda: processor)
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    assert processor_name(CPU) == expected
