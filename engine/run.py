"""A running training: what its steps, log lines, evaluations and saves share."""

import math
from contextlib import ExitStack

import ignite.distributed as idist
from ignite.engine import Engine, Events
from loguru import logger

from utils.distributed import share_buffers
from utils.memory import peak_memory
from utils.run_folder import RunFolder

from .checkpoint import BestCheckpoints
from .ema import WeightAverage
from .events import TrainingEvents, is_line_due, iteration_of_epoch
from .features import make_engine
from .history import History
from .inference import evaluate
from .interrupt import Interrupt, StoppedError
from .meter import Meter
from .non_finite import LossWatch
from .pace import Pace
from .run_state import RunState, only_one
from .saving import BackgroundSaver
from .step import TrainStep
from .training import Training
from .writers import Writers


class Run:
    """The engine of a training, and what its handlers work on.

        with run:                                    # signals are handled, the folder is locked
            run.trainer.run(training.train_loader)   # each batch: update; the handlers do the rest

    Args:
        training: what is trained.
        folder: of the run, in the first process; None: nothing is written.

    Attributes:
        trainer: its ``output`` is the number of images of the batch.
        state: everything that the run is resumed from.
        epoch_pace: of the epoch.
        line_pace: since the last log line of the epoch.
    """

    def __init__(self, training: Training, folder: RunFolder | None):
        cfg, records = training.cfg, training.train_loader.dataset.records
        self.training, self.cfg, self.folder = training, cfg, folder
        self.step = TrainStep(training)
        self.meter = Meter(training.device)
        self.watch = LossWatch(cfg.SOLVER.SKIP_BAD_STEPS, lambda i: records[i].path, folder)
        self.ema = WeightAverage(training.model, cfg.SOLVER.EMA) if cfg.SOLVER.EMA else None
        self.epoch_pace, self.line_pace = Pace(), Pace()
        self.interrupt, self.saver = Interrupt(), BackgroundSaver()
        self.history = History(training.loss_weights)
        self.checkpoints = self.writers = None
        if folder:
            self.writers = Writers(training, folder, self.history)
            distilled = training.distillation is not None
            self.checkpoints = BestCheckpoints(folder, cfg.SOLVER.KEEP_BEST, self.saver, distilled)
        training.train_loader.loader.while_waiting = self.stop_waiting
        self.trainer = make_engine(self.update)
        self.trainer.register_events(*TrainingEvents)
        self.state = RunState(self.trainer, self._parts(), cfg.dump(), folder, self.saver)

    def _parts(self) -> dict:
        """What last.pth holds, besides place, settings and random numbers."""
        training = self.training
        return {
            # The average first: whoever loads last.pth as weights gets the first of the two.
            "ema": self.ema and self.ema.model,
            "model": training.model,
            "optimizer": training.optimizer,
            "scheduler": training.scheduler,
            "scaler": self.step.scaler,
            "loss": training.loss_fn,
            "loader": training.train_loader,
            "distillation": training.distillation,
            "meter": self.meter,
            "watch": self.watch,
            "history": self.history if self.folder else None,
            "writers": self.writers,
            "checkpoints": self.checkpoints,
        }

    def __enter__(self) -> "Run":
        with ExitStack() as stack:
            stack.enter_context(self.interrupt)
            stack.enter_context(only_one(self.folder))
            stack.enter_context(self.saver)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error) -> bool | None:
        return self._stack.__exit__(*error)

    def attach_writers(self) -> None:
        """Let history and writers listen, once it is known where the run stands; the history first.

        Raises:
            InputError: a writer cannot begin.
        """
        if self.writers:
            self.history.attach(self.trainer)
            self._stack.callback(self.writers.close)
            self.writers.attach(self.trainer)
        if self.writers and self.writers.viewers:
            # After the first batch is drawn for them, which is not the training's time.
            self.trainer.add_event_handler(Events.ITERATION_STARTED(once=1), lambda _: self.start_pace())

    def start_pace(self) -> None:
        """Set the clocks of an epoch to zero."""
        self.epoch_pace, self.line_pace = Pace(), Pace()

    def update(self, engine: Engine, batch) -> int:
        """Train on a batch; returns the number of its images."""
        state = engine.state
        left = state.epoch_length - iteration_of_epoch(engine) + 1
        scalars = self.step(batch, left)
        self.meter.update(scalars)
        self.watch.add(state.epoch, iteration_of_epoch(engine), scalars["loss"], batch.indices)
        self.epoch_pace.add(len(batch.pids))
        self.line_pace.add(len(batch.pids))
        return len(batch.pids)

    def log(self, engine: Engine) -> None:
        """If a log line is due, read the meter and fire LOGGED."""
        if not is_line_due(engine, self.cfg.SOLVER.LOG_PERIOD):
            return
        engine.state.metrics = self.meter.read() | self._rates()  # read waits for the device; then the clock
        engine.state.metrics["images_per_s"] = self.line_pace.images_per_second
        engine.state.metrics["memory_GB"] = peak_memory(self.training.device) / 1e9
        self.line_pace = Pace()
        engine.fire_event(TrainingEvents.LOGGED)

    def _rates(self) -> dict[str, float]:
        """The learning rates: 'lr', of the head, and those of the other groups of parameters."""
        first, *others = self.training.optimizer.param_groups
        return {"lr": first["lr"]} | {f"lr_{group['name']}": group["lr"] for group in others}

    def average(self, engine: Engine) -> None:
        """Let the averaged weights follow a step of the optimizer."""
        if self.ema and self.step.complete:
            self.ema.update(math.ceil(engine.state.iteration / self.cfg.SOLVER.GRAD_ACCUM))

    def save(self) -> None:
        """Save last.pth, unless a loss was not finite.

        Raises:
            InputError: it was, or an earlier file could not be written.
        """
        self.watch.settle()
        self.state.save()

    def save_or_stop(self, engine: Engine) -> None:
        """Save last.pth after a step of the optimizer, if a save is due or to end the run at a signal."""
        if not self.step.complete:
            return
        # Several processes ask each other only after a log line, for which they have waited for each other.
        solver = self.cfg.SOLVER
        since_line = iteration_of_epoch(engine) % solver.LOG_PERIOD
        after_line = is_line_due(engine, solver.LOG_PERIOD) or since_line < solver.GRAD_ACCUM
        if (idist.get_world_size() == 1 or after_line) and self.interrupt.wished():
            self.save()
            engine.terminate()
        elif 0 < solver.SAVE_EVERY_MINUTES <= self.state.minutes_since_save():
            self.save()

    def stop_waiting(self) -> None:
        """End the training at a signal that came while waiting for a batch, which may never come."""
        if self.interrupt.heard and idist.get_world_size() == 1:
            if self.step.complete:
                self.save()
            raise StoppedError

    def save_epoch(self, engine: Engine) -> None:
        """Save last.pth at the end of an epoch, unless its last step was just saved."""
        if not self.state.is_saved:
            self.save()

    def validate(self, engine: Engine) -> None:
        """Evaluate the finished epoch if that is due, and end the training if mAP no longer improves."""
        epoch, solver = engine.state.epoch, self.cfg.SOLVER
        if engine.state.iteration == 0 or engine.state.iteration % engine.state.epoch_length:
            return
        due = epoch % solver.EVAL_PERIOD == 0 or epoch == solver.MAX_EPOCHS
        if due and self.state.evaluated != epoch:
            self._evaluate(engine)
        since_best = idist.all_reduce(self.history.since_best, "MAX")
        if 0 < solver.EARLY_STOP <= since_best:
            logger.info(f"No better mAP in {since_best} evaluations: the training ends (SOLVER.EARLY_STOP)")
            engine.terminate()

    def _evaluate(self, engine: Engine) -> None:
        training, model = self.training, self.ema.model if self.ema else self.training.model
        share_buffers(model)
        if training.val_loader.loader.num_workers:
            self.saver.wait()  # a process forked now would inherit the locks of the thread
        with self.interrupt.at_once():
            found = evaluate(self.cfg, model, training.val_loader, training.num_query)
        self.state.evaluated = engine.state.epoch
        if found:
            engine.state.evaluation, engine.state.metrics = found, found.metrics.summary()
            engine.fire_event(TrainingEvents.EVALUATED)
            engine.state.evaluation = None  # the features of all test images

    def save_weights(self, engine: Engine) -> None:
        """Save mAPxx.pth after an evaluation."""
        model = self.ema.model if self.ema else self.training.model
        logger.info(f"Saved {self.checkpoints.save(model, engine.state.metrics['mAP'])}")
