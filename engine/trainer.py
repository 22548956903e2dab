"""The training loop and what it logs."""

import time

import ignite.distributed as idist
import torch
from ignite.engine import Engine, Events
from loguru import logger
from torch.optim.lr_scheduler import LRScheduler
from yacs.config import CfgNode

from utils.curves import Curves
from utils.metrics import RankMetrics

from .divergence import LossWatch
from .features import make_engine
from .inference import log_metrics
from .meter import Meter
from .step import TrainStep


def make_trainer(
    cfg: CfgNode,
    step: TrainStep,
    train_loader,
    scheduler: LRScheduler,
    meter: Meter,
    watch: LossWatch,
    curves: Curves | None = None,
) -> Engine:
    """The engine that trains and logs; evaluation and files are up to others.

    Args:
        cfg: the settings.
        step: what is done with a batch.
        train_loader: whose batches the engine will be run on.
        scheduler: stepped at the start of each epoch, and before each batch.
        meter: told loss and accuracy of each batch.
        watch: told the loss of each batch.
        curves: told the losses that are logged, if given.
    """

    def update(engine: Engine, batch) -> int:
        state = engine.state
        left = state.epoch_length - (state.iteration - 1) % state.epoch_length
        loss, accuracy = step(batch.images, batch.pids, left, batch.indices)
        meter.update(loss, accuracy)
        watch.add(state.epoch, iteration_of_epoch(engine), loss, batch.indices)
        return len(batch.pids)

    frozen_epochs = cfg.SOLVER.FREEZE_EPOCHS if cfg.SOLVER.FREEZE else 0
    trainer = make_engine(update)
    trainer.add_event_handler(Events.EPOCH_STARTED, start_epoch, step, frozen_epochs, train_loader, scheduler)
    trainer.add_event_handler(
        Events.ITERATION_STARTED, lambda engine: scheduler.step_iteration(engine.state.iteration)
    )
    trainer.add_event_handler(Events.ITERATION_COMPLETED, count_images)
    trainer.add_event_handler(
        Events.ITERATION_COMPLETED, log_training_loss, meter, scheduler, curves, cfg.SOLVER.LOG_PERIOD
    )
    trainer.add_event_handler(Events.EPOCH_COMPLETED, print_times, step.device)
    return trainer


def iteration_of_epoch(engine: Engine) -> int:
    """Number of the batch in its epoch, from 1."""
    return (engine.state.iteration - 1) % engine.state.epoch_length + 1


def ends_line(engine: Engine, period: int) -> bool:
    """Whether a line of the log is due: every ``period`` iterations of an epoch, and at its end."""
    iteration = iteration_of_epoch(engine)
    return iteration % period == 0 or iteration == engine.state.epoch_length


def start_epoch(
    engine: Engine, step: TrainStep, frozen_epochs: int, train_loader, scheduler: LRScheduler
) -> None:
    """Set the epoch's order of images and learning rate, and start its clock; or go on in its middle."""
    state = engine.state
    done = state.iteration % state.epoch_length
    step.start_epoch(frozen=state.epoch <= frozen_epochs)
    train_loader.set_epoch(state.epoch, done)
    if not done:
        scheduler.step()
    state.num_images = state.num_batches = 0
    state.epoch_start = time.perf_counter()


def count_images(engine: Engine) -> None:
    """Add up the images of the epoch."""
    engine.state.num_images += engine.state.output
    engine.state.num_batches += 1


def log_training_loss(
    engine: Engine, meter: Meter, scheduler: LRScheduler, curves: Curves | None, period: int
) -> None:
    """Log the mean loss and accuracy since the last such line, every ``period`` iterations of an epoch."""
    if not ends_line(engine, period):
        return
    state, iteration = engine.state, iteration_of_epoch(engine)
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
    state = engine.state
    seconds = time.perf_counter() - state.epoch_start
    logger.info(
        f"Epoch {state.epoch} done. Time per batch: {seconds / state.num_batches:.3f}[s] "
        f"Speed: {state.num_images * idist.get_world_size() / seconds:.1f}[samples/s]"
    )
    logger.info("-" * 10)


def log_validation_results(epoch: int, metrics: RankMetrics, num_query: int) -> None:
    """Log the results of an evaluation."""
    logger.info(f"Validation Results - Epoch: {epoch}")
    log_metrics(metrics, num_query)
