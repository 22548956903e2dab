"""The events of a training, and what they carry."""

from ignite.engine import Engine, EventEnum


class TrainingEvents(EventEnum):
    """Events of the trainer, besides ignite's own; ``state.metrics`` holds what was measured.

    - LOGGED: every SOLVER.LOG_PERIOD iterations and at the end of an epoch: means since the last time of
      'loss', of each part of the loss as 'loss_<name>', not weighted, and of 'accuracy' (0..1); the learning
      rates now, 'lr' of the head and 'lr_<name>' of each other group of parameters; 'images_per_s' of all
      processes since the last time, waiting for images included; and 'memory_GB', the most that this process
      has held so far: of the GPU's, on a CPU of the system's.
    - EVALUATED: after an evaluation, in the first process: 'mAP', 'rank1', 'rank5', 'rank10' and 'mINP', all
      0..1; ``state.evaluation`` is the whole ``engine.inference.Evaluation``, while the event lasts.
    - PICTURED: there is something to look at, ``state.picture``; only if a writer shows pictures.

    A writer listens to them: see ``engine.writers``.
    """

    LOGGED = "logged"
    EVALUATED = "evaluated"
    PICTURED = "pictured"


def iteration_of_epoch(engine: Engine) -> int:
    """Number of the batch in its epoch, from 1."""
    return (engine.state.iteration - 1) % engine.state.epoch_length + 1


def is_line_due(engine: Engine, period: int) -> bool:
    """Whether a log line is due: every ``period`` iterations of an epoch, and at its end."""
    iteration = iteration_of_epoch(engine)
    return iteration % period == 0 or iteration == engine.state.epoch_length
