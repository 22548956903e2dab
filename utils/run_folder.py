"""The folder of a run, and the names of the files in it."""

import time
from dataclasses import dataclass
from pathlib import Path

from loguru import logger

from .files import atomic_write, legal_name, writing
from .logger import log_to_file

# Columns of results.csv, one row per evaluation: all but the epoch in percent.
COLUMNS = ("epoch", "mAP", "rank1", "rank5", "rank10", "mINP")
ELSEWHERE = "choose another folder with OUTPUT_DIR <folder>"


@dataclass(frozen=True)
class RunFolder:
    """A run's existing folder, and the names of the files in it.

    Attributes:
        path: of the folder.
    """

    path: Path

    @classmethod
    def create(cls, output_dir: str, name: str, settings: str) -> "RunFolder":
        """Make a run's folder with log.txt and config.yml; no earlier run's files are touched.

        Args:
            output_dir: the folder; empty: ``logs/<name>-<time>``. If it already holds a run, ``-2``, ``-3``,
                … is added.
            name: what the run trains, for the folder's name.
            settings: of the run, as YAML.

        Raises:
            InputError: the folder cannot be made or written.
        """
        wanted = Path(output_dir or f"logs/{legal_name(name)}-{time.strftime('%Y%m%d-%H%M%S')}")
        if wanted.name in ("", ".."):
            wanted = wanted.resolve()  # which has a name to add a number to
        run, number = cls(wanted), 1
        while not run._claim():
            number += 1
            run = cls(wanted.with_name(f"{wanted.name}-{number}"))
        run.replace_settings(settings)
        log_to_file(run.log)
        if number > 1 and output_dir:
            logger.warning(f"{wanted} already holds a run; this one goes to {run.path}")
        return run

    @property
    def log(self) -> Path:
        """Everything on the screen."""
        return self.path / "log.txt"

    @property
    def settings(self) -> Path:
        """All settings of the run, as YAML."""
        return self.path / "config.yml"

    @property
    def results(self) -> Path:
        """One row of COLUMNS per evaluation."""
        return self.path / "results.csv"

    @property
    def curves(self) -> Path:
        """Picture of losses, results and learning rates by epoch."""
        return self.path / "curves.png"

    @property
    def last(self) -> Path:
        """The whole state of the training, for resuming."""
        return self.path / "last.pth"

    @property
    def previous(self) -> Path:
        """The state before ``last``."""
        return self.path / "last.previous.pth"

    @property
    def lock(self) -> Path:
        """Held by the process that trains the run."""
        return self.path / ".lock"

    def weights(self, mean_ap: float, distilled: bool = False) -> Path:
        """Weights, named after their mAP (0..1, named in percent), such as ``mAP75.1.pth``."""
        return self.path / f"{'mAP_KD_' if distilled else 'mAP'}{100 * mean_ap:.1f}.pth"

    def bad_batch(self, epoch: int, iteration: int) -> Path:
        """List of the images of a batch whose loss was not finite."""
        return self.path / f"bad-batch-{epoch}-{iteration}.txt"

    def replace_settings(self, settings: str) -> None:
        """Replace the settings in config.yml by these, as YAML.

        Raises:
            InputError: it cannot be written.
        """
        with atomic_write(self.settings, hint=ELSEWHERE) as stream:
            stream.write(settings)

    def _claim(self) -> bool:
        """Create config.yml; False if it exists: the folder holds a run, or one is just starting."""
        with writing(f"into {self.path}", ELSEWHERE):
            self.path.mkdir(parents=True, exist_ok=True)
            try:
                self.settings.touch(exist_ok=False)
            except FileExistsError:
                return False
        return True


def own_settings(weights: Path) -> Path:
    """Where the settings lie that belong to one file of weights, whatever lies beside it."""
    return weights.with_suffix(".config.yml")


def settings_beside(weights: Path) -> Path:
    """Where the settings of weights lie: their own, or else those of the run in whose folder they lie."""
    own = own_settings(weights)
    return own if own.is_file() else RunFolder(weights.parent).settings


def newest_run(above: Path) -> RunFolder | None:
    """The run whose state was saved last, in a folder or in one below it; None if there is none."""
    names = (RunFolder(folder) for folder in (above, *above.glob("*")))
    states = [file for run in names for file in (run.last, run.previous) if file.is_file()]
    return RunFolder(max(states, key=lambda file: file.stat().st_mtime).parent) if states else None
