"""The training loop: what happens when, and what is logged."""

from collections.abc import Callable

import torch
from ignite.engine import Engine, Events
from loguru import logger

from utils.run_folder import RunFolder

from .events import TrainingEvents, iteration_of_epoch
from .inference import log_metrics
from .interrupt import StoppedError
from .run import Run
from .training import Training


def do_train(training: Training, run_folder: RunFolder | None, resume: dict | None = None) -> None:
    """Train, evaluate every SOLVER.EVAL_PERIOD epochs and after the last, and save mAPxx.pth each time.

    ``last.pth`` is saved after every epoch, every SOLVER.SAVE_EVERY_MINUTES, and on SIGINT or SIGTERM, which
    end the training after the current step. Resuming from it gives, on a CPU, bit for bit the
    weights of a training that was not interrupted.

    Args:
        training: of ``make_training``.
        run_folder: where the first process writes; None in the others.
        resume: state of a run to resume, of ``load_state``.

    Raises:
        InputError: an image cannot be read, a file cannot be written, or a loss is not finite.
    """
    run, max_epochs = Run(training, run_folder), training.cfg.SOLVER.MAX_EPOCHS
    trainer = run.trainer
    for event, handler in handlers(run):
        trainer.add_event_handler(event, handler)
    try:
        with run:
            if resume:
                run.state.restore(resume, max_epochs)
            elif run.checkpoints:
                run.checkpoints.check_space(training.model)
            run.attach_writers()  # after the handlers: they report weights that exist
            run.validate(trainer)  # of a run that was stopped before it
            if trainer.state.epoch >= max_epochs or trainer.should_terminate:
                logger.info(f"Nothing is left to train after epoch {trainer.state.epoch} (SOLVER.MAX_EPOCHS)")
            else:
                trainer.run(training.train_loader, max_epochs=max_epochs)
            run.save_epoch(trainer)  # the last evaluation came after the epoch's save
    except StoppedError:
        pass
    if run.interrupt.heard and run_folder:
        place = f"epoch {trainer.state.epoch}, iteration {iteration_of_epoch(trainer)}"
        logger.info(f"Stopped in {place}. Resume with: python tools/train.py --resume {run_folder.path}")


def handlers(run: Run) -> list[tuple[Events | TrainingEvents, Callable]]:
    """What the trainer does besides its steps, in the order in which it is done."""
    steps = [
        # The epoch's order, learning rate and frozen layers, before its first batch is drawn.
        (Events.EPOCH_STARTED, lambda engine: start_epoch(engine, run)),
        # A warm-up by iterations sets the rate of the step that follows.
        (Events.ITERATION_STARTED, lambda e: run.training.scheduler.step_iteration(e.state.iteration)),
        # The average follows each step, before anything saves or tests it.
        (Events.ITERATION_COMPLETED, run.average),
        # A log line empties the meter, so a save comes after it.
        (Events.ITERATION_COMPLETED, run.log),
        (Events.ITERATION_COMPLETED, run.save_or_stop),
        # Before the evaluation, whose time is not the epoch's.
        (Events.EPOCH_COMPLETED, lambda engine: print_times(engine, run)),
        # Before the evaluation: the epoch is saved while it runs, whatever happens in it.
        (Events.EPOCH_COMPLETED, run.save_epoch),
        (Events.EPOCH_COMPLETED, run.validate),
    ]
    if run.folder is None:
        return steps
    # In the first process. What is shown comes first, then the weights.
    return steps + [
        (TrainingEvents.LOGGED, log_training_loss),
        (TrainingEvents.EVALUATED, lambda engine: log_validation_results(engine, run.training.num_query)),
        (TrainingEvents.EVALUATED, run.save_weights),
    ]


def start_epoch(engine: Engine, run: Run) -> None:
    """Set the epoch's order of images and learning rate, and start its clock; or resume in its middle."""
    state, training, solver = engine.state, run.training, run.cfg.SOLVER
    done = state.iteration % state.epoch_length
    run.step.start_epoch(frozen=solver.FREEZE and state.epoch <= solver.FREEZE_EPOCHS)
    training.train_loader.set_epoch(state.epoch, done)
    if not done:
        training.scheduler.step()
    run.start_pace()


def log_training_loss(engine: Engine) -> None:
    """Log the mean loss and accuracy since the last such line."""
    state, metrics = engine.state, engine.state.metrics
    logger.info(
        f"Epoch[{state.epoch}] Iteration[{iteration_of_epoch(engine)}/{state.epoch_length}] "
        f"Loss: {metrics['loss']:.3f}, Acc: {metrics['accuracy']:.3f}, Base Lr: {metrics['lr']:.2e}"
    )


def print_times(engine: Engine, run: Run) -> None:
    """Log the time of a batch and the images per second of all processes, waiting for images included."""
    if run.training.device.type == "cuda":
        torch.cuda.synchronize(run.training.device)
    pace = run.epoch_pace
    logger.info(
        f"Epoch {engine.state.epoch} done. Time per batch: {pace.seconds / pace.batches:.3f}[s] "
        f"Speed: {pace.images_per_second:.1f}[samples/s]"
    )
    logger.info("-" * 10)


def log_validation_results(engine: Engine, num_query: int) -> None:
    """Log the results of an evaluation."""
    logger.info(f"Validation Results - Epoch: {engine.state.epoch}")
    log_metrics(engine.state.evaluation.metrics, num_query)
