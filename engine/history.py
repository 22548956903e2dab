"""The figures of a run so far: everything that the trainer's events carried."""

from collections import namedtuple
from collections.abc import Mapping
from typing import NamedTuple

from ignite.engine import Engine

from utils.run_folder import COLUMNS

from .events import TrainingEvents


class Measured(NamedTuple):
    """What an event of the trainer carried."""

    event: str  # value of TrainingEvents: logged or evaluated
    iteration: int  # trained so far
    epoch: float  # epochs trained so far, with their fraction
    metrics: dict[str, float]  # see TrainingEvents


# An evaluation, as a row of results.csv; all but the epoch in percent.
Evaluated = namedtuple("Evaluated", COLUMNS)


class History:
    """Collects the figures that a trainer's events carry.

    Args:
        weights: of the parts of the loss, by name.

    Attributes:
        measured: everything, in its order.
    """

    def __init__(self, weights: Mapping[str, float]):
        self.weights = dict(weights)
        self.measured: list[Measured] = []

    def attach(self, trainer: Engine) -> None:
        """Listen to a trainer; before the writers, which read what is collected here."""
        for event in (TrainingEvents.LOGGED, TrainingEvents.EVALUATED):
            trainer.add_event_handler(event, self._add, event.value)

    @property
    def lines(self) -> list[Measured]:
        """What was measured in training, by log line."""
        return [measured for measured in self.measured if measured.event == TrainingEvents.LOGGED.value]

    @property
    def results(self) -> list[Evaluated]:
        """Every evaluation."""
        return [
            Evaluated(round(epoch), *(round(100 * metrics[name], 3) for name in COLUMNS[1:]))
            for event, _, epoch, metrics in self.measured
            if event == TrainingEvents.EVALUATED.value
        ]

    @property
    def since_best(self) -> int:
        """Evaluations since the one with the best mAP."""
        mean_aps = [result.mAP for result in self.results]
        return len(mean_aps) - 1 - mean_aps.index(max(mean_aps)) if mean_aps else 0

    def state_dict(self) -> dict:
        """The figures so far, as plain values."""
        return {"measured": [*map(tuple, self.measured)]}

    def load_state_dict(self, state: dict) -> None:
        """Continue with the figures of a ``state_dict``."""
        self.measured = [Measured(*values) for values in state["measured"]]

    def _add(self, engine: Engine, event: str) -> None:
        state = engine.state
        epoch = state.iteration / state.epoch_length
        self.measured.append(Measured(event, state.iteration, epoch, dict(state.metrics)))
