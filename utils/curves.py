"""The figures of a training by epoch: a table, and a picture of loss, mAP and Rank-1."""

import csv
from pathlib import Path

from matplotlib.figure import Figure

from .errors import InputError, os_reason

COLUMNS = ("epoch", "mAP", "rank1", "rank5", "rank10", "mINP")  # all but the epoch in percent


class Curves:
    """Collects the figures of a run, and keeps ``results.csv`` and ``curves.png`` up to date.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path):
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

    def add_result(self, epoch: int, metrics) -> None:
        """Add an evaluation (its ``mAP``, ``cmc`` and ``mINP``, 0..1), and write table and picture anew.

        Raises:
            InputError: a file cannot be written.
        """
        values = (metrics.mAP, *(metrics.cmc[rank - 1] for rank in (1, 5, 10)), metrics.mINP)
        self._results.append((epoch, *(round(100 * float(value), 3) for value in values)))
        try:
            self._write(self.folder / "results.csv")
            self._draw(self.folder / "curves.png")
        except OSError as error:
            raise InputError(f"cannot write into {self.folder}: {os_reason(error)}") from None

    def _write(self, file: Path) -> None:
        with open(file, "w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([COLUMNS, *self._results])

    def _draw(self, file: Path) -> None:
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
        figure.savefig(file, dpi=120)
