"""The figures of a run so far: losses by log line, results by evaluation."""

from collections import namedtuple
from typing import NamedTuple

from ignite.engine import Engine

from utils.run_folder import COLUMNS

from .events import TrainingEvents, iteration_of_epoch


class Logged(NamedTuple):
    """The figures of a log line."""

    epoch: float  # epochs trained, with their fraction
    loss: float


# An evaluation, as a row of results.csv; all but the epoch in percent.
Evaluated = namedtuple("Evaluated", COLUMNS)


class History:
    """Collects the figures that a trainer's events carry.

    Attributes:
        losses: every log line.
        results: every evaluation.
    """

    def __init__(self):
        self.losses: list[Logged] = []
        self.results: list[Evaluated] = []

    def attach(self, trainer: Engine) -> None:
        """Listen to a trainer; before the writers, which read what is collected here."""
        trainer.add_event_handler(TrainingEvents.LOGGED, self._add_loss)
        trainer.add_event_handler(TrainingEvents.EVALUATED, self._add_result)

    @property
    def since_best(self) -> int:
        """Evaluations since the one with the best mAP."""
        mean_aps = [result.mAP for result in self.results]
        return len(mean_aps) - 1 - mean_aps.index(max(mean_aps)) if mean_aps else 0

    def state_dict(self) -> dict:
        """The figures so far, as plain values."""
        return {"losses": [*map(tuple, self.losses)], "results": [*map(tuple, self.results)]}

    def load_state_dict(self, state: dict) -> None:
        """Continue with the figures of a ``state_dict``."""
        self.losses = [Logged(*line) for line in state["losses"]]
        self.results = [Evaluated(*row) for row in state["results"]]

    def _add_loss(self, engine: Engine) -> None:
        state = engine.state
        epoch = state.epoch - 1 + iteration_of_epoch(engine) / state.epoch_length
        self.losses.append(Logged(epoch, state.metrics["loss"]))

    def _add_result(self, engine: Engine) -> None:
        values = (round(100 * engine.state.metrics[name], 3) for name in COLUMNS[1:])
        self.results.append(Evaluated(engine.state.epoch, *values))
