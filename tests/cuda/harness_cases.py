"""What the pretended device must notice; name -> case(bench)."""

from unittest import mock

import pytest
import torch

from engine.meter import Meter
from layers import TripletLoss
from tests.cuda.bench import CUDA, TINY, Bench
from tests.cuda.pretended import HostSyncError, WrongPlaceError


class WaitingBackward(torch.autograd.Function):
    """The identity, whose gradient the host reads."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient if gradient.sum() > 0 else None


WAITS = {
    "item": lambda x: x.sum().item(),
    "truth": lambda x: bool(x.any()),
    "list": lambda x: x.tolist(),
    "nonzero": lambda x: x.nonzero(),
    "mask": lambda x: x[x > 0],
    "mask that is filled": lambda x: x.index_put_((x > 0,), torch.ones(3, device=CUDA)),
    "masked_select": lambda x: x.masked_select(x > 0),
    "unique": lambda x: x.unique(),
    "bincount": lambda x: x.long().bincount(),
    "equal": lambda x: torch.equal(x, x),
    "repeat_interleave": lambda x: torch.repeat_interleave(x.long()),
    "copy to the host": lambda x: x.cpu(),
    "copy into ordinary memory": lambda x: torch.empty(6).copy_(x, non_blocking=True),
    "copy from ordinary memory": lambda x: torch.ones(6).to(CUDA, non_blocking=True),
    "blocking copy": lambda x: torch.ones(6).pin_memory().to(CUDA),
    "numbers of the host": lambda x: torch.tensor([1.0, 2.0], device=CUDA),
    "assignment from the host": lambda x: x.copy_(torch.ones(6)),
    "backward": lambda x: WaitingBackward.apply(x.requires_grad_()).sum().backward(),
}
WRONG_PLACES = {
    "sum": lambda x: x + torch.ones(6),
    "index": lambda x: x[torch.tensor([0, 1])],
    "list": lambda x: torch.stack((x, torch.ones(6))),
}


def notices(error: type[Exception], use):
    """The use of six numbers of the device is noticed."""

    def run(bench: Bench) -> None:
        numbers = torch.zeros(6, device=CUDA)
        with pytest.raises(error), bench.cuda.no_waiting():
            use(numbers)

    return run


def item_in_a_loss(bench: Bench) -> None:
    """It is told where."""
    forward = TripletLoss.forward

    def waiting(loss, feat, target):
        loss.seen = forward(loss, feat, target).item()

    with (
        mock.patch.object(TripletLoss, "forward", waiting),
        pytest.raises(HostSyncError, match="layers/build"),
    ):
        bench.train(*TINY)


def meter_on_the_host(bench: Bench) -> None:
    """Its sums are made on the CPU."""

    def update(meter, scalars):
        meter._sums += torch.stack(list(scalars.values()))

    with mock.patch.object(Meter, "update", update), pytest.raises(WrongPlaceError):
        start = Meter.__init__
        with mock.patch.object(Meter, "__init__", lambda meter, device: start(meter, torch.device("cpu"))):
            bench.train(*TINY)


def what_may_be(bench: Bench) -> None:
    """Pinned copies, a mask filled with one number, sizes that the host knows."""
    with bench.cuda.no_waiting():
        numbers = torch.arange(6).pin_memory().to(CUDA, non_blocking=True)
        torch.empty(6, dtype=torch.int64, pin_memory=True).copy_(numbers, non_blocking=True)
        assert torch.repeat_interleave(numbers, numbers, output_size=15).device == CUDA
        halves = numbers * 0.5
        halves[halves > 1] = 1
    assert (numbers + 1).tolist() == [1, 2, 3, 4, 5, 6]


CASES = {
    **{f"noticed: {name}": notices(HostSyncError, use) for name, use in WAITS.items()},
    **{f"noticed: host in {name}": notices(WrongPlaceError, use) for name, use in WRONG_PLACES.items()},
    "noticed: item in a loss": item_in_a_loss,
    "noticed: meter on the host": meter_on_the_host,
    "not noticed: what may be": what_may_be,
}
