"""The training loop."""

import time
from collections.abc import Callable
from pathlib import Path

import ignite.distributed as idist
import torch
from ignite.engine import Engine, Events
from loguru import logger
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from yacs.config import CfgNode

from utils.curves import Curves
from utils.distributed import share_buffers

from .checkpoint import BestCheckpoints
from .features import make_engine
from .inference import evaluate, log_metrics
from .prefetch import Prefetcher
from .step import TrainStep


class Meter:
    """Means of loss and accuracy and the number of images since the last reading, summed on the device.

    Nothing waits for the device until ``read``.
    """

    def __init__(self, device: torch.device):
        self._sums = torch.zeros(2, dtype=torch.float64, device=device)
        self._batches = 0

    def update(self, loss: torch.Tensor, accuracy: torch.Tensor) -> None:
        """Add a batch: loss and accuracy, scalars on the device."""
        self._sums += torch.stack((loss, accuracy))
        self._batches += 1

    def read(self) -> tuple[float, float]:
        """Mean loss and accuracy of the batches (at least one) of all processes since the last call."""
        loss, accuracy = idist.all_reduce(self._sums / self._batches).tolist()
        self._sums.zero_()
        self._batches = 0
        return loss / idist.get_world_size(), accuracy / idist.get_world_size()


def do_train(
    cfg: CfgNode,
    model: nn.Module,
    train_loader,
    val_loader,
    optimizer: Optimizer,
    scheduler: LRScheduler,
    loss_fn: Callable,
    num_query: int,
    run_folder: Path | None,
    device: torch.device,
) -> None:
    """Train, evaluate every SOLVER.EVAL_PERIOD epochs and after the last, and save mAPxx.pth each time.

    Args:
        cfg: the settings.
        model: on ``device``.
        train_loader: yields ``data.images.Batch``; ``transform`` makes the network's input, ``set_epoch`` the
            order.
        val_loader: query images, then gallery images.
        optimizer: of the model.
        scheduler: stepped at the start of each epoch.
        loss_fn: loss_fn(score, feat, target) -> scalar.
        num_query: number of query images.
        run_folder: where the first process writes the weights; None in the others.
        device: to compute on.

    Raises:
        InputError: an image cannot be read, or weights cannot be written.
    """
    curves = Curves(run_folder / "curves.png") if run_folder else None
    step = TrainStep(cfg, model, loss_fn, optimizer, device)
    trainer = make_trainer(cfg, step, model, train_loader, scheduler, device, curves)
    checkpoints = BestCheckpoints(run_folder, cfg.SOLVER.KEEP_BEST) if run_folder else None
    if checkpoints:
        checkpoints.check_space(model)
    every_eval = Events.EPOCH_COMPLETED(
        event_filter=lambda _, epoch: epoch % cfg.SOLVER.EVAL_PERIOD == 0 or epoch == cfg.SOLVER.MAX_EPOCHS
    )
    trainer.add_event_handler(
        every_eval, log_validation_results, cfg, model, val_loader, num_query, device, checkpoints, curves
    )
    trainer.run(Prefetcher(train_loader, device), max_epochs=cfg.SOLVER.MAX_EPOCHS)


def make_trainer(
    cfg: CfgNode,
    step: TrainStep,
    model: nn.Module,
    train_loader,
    scheduler: LRScheduler,
    device: torch.device,
    curves: Curves | None = None,
) -> Engine:
    """The engine that trains and logs; evaluation and weights are up to others.

    Args:
        cfg: the settings.
        step: what is done with a batch.
        model: that ``step`` trains.
        train_loader: whose batches the engine will be run on.
        scheduler: stepped at the start of each epoch.
        device: to compute on.
        curves: told the losses, if given.
    """
    meter = Meter(device)

    def update(engine: Engine, batch) -> int:
        state = engine.state
        left = state.epoch_length - (state.iteration - 1) % state.epoch_length
        meter.update(*step(train_loader.transform(batch.images, step.dtype), batch.pids, left))
        return len(batch.pids)

    trainer = make_engine(update)
    trainer.add_event_handler(Events.EPOCH_STARTED, start_epoch, model, train_loader, scheduler)
    trainer.add_event_handler(Events.ITERATION_COMPLETED, count_images)
    trainer.add_event_handler(
        Events.ITERATION_COMPLETED, log_training_loss, meter, scheduler, curves, cfg.SOLVER.LOG_PERIOD
    )
    trainer.add_event_handler(Events.EPOCH_COMPLETED, print_times, device)
    return trainer


def start_epoch(engine: Engine, model: nn.Module, train_loader, scheduler: LRScheduler) -> None:
    """Set the epoch's order of images and learning rate, and start its clock."""
    model.train()
    train_loader.set_epoch(engine.state.epoch)
    scheduler.step()
    engine.state.num_images = 0
    engine.state.epoch_start = time.perf_counter()


def count_images(engine: Engine) -> None:
    """Add up the images of the epoch."""
    engine.state.num_images += engine.state.output


def log_training_loss(
    engine: Engine, meter: Meter, scheduler: LRScheduler, curves: Curves | None, period: int
) -> None:
    """Log the mean loss and accuracy since the last such line, every ``period`` iterations of an epoch."""
    state = engine.state
    iteration = (state.iteration - 1) % state.epoch_length + 1
    if iteration % period and iteration != state.epoch_length:
        return
    loss, accuracy = meter.read()
    logger.info(
        f"Epoch[{state.epoch}] Iteration[{iteration}/{state.epoch_length}] Loss: {loss:.3f}, "
        f"Acc: {accuracy:.3f}, Base Lr: {scheduler.get_last_lr()[0]:.2e}"
    )
    if curves:
        curves.add_loss(state.epoch - 1 + iteration / state.epoch_length, loss)


def print_times(engine: Engine, device: torch.device) -> None:
    """Log the time of a batch and the images per second of all processes, waiting for images included."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    seconds = time.perf_counter() - engine.state.epoch_start
    logger.info(
        f"Epoch {engine.state.epoch} done. Time per batch: {seconds / engine.state.epoch_length:.3f}[s] "
        f"Speed: {engine.state.num_images * idist.get_world_size() / seconds:.1f}[samples/s]"
    )
    logger.info("-" * 10)


def log_validation_results(
    engine: Engine,
    cfg: CfgNode,
    model: nn.Module,
    val_loader,
    num_query: int,
    device: torch.device,
    checkpoints: BestCheckpoints | None,
    curves: Curves | None,
) -> None:
    """Evaluate in all processes; in the first, log the results, save the weights and draw the curves."""
    share_buffers(model)
    metrics = evaluate(cfg, model, val_loader, num_query, device)
    if checkpoints is None:
        return
    logger.info(f"Validation Results - Epoch: {engine.state.epoch}")
    log_metrics(metrics, num_query)
    logger.info(f"Saved {checkpoints.save(model, metrics.mAP)}")
    curves.add_result(engine.state.epoch, metrics.mAP, metrics.cmc[0])
