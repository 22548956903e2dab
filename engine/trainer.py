"""The training loop."""

import time
from collections.abc import Callable
from pathlib import Path

import torch
from ignite.engine import Engine, Events
from loguru import logger
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from yacs.config import CfgNode

from utils.curves import Curves
from utils.device import autocast, is_out_of_memory
from utils.errors import InputError

from .checkpoint import BestCheckpoints
from .features import make_engine
from .inference import evaluate, log_metrics


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
        """Mean loss and accuracy of the batches since the last call."""
        loss, accuracy = (self._sums / max(1, self._batches)).tolist()
        self._sums.zero_()
        self._batches = 0
        return loss, accuracy


def do_train(
    cfg: CfgNode,
    model: nn.Module,
    train_loader,
    val_loader,
    optimizer: Optimizer,
    scheduler: LRScheduler,
    loss_fn: Callable,
    num_query: int,
    run_folder: Path,
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
        run_folder: where the weights go.
        device: to compute on.

    Raises:
        InputError: an image cannot be read, weights cannot be written, or the memory does not hold a batch.
    """
    checkpoints = BestCheckpoints(run_folder, cfg.SOLVER.KEEP_BEST)
    checkpoints.check_space(model)
    meter = Meter(device)
    curves = Curves(run_folder / "curves.png")

    def update(engine: Engine, batch) -> int:
        if len(batch.images) < 2:  # the rest could not be read; batch norm needs two
            return 0
        images = train_loader.transform(batch.images.to(device, non_blocking=True))
        target = batch.pids.to(device, non_blocking=True)
        with autocast(device, cfg.SOLVER.AMP):
            score, feat = model(images)
        loss = loss_fn(score, feat, target)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        meter.update(loss.detach(), (score.argmax(1) == target).float().mean())
        return len(target)

    trainer = make_engine(update)
    every_eval = Events.EPOCH_COMPLETED(
        event_filter=lambda _, epoch: epoch % cfg.SOLVER.EVAL_PERIOD == 0 or epoch == cfg.SOLVER.MAX_EPOCHS
    )
    trainer.add_event_handler(Events.EPOCH_STARTED, start_epoch, model, train_loader, scheduler)
    trainer.add_event_handler(Events.ITERATION_COMPLETED, count_images)
    trainer.add_event_handler(
        Events.ITERATION_COMPLETED, log_training_loss, meter, scheduler, curves, cfg.SOLVER.LOG_PERIOD
    )
    trainer.add_event_handler(Events.EPOCH_COMPLETED, print_times, device)
    trainer.add_event_handler(
        every_eval, log_validation_results, cfg, model, val_loader, num_query, device, checkpoints, curves
    )
    try:
        trainer.run(train_loader, max_epochs=cfg.SOLVER.MAX_EPOCHS)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise InputError(
            f"out of memory on {device} with {cfg.SOLVER.IMS_PER_BATCH} images of "
            f"{list(cfg.INPUT.SIZE_TRAIN)} in a batch; lower SOLVER.IMS_PER_BATCH (--IMS_PER_BATCH) or "
            "INPUT.SIZE_TRAIN"
        ) from None


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
    engine: Engine, meter: Meter, scheduler: LRScheduler, curves: Curves, period: int
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
    curves.add_loss(state.epoch - 1 + iteration / state.epoch_length, loss)


def print_times(engine: Engine, device: torch.device) -> None:
    """Log the time of a batch and the images per second of the epoch, waiting for images included."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    seconds = time.perf_counter() - engine.state.epoch_start
    logger.info(
        f"Epoch {engine.state.epoch} done. Time per batch: {seconds / engine.state.epoch_length:.3f}[s] "
        f"Speed: {engine.state.num_images / seconds:.1f}[samples/s]"
    )
    logger.info("-" * 10)


def log_validation_results(
    engine: Engine,
    cfg: CfgNode,
    model: nn.Module,
    val_loader,
    num_query: int,
    device: torch.device,
    checkpoints: BestCheckpoints,
    curves: Curves,
) -> None:
    """Evaluate, log the results, save the weights and draw the curves."""
    metrics = evaluate(cfg, model, val_loader, num_query, device)
    logger.info(f"Validation Results - Epoch: {engine.state.epoch}")
    log_metrics(metrics, num_query)
    logger.info(f"Saved {checkpoints.save(model, metrics.mAP)}")
    curves.add_result(engine.state.epoch, metrics.mAP, metrics.cmc[0])
