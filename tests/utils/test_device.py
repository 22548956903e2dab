import os

import pytest
import torch
from torch.backends import cudnn
from torch.backends.cuda import matmul

from utils.device import autocast, has_bfloat16, select_device

CPU = torch.device("cpu")


def test_cpu_without_a_warning(caplog_loguru):
    assert select_device("cpu") == CPU and not caplog_loguru


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_cuda_falls_back_to_the_cpu_with_one_warning(caplog_loguru):
    assert select_device("cuda", "0") == CPU
    assert len(caplog_loguru) == 1 and "running on the CPU" in caplog_loguru[0]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_cuda():
    assert select_device("cuda", "0") == torch.device("cuda", 0)


def test_a_gpu_that_is_not_there_falls_back(monkeypatch, caplog_loguru):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert select_device("cuda", "7") == CPU and "no CUDA device 7" in caplog_loguru[0]
    select_device("cuda", "7", said_by="--device")
    assert "(--device cpu " in caplog_loguru[1]


@pytest.fixture
def pretended_gpu(monkeypatch):
    """One GPU for select_device, as far as it looks; torch's own settings as they were afterwards."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "set_device", lambda number: None)
    before = cudnn.benchmark, cudnn.allow_tf32, matmul.allow_tf32
    yield
    cudnn.benchmark, cudnn.allow_tf32, matmul.allow_tf32 = before


def test_float32_on_a_gpu_is_not_tf32(pretended_gpu):
    cudnn.allow_tf32 = matmul.allow_tf32 = True
    assert select_device("cuda") == torch.device("cuda", 0)
    assert not cudnn.allow_tf32 and not matmul.allow_tf32
    assert torch.get_float32_matmul_precision() == "highest"


@pytest.mark.parametrize("own, expected", [(None, "PCI_BUS_ID"), ("FASTEST_FIRST", "FASTEST_FIRST")])
def test_gpus_are_numbered_as_in_nvidia_smi(pretended_gpu, monkeypatch, own, expected):
    monkeypatch.setenv("CUDA_DEVICE_ORDER", own or "")
    if own is None:
        monkeypatch.delenv("CUDA_DEVICE_ORDER")
    seen = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: seen.append(os.environ["CUDA_DEVICE_ORDER"]))
    select_device("cuda")
    assert seen[0] == expected, "before CUDA starts"


@pytest.mark.parametrize("has", [True, False])
def test_bfloat16_only_where_asked_for_and_computed(monkeypatch, has):
    monkeypatch.setattr("utils.device.has_bfloat16", lambda _: has)
    a = torch.ones(4, 4)
    for enabled in (True, False):
        with autocast(CPU, enabled):
            assert (a @ a).dtype == (torch.bfloat16 if has and enabled else torch.float32)


@pytest.mark.parametrize(
    "flags, expected", [("avx512_bf16", True), ("amx_bf16 amx_tile", True), ("avx512f", False)]
)
def test_bfloat16_is_read_from_the_processors_flags(monkeypatch, tmp_path, flags, expected):
    file = tmp_path / "cpuinfo"
    file.write_text(f"flags\t\t: fpu {flags} sse\n")
    monkeypatch.setattr("utils.machine.CPUINFO", file)
    monkeypatch.setattr("platform.system", lambda: "Linux")
    assert has_bfloat16(CPU) is expected
