"""What the writers to programs that show trainings share."""

from abc import ABC, abstractmethod
from contextlib import contextmanager

from ignite.engine import Engine
from loguru import logger
from yacs.config import CfgNode

from utils.errors import InputError
from utils.run_folder import RunFolder

from ..events import TrainingEvents
from ..history import History, Measured
from ..pictures import Picture

# What the name of a scalar begins with, by the event that carries it.
TAGS = {TrainingEvents.LOGGED.value: "training", TrainingEvents.EVALUATED.value: "validation"}


class Viewer(ABC):
    """Gives a program what is measured, as ``training/<name>`` and ``validation/<name>``, and pictures.

    The step of all of it is the number of iterations trained. What could not be given is given with the next
    event; a program that fails does not end the training.

    Args:
        cfg: the settings of the run.
        folder: of the run.
        history: of the run.

    Attributes:
        package: that must be installed.
        place: in the history, from which on the program has nothing.
    """

    package = ""

    def __init__(self, cfg: CfgNode, folder: RunFolder, history: History):
        self.cfg, self.folder, self.history = cfg, folder, history
        self.place = 0
        self._warned: set[str] = set()

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What the program raises where it is not at fault."""
        return (OSError,)

    @abstractmethod
    def open(self, name: str) -> str:
        """Begin a run, or continue one, whose history is up to date.

        Args:
            name: of the run to continue, as returned before; empty: a new one.

        Returns:
            What the program calls the run.
        """

    @abstractmethod
    def add_scalars(self, measured: Measured) -> None:
        """Give the program what was measured."""

    @abstractmethod
    def add_picture(self, picture: Picture) -> None:
        """Give the program a picture."""

    @abstractmethod
    def close(self) -> None:
        """Nothing more comes."""

    def attach(self, trainer: Engine, name: str) -> str:
        """Open, and listen to a trainer; returns what the program calls the run.

        Raises:
            InputError: the program cannot begin.
        """
        try:
            name = self.open(name)
        except self.failures as error:
            raise InputError(
                f"LOG.WRITERS {self.package}: {_first_line(error)}; to train without it, leave it out of "
                "LOG.WRITERS"
            ) from None
        for event in (TrainingEvents.LOGGED, TrainingEvents.EVALUATED):
            trainer.add_event_handler(event, self._catch_up)
        trainer.add_event_handler(TrainingEvents.PICTURED, self._show)
        return name

    def end(self) -> None:
        """Close, whatever comes of it."""
        with self._warning():
            self.close()

    def _catch_up(self, engine: Engine) -> None:
        with self._warning():
            while self.place < len(self.history.measured):
                self.add_scalars(self.history.measured[self.place])
                self.place += 1

    def _show(self, engine: Engine) -> None:
        with self._warning():
            self.add_picture(engine.state.picture)

    @contextmanager
    def _warning(self):
        try:
            yield
        except self.failures as error:
            reason = _first_line(error)
            if reason not in self._warned:
                logger.warning(f"LOG.WRITERS {self.package}: {reason}; the training goes on")
            self._warned.add(reason)


def tagged(measured: Measured) -> dict[str, float]:
    """What was measured, under the names that viewers show."""
    return {f"{TAGS[measured.event]}/{name}": value for name, value in measured.metrics.items()}


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
