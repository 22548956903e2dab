"""The figures of a training by epoch: a table, and a picture of loss, mAP and Rank-1."""

import csv
from typing import BinaryIO

from .figures import Figure
from .files import atomic_write
from .metrics import RankMetrics
from .run_folder import COLUMNS, RunFolder


class Curves:
    """Collects the figures of a run, and keeps ``results.csv`` and ``curves.png`` up to date.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: RunFolder):
        self.folder = folder
        self._losses: list[tuple[float, float]] = []
        self._results: list[tuple[float, ...]] = []  # by COLUMNS

    def state_dict(self) -> dict:
        """The figures so far."""
        return {"losses": self._losses, "results": self._results}

    def load_state_dict(self, state: dict) -> None:
        """Go on with the figures of a ``state_dict``."""
        self._losses, self._results = list(state["losses"]), list(state["results"])

    @property
    def since_best(self) -> int:
        """Evaluations since the one with the best mAP."""
        mean_aps = [mean_ap for _, mean_ap, *_ in self._results]
        return len(mean_aps) - 1 - mean_aps.index(max(mean_aps)) if mean_aps else 0

    def add_loss(self, epoch: float, loss: float) -> None:
        """Add the training loss at a (fraction of an) epoch."""
        self._losses.append((epoch, loss))

    def add_result(self, epoch: int, metrics: RankMetrics) -> None:
        """Add an evaluation, and write table and picture anew.

        Raises:
            InputError: a file cannot be written.
        """
        values = (metrics.mAP, *(metrics.cmc[rank - 1] for rank in (1, 5, 10)), metrics.mINP)
        self._results.append((epoch, *(round(100 * float(value), 3) for value in values)))
        with atomic_write(self.folder.results, newline="") as stream:
            csv.writer(stream).writerows([COLUMNS, *self._results])
        with atomic_write(self.folder.curves, "wb") as stream:
            self._draw(stream)

    def _draw(self, stream: BinaryIO) -> None:
        figure = Figure(figsize=(9, 3.5), layout="constrained")
        left, right = figure.subplots(1, 2)
        left.plot(*zip(*self._losses, strict=True), color="tab:gray")
        left.set(xlabel="epoch", ylabel="training loss")
        epochs, mean_aps, rank1s, *_ = zip(*self._results, strict=True)
        right.plot(epochs, rank1s, marker=".", label="Rank-1")
        right.plot(epochs, mean_aps, marker=".", label="mAP")
        right.set(xlabel="epoch", ylabel="%", ylim=(0, 100))
        right.legend()
        for axes in (left, right):
            axes.grid(alpha=0.3)
        figure.savefig(stream, dpi=120)
