"""last.pth: everything that a training is resumed from."""

import time
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from ignite.engine import Engine
from loguru import logger

from utils.checkpoint_file import load_checkpoint
from utils.errors import InputError
from utils.random_state import random_state, restore_random_state
from utils.run_folder import RunFolder

from .saving import BackgroundSaver


class RunState:
    """The parts of a training, saved to ``last.pth`` together and restored together.

    Args:
        trainer: whose place in the training is saved.
        parts: by name, each with ``state_dict`` and ``load_state_dict``; None where a process has no such
            part.
        settings: of the run, as YAML.
        folder: of the run; None: nothing is saved.
        saver: writes the file.

    Attributes:
        evaluated: the last epoch that was evaluated.
    """

    def __init__(
        self,
        trainer: Engine,
        parts: Mapping,
        settings: str,
        folder: RunFolder | None,
        saver: BackgroundSaver,
    ):
        self.trainer = trainer
        self.parts = {name: part for name, part in parts.items() if part is not None}
        self.settings, self.folder, self.saver = settings, folder, saver
        self.evaluated = 0
        self._saved_at = time.monotonic()
        self._saved_place: tuple[int, int] | None = None

    def save(self) -> None:
        """Save last.pth; the one before stays as last.previous.pth.

        Raises:
            InputError: an earlier file could not be written; existing files are kept.
        """
        self._saved_at = time.monotonic()
        if not self.folder:
            return
        self._saved_place = self._place()
        state = {name: part.state_dict() for name, part in self.parts.items()} | {
            "random": random_state(),
            "settings": self.settings,
            "iteration": self.trainer.state.iteration,
            "epoch_length": self.trainer.state.epoch_length,
            "evaluated": self.evaluated,
        }
        self.saver.save(state, self.folder.last, self.folder.previous)

    @property
    def is_saved(self) -> bool:
        """Whether the last save has everything trained and evaluated so far."""
        return self._saved_place == self._place()

    def _place(self) -> tuple[int, int]:
        return self.trainer.state.iteration, self.evaluated

    def minutes_since_save(self) -> float:
        """Time since the last save, or since the run began [minutes]."""
        return (time.monotonic() - self._saved_at) / 60

    def restore(self, state: dict, max_epochs: int) -> None:
        """Restore every part and the trainer's place from a saved state, and write config.yml's settings.

        Args:
            state: of ``load_state``.
            max_epochs: epochs to train in all.

        Raises:
            InputError: the training images differ, config.yml cannot be written, or the state is of another
                version of the program.
        """
        if missing := sorted(self.parts.keys() - state.keys()):
            raise InputError(
                f"the state to resume from lacks {', '.join(missing)}: another version of this program saved "
                "it; resume with that one, or start a new run"
            )
        for name, part in self.parts.items():
            if state[name]:  # empty: a part that was off, such as the gradient scaler on a CPU
                part.load_state_dict(state[name])
        restore_random_state(state["random"])
        self.evaluated = state["evaluated"]
        epochs = state["iteration"] // state["epoch_length"]
        place = {"iteration": state["iteration"], "epoch_length": state["epoch_length"]}
        self.trainer.load_state_dict(place | {"max_epochs": max(max_epochs, epochs)})
        self._saved_place = self._place()
        if self.folder:
            self.folder.replace_settings(self.settings)


@contextmanager
def only_one(folder: RunFolder | None):
    """Keep other processes from training into a folder while it is entered.

    Raises:
        InputError: another process already does.
    """
    if folder is None:
        yield
        return
    try:
        lock = FileLock(folder.lock).acquire(timeout=0)
    except Timeout:
        raise InputError(f"{folder.path}: another process is training this run; wait for it to end") from None
    with lock:
        yield


def load_state(path: Path) -> dict:
    """The newest intact state of a run.

    Args:
        path: the run's folder, or a file of it.

    Raises:
        InputError: there is no intact state.
    """
    folder = RunFolder(path if path.is_dir() else path.parent)
    if path in (folder.path, folder.last):
        files = [file for file in (folder.last, folder.previous) if file.exists()]
    else:
        files = [path]
    for file in files:
        try:
            state = load_checkpoint(file)
        except InputError as error:
            logger.warning(f"{error}; trying the one before")
            continue
        if not isinstance(state, dict) or not {"settings", "iteration", "random"} <= state.keys():
            raise InputError(
                f"{file} holds no state to resume from; to start from weights, name them with "
                "--pretrain_choice self --model_path <file>"
            )
        logger.info(f"Resuming from {file}")
        return state
    raise InputError(f"{path}: no intact {folder.last.name} to resume from; start a new run")
