"""A training, from its parts to the files of its run."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
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

from .average import average_weights
from .checkpoint import BestCheckpoints
from .divergence import LossWatch
from .inference import evaluate
from .interrupt import Interrupt, StoppedError
from .meter import Meter
from .run_state import RunState, only_one
from .step import TrainStep
from .trainer import ends_line, iteration_of_epoch, log_validation_results, make_trainer


def do_train(
    cfg: CfgNode,
    model: nn.Module,
    train_loader,
    val_loader,
    optimizer: Optimizer,
    scheduler: LRScheduler,
    loss_fn: nn.Module,
    num_query: int,
    run_folder: Path | None,
    device: torch.device,
    resume: dict | None = None,
    distillation: Callable | None = None,
) -> None:
    """Train, evaluate every SOLVER.EVAL_PERIOD epochs and after the last, and save mAPxx.pth each time.

    ``last.pth`` is saved after every epoch, every SOLVER.SAVE_EVERY_MINUTES, and on SIGINT or SIGTERM, which
    end the training after the step that is under way. Going on from it gives, on a CPU, bit for bit the
    weights of a training that was not interrupted.

    Args:
        cfg: the settings.
        model: on ``device``.
        train_loader: a ``data.DeviceLoader`` of the training images.
        val_loader: query images, then gallery images.
        optimizer: of the model.
        scheduler: stepped at the start of each epoch, and before each batch.
        loss_fn: loss_fn(score, feat, target) -> scalar.
        num_query: number of query images.
        run_folder: where the first process writes the weights; None in the others.
        device: to compute on.
        resume: state of a run to go on from, of ``load_state``.
        distillation: what is learnt beside the identities, see ``TrainStep``; None: nothing.

    Raises:
        InputError: an image cannot be read, a file cannot be written, or a loss is not finite.
    """
    solver = cfg.SOLVER
    curves = Curves(run_folder) if run_folder else None
    checkpoints = (
        BestCheckpoints(run_folder, solver.KEEP_BEST, distilled=distillation is not None)
        if run_folder
        else None
    )
    step = TrainStep(cfg, model, loss_fn, optimizer, device, distillation)
    meter = Meter(device)
    watch = LossWatch(solver.SKIP_BAD_STEPS, lambda i: train_loader.dataset.records[i].path, run_folder)
    trainer = make_trainer(cfg, step, train_loader, scheduler, meter, watch, curves)
    average = average_weights(trainer, model, solver.EMA) if solver.EMA else None
    parts = {
        "ema": average,  # before the model, so that a test of last.pth takes it
        "model": model,
        "optimizer": optimizer,
        "scheduler": scheduler,
        "scaler": step.scaler,
        "loss": loss_fn,
        "loader": train_loader,
        "meter": meter,
        "watch": watch,
        "curves": curves,
        "checkpoints": checkpoints,
    }
    run = RunState(trainer, parts, watch.settle, cfg.dump(), run_folder)
    interrupt = Interrupt()
    validation = Validation(
        cfg, average or model, val_loader, num_query, device, checkpoints, curves, run, interrupt
    )
    train_loader.loader.while_waiting = lambda: stop_waiting(step, run, interrupt)
    trainer.add_event_handler(Events.ITERATION_COMPLETED, save_or_stop, cfg, step, run, interrupt)
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda _: run.save())
    trainer.add_event_handler(Events.EPOCH_COMPLETED, validation)
    try:
        with interrupt, only_one(run_folder):
            if resume:
                run.restore(resume, solver.MAX_EPOCHS)
            elif checkpoints:
                checkpoints.check_space(model)
            validation(trainer)  # of a run that was stopped before it
            if trainer.state.epoch >= solver.MAX_EPOCHS or trainer.should_terminate:
                logger.info(f"Nothing is left to train after epoch {trainer.state.epoch} (SOLVER.MAX_EPOCHS)")
                return
            trainer.run(train_loader, max_epochs=solver.MAX_EPOCHS)
    except StoppedError:
        pass
    if interrupt.heard:
        place = f"epoch {trainer.state.epoch}, iteration {iteration_of_epoch(trainer)}"
        logger.info(f"Stopped in {place}. Go on with: python tools/train.py --resume {run_folder}")


def save_or_stop(engine: Engine, cfg: CfgNode, step: TrainStep, run: RunState, interrupt: Interrupt) -> None:
    """Save last.pth after a step of the optimizer, when it is time to or to end the training at a signal."""
    if not step.complete:
        return
    # Many processes ask one another only after a line of the log, for which they have waited for one another.
    solver, iteration = cfg.SOLVER, iteration_of_epoch(engine)
    after_line = ends_line(engine, solver.LOG_PERIOD) or iteration % solver.LOG_PERIOD < solver.GRAD_ACCUM
    if (idist.get_world_size() == 1 or after_line) and interrupt.wished():
        run.save()
        engine.terminate()
    elif 0 < solver.SAVE_EVERY_MINUTES <= run.minutes_since_save():
        run.save()


def stop_waiting(step: TrainStep, run: RunState, interrupt: Interrupt) -> None:
    """End the training at a signal that came while no batch does, and perhaps never will."""
    if interrupt.heard and idist.get_world_size() == 1:
        if step.complete:
            run.save()
        raise StoppedError


@dataclass
class Validation:
    """Evaluates after the epochs that SOLVER.EVAL_PERIOD names, once each; keeps weights and curves.

    Args:
        cfg: the settings.
        model: to evaluate and save, on ``device``.
        val_loader: query images, then gallery images.
        num_query: number of query images.
        device: to compute on.
        checkpoints: in the first process.
        curves: in the first process.
        run: knows the last epoch evaluated, and is saved after each.
        interrupt: a signal ends the evaluation; it is done again when the run goes on.
    """

    cfg: CfgNode
    model: nn.Module
    val_loader: Iterable
    num_query: int
    device: torch.device
    checkpoints: BestCheckpoints | None
    curves: Curves | None
    run: RunState
    interrupt: Interrupt

    def __call__(self, engine: Engine) -> None:
        """Evaluate if the epoch that is done has still to be, and end the training if nothing gets better."""
        epoch, solver = engine.state.epoch, self.cfg.SOLVER
        due = epoch % solver.EVAL_PERIOD == 0 or epoch == solver.MAX_EPOCHS
        if engine.state.iteration == 0 or engine.state.iteration % engine.state.epoch_length:
            return
        if due and self.run.evaluated != epoch:
            share_buffers(self.model)
            with self.interrupt.at_once():
                metrics = evaluate(self.cfg, self.model, self.val_loader, self.num_query, self.device)
            if metrics:
                log_validation_results(epoch, metrics, self.num_query)
                logger.info(f"Saved {self.checkpoints.save(self.model, metrics.mAP)}")
                self.curves.add_result(epoch, metrics)
            self.run.evaluated = epoch
            self.run.save()
        since_best = idist.all_reduce(self.curves.since_best if self.curves else 0, "MAX")
        if 0 < solver.EARLY_STOP <= since_best:
            logger.info(f"No better mAP in {since_best} evaluations: the training ends (SOLVER.EARLY_STOP)")
            engine.terminate()
