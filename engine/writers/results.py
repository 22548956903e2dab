"""results.csv: the evaluations of a run."""

import csv

from ignite.engine import Engine

from utils.files import atomic_write
from utils.run_folder import COLUMNS, RunFolder

from ..events import TrainingEvents
from ..history import History


class ResultsTable:
    """Keeps ``results.csv`` up to date: one row per evaluation, all but the epoch in percent.

    Args:
        folder: of the run.
        history: of the run.
    """

    def __init__(self, folder: RunFolder, history: History):
        self.folder, self.history = folder, history

    def attach(self, trainer: Engine) -> None:
        """Write after each evaluation."""
        trainer.add_event_handler(TrainingEvents.EVALUATED, lambda _: self.write())

    def write(self) -> None:
        """Write the table again.

        Raises:
            InputError: it cannot be written.
        """
        with atomic_write(self.folder.results, newline="") as stream:
            csv.writer(stream).writerows([COLUMNS, *self.history.results])
