"""What the writers of a run's files share."""

from ignite.engine import Engine
from loguru import logger

from utils.errors import InputError
from utils.run_folder import RunFolder

from ..events import TrainingEvents
from ..history import History


class FileWriter:
    """Writes a file of the run anew after each evaluation, from its history.

    If it cannot be written, a warning says so and the training continues: Windows does not let a file be
    replaced that is open in Excel, say. The next evaluation writes all of it.

    Args:
        folder: of the run.
        history: of the run.
    """

    def __init__(self, folder: RunFolder, history: History):
        self.folder, self.history = folder, history

    def attach(self, trainer: Engine) -> None:
        """Write after each evaluation."""
        trainer.add_event_handler(TrainingEvents.EVALUATED, self._write_or_warn)

    def write(self) -> None:
        """Write the file anew.

        Raises:
            InputError: it cannot be written.
        """
        raise NotImplementedError

    def _write_or_warn(self, engine: Engine) -> None:
        try:
            self.write()
        except InputError as error:
            logger.warning(f"{error}; it is written again after the next evaluation")
