"""Images per second of the training loop and of its input, in turns with what they are compared to."""

import statistics
import time
from collections.abc import Callable, Iterator

import torch
from ignite.engine import Engine, Events
from ignite.handlers import Timer
from torch.utils.data import DataLoader
from torch.utils.flop_counter import FlopCounterMode
from yacs.config import CfgNode

from config import changed
from data import make_data_loader
from engine import Training
from engine.run import Run
from engine.trainer import handlers
from layers import make_loss
from modeling import build_model
from utils.memory import peak_memory

from .machine import machine
from .per_image_pipeline import PerImageDataset, per_image_transform

# Dense bfloat16 (V100, T4: float16) FLOP/s by NVIDIA's data sheets, by a part of the GPU's name.
PEAK_FLOPS = {
    "H100 PCIe": 756e12,
    "H100": 989e12,
    "H200": 989e12,
    "A100": 312e12,
    "L40S": 362e12,
    "RTX 4090": 165e12,
    "V100": 125e12,
    "T4": 65e12,
}


def loop_rates(
    training: Training, steps: int, rounds: int
) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Rates of the loop of tools/train.py, of its network on one fixed batch, and of plain float32 training.

    Args:
        training: its EVAL_PERIOD is never reached.
        steps: of the loop in a turn.
        rounds: turns that count.

    Returns:
        Rates by name [images/s], a list of turns each; and data wait, memory and arithmetic of the loop.
    """
    run, device = Run(training, None), training.device
    training.train_loader.set_epoch(1)
    batch = next(iter(training.train_loader))
    plain = PlainTraining(training, batch.images.float(), batch.pids)
    turns = Turns(lambda: run.step(batch, left=10**6), plain, len(batch.pids), device, (steps, rounds))
    for event, handler in handlers(run):
        run.trainer.add_event_handler(event, handler)
    wait = Timer(average=True)
    wait.attach(
        run.trainer,
        start=Events.STARTED,
        resume=Events.GET_BATCH_STARTED,
        pause=Events.GET_BATCH_COMPLETED,
        step=Events.GET_BATCH_COMPLETED,
    )
    run.trainer.add_event_handler(Events.STARTED, turns.start)
    run.trainer.add_event_handler(Events.ITERATION_COMPLETED, turns)
    run.trainer.run(training.train_loader, max_epochs=10**6)  # until the turns are over
    facts = turns.facts | {"data_wait_s": wait.value()}
    facts["flops_per_s"] = facts["flops_per_image"] * statistics.median(
        turns.rates["end_to_end_images_per_s"]
    )
    if peak := next((most for name, most in PEAK_FLOPS.items() if name in machine(device)), None):
        facts["model_flop_utilisation"] = facts["flops_per_s"] / peak
    return turns.rates, facts


class Turns:
    """Interrupts the loop after every ``steps`` steps, for as many on a fixed batch and for some plain ones.

    The first turn warms up and does not count.

    Args:
        fixed: a step on the fixed batch.
        plain: a step of plain training.
        batch: images in a step.
        device: to compute on.
        size: steps of the loop in a turn, and turns that count.
    """

    def __init__(
        self, fixed: Callable, plain: Callable, batch: int, device: torch.device, size: tuple[int, int]
    ):
        self.fixed, self.plain = fixed, plain
        self.batch, self.device, (self.steps, self.rounds) = batch, device, size
        self.clock = Clock(device)
        self.rates = {f"{name}_images_per_s": [] for name in ("end_to_end", "fixed_batch", "plain_fp32")}
        self.facts: dict[str, float] = {}

    def start(self) -> None:
        """Start the clock of the loop."""
        self.clock.lap()

    def __call__(self, engine: Engine) -> None:
        """Take the loop's time after the last step of its turn, and let the others have theirs."""
        if engine.state.iteration % self.steps:
            return
        few = max(1, self.steps // 5)  # plain training is slow
        seconds = [self.clock.lap() / self.steps]
        seconds.append(self.clock.time(self.fixed, self.steps))
        if not self.facts:  # before plain training adds its own
            self.facts["peak_memory_bytes"] = peak_memory(self.device)
            self.facts["flops_per_image"] = flops(self.fixed) / self.batch
        seconds.append(self.clock.time(self.plain, few))
        if engine.state.iteration > self.steps:
            for values, step_seconds in zip(self.rates.values(), seconds, strict=True):
                values.append(self.batch / step_seconds)
        if engine.state.iteration == (self.rounds + 1) * self.steps:
            engine.terminate()
        self.fixed()  # plain training has left the caches and the heap cold
        self.clock.lap()


class PlainTraining:
    """A step as PyTorch does it by default: float32, contiguous, Adam's default kernels.

    On a GPU without TF32, which PyTorch would use for convolutions: in the precision of ``SOLVER.AMP no``.
    """

    def __init__(self, training: Training, images: torch.Tensor, target: torch.Tensor):
        cfg, num_classes = training.cfg, len(training.model.classifier.weight)
        self.model = build_model(cfg, num_classes).to(training.device)
        self.loss_fn = make_loss(cfg, num_classes, self.model.global_dim).to(training.device)
        self.optimizer = torch.optim.Adam(self.model.parameters(), cfg.SOLVER.BASE_LR)
        self.images, self.target = images.contiguous(), target

    def __call__(self) -> None:
        """Train on the batch."""
        loss = self.loss_fn(*self.model(self.images), self.target)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()


def input_rates(cfg: CfgNode, device: torch.device, steps: int, rounds: int) -> dict[str, list[float]]:
    """Rates of the input alone: ours, on one thread, and image by image, in a worker [images/s].

    Args:
        cfg: the settings; DATALOADER.NUM_WORKERS is ignored.
        device: to compute on.
        steps: batches in a turn.
        rounds: turns that count.
    """
    cfg = changed(cfg, {"DATALOADER.NUM_WORKERS": 0})
    loader, inp = make_data_loader(cfg, device)[0], cfg.INPUT
    transform = per_image_transform(
        inp.SIZE_TRAIN, inp.PROB, inp.PADDING, inp.RE_PROB, inp.PIXEL_MEAN, inp.PIXEL_STD
    )
    plain = DataLoader(
        PerImageDataset(loader.dataset.records, transform),
        batch_sampler=loader.loader.batch_sampler,
        num_workers=1,
        persistent_workers=True,
    )
    ours, theirs = endless(loader), endless(plain)
    rates = {f"{name}_images_per_s_per_core": [] for name in ("input", "per_image_pipeline")}
    clock = Clock(device)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    for number in range(rounds + 1):
        for _ in range(plain.prefetch_factor):
            next(theirs)  # what the worker has ready: from here on, each batch is waited for
        batch_seconds = clock.time(lambda: next(theirs)[0].to(device), steps)
        time.sleep(2 * plain.prefetch_factor * batch_seconds)  # until it has as many ready again, and rests
        seconds = (clock.time(lambda: next(ours), steps), batch_seconds)
        for values, batch_seconds in zip(rates.values(), seconds, strict=True):
            if number:  # the first turn warms up
                values.append(cfg.SOLVER.IMS_PER_BATCH / batch_seconds)
    torch.set_num_threads(threads)
    return rates


def endless(loader) -> Iterator:
    """The batches of epoch after epoch."""
    while True:
        yield from loader


class Clock:
    """Measures seconds, with the device's work done."""

    def __init__(self, device: torch.device):
        self.device = device
        self.last = time.perf_counter()

    def lap(self) -> float:
        """Seconds since the last call."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        before, self.last = self.last, time.perf_counter()
        return self.last - before

    def time(self, work: Callable[[], object], times: int) -> float:
        """Seconds of a piece of work, the mean over this many times."""
        self.lap()
        for _ in range(times):
            work()
        return self.lap() / times


def flops(work: Callable[[], object]) -> int:
    """Floating-point operations of the matrix products and convolutions in a piece of work."""
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()
