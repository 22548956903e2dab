"""Files of torch.save written by a thread while the training continues."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import torch
from loguru import logger

from utils.checkpoint_file import save_atomically
from utils.errors import InputError


class BackgroundSaver:
    """Writes one file after another in a thread; what is saved is copied to the host before ``save`` returns.

        with BackgroundSaver() as saver:
            saver.save(state, folder.last)
            train()      # meanwhile, the file is written
            saver.save(model.state_dict(), folder.weights(mean_ap))  # waits for the previous file

    A file that cannot be written raises in the next ``save``, in ``wait``, or at the end of the block.
    """

    def __init__(self):
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="saver")
        self._pending: Future | None = None

    def __enter__(self) -> "BackgroundSaver":
        return self

    def __exit__(self, kind, error, traceback) -> None:
        try:
            self.wait()
        except InputError as late:
            if error is None:
                raise
            logger.warning(str(late))  # the error already raised says why the run ends
        finally:
            self._thread.shutdown()

    def save(
        self, content: dict, file: Path, previous: Path | None = None, then: Callable[[], None] | None = None
    ) -> None:
        """Save tensors and plain values, once the previous file is written.

        Args:
            content: tensors may lie on any device, and may change afterwards.
            file: to write; whole or not at all.
            previous: new name for the existing file.
            then: called in the thread once the file is written.

        Raises:
            InputError: the previous file could not be written; existing files are kept.
        """
        self.wait()
        self._pending = self._thread.submit(_write, _on_host(content), file, previous, then)

    def wait(self) -> None:
        """Return when nothing is left to write.

        Raises:
            InputError: a file could not be written; existing files are kept.
        """
        pending, self._pending = self._pending, None
        if pending:
            pending.result()


def _write(content: dict, file: Path, previous: Path | None, then: Callable[[], None] | None) -> None:
    save_atomically(content, file, previous)
    if then:
        then()


def _on_host(value):
    """A copy of tensors in dicts, lists and tuples; other values as they are."""
    if isinstance(value, torch.Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, dict):
        return {key: _on_host(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_on_host, value))
    return value
