import sys

import pytest
import torch

from tests.distributed import run_in_processes
from utils import distributed
from utils.device import select_device, usable_gpu
from utils.distributed import gather_rows, process_number, share_buffers
from utils.errors import InputError


def check_gather_rows(rank: int) -> None:
    def gather(first: torch.Tensor, second: torch.Tensor) -> None:
        mine = (first, second)[rank]
        found, expected = gather_rows(mine), torch.cat([x for x in (first, second) if len(x)])
        assert torch.equal(found, mine if rank else expected) and found.dtype == mine.dtype

    torch.manual_seed(0)  # the same numbers in both
    gather(torch.randn(3, 2), torch.randn(1, 2))
    gather(torch.arange(8).view(2, 4).T, torch.arange(6).view(2, 3).T)  # not contiguous
    gather(torch.empty(0, 0), torch.ones(2, 5))
    distributed.CHUNK = 3
    gather(torch.randn(7, 2), torch.randn(5, 2))
    gather(torch.randn(2, 2), torch.randn(9, 2))
    assert gather_rows(torch.empty(0, 0)).shape == (0, 0)


def check_contiguous(rank: int) -> None:
    """NCCL refuses tensors that are not contiguous; gloo takes them."""
    import ignite.distributed as idist

    gathered, all_gather = [], idist.all_gather
    idist.all_gather = lambda rows: gathered.append(rows.is_contiguous()) or all_gather(rows)
    gather_rows(torch.arange(8).view(2, 4).T)
    assert gathered == [True, True]


def check_share_buffers(rank: int) -> None:
    model = torch.nn.BatchNorm1d(2)
    model.running_mean += rank + 1
    with torch.no_grad():
        model.weight += rank
    share_buffers(model)
    assert model.running_mean.tolist() == [1, 1] and model.weight.tolist() == [1 + rank] * 2


def check_log(rank: int) -> None:
    from utils.logger import log_plain, setup_logger

    setup_logger()
    lines = []
    sys.stdout.write = lines.append
    log_plain("once")
    assert bool(lines) == (rank == 0) and process_number() == rank


def test_rows_of_all_processes():
    run_in_processes(check_gather_rows)
    run_in_processes(check_contiguous)


def test_buffers_of_the_first_process():
    run_in_processes(check_share_buffers)


def test_only_the_first_process_logs():
    run_in_processes(check_log)


def test_alone():
    rows = torch.ones(2, 3)
    assert gather_rows(rows) is rows and process_number() == 0


@pytest.fixture
def third_process(monkeypatch):
    for name, value in {"RANK": "2", "LOCAL_RANK": "2", "WORLD_SIZE": "4"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "set_device", lambda number: None)


def test_each_process_has_the_gpu_of_its_number(third_process, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    assert select_device("cuda", "0") == torch.device("cuda", 2)
    assert usable_gpu("cuda", "0") == 2 and usable_gpu("cpu", "0") is None


def test_more_processes_than_gpus(third_process, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(InputError, match="no GPU 2 for process 2: this machine has 2; .*--nproc_per_node"):
        select_device("cuda", "0")
