"""The picture of a training: loss, mAP and Rank-1 by epoch."""

from pathlib import Path

from matplotlib.figure import Figure

from .errors import InputError, os_reason


class Curves:
    """Collects the figures of a run and draws them.

    Args:
        file: PNG to draw into.
    """

    def __init__(self, file: Path):
        self.file = file
        self._losses: list[tuple[float, float]] = []
        self._results: list[tuple[int, float, float]] = []

    def state_dict(self) -> dict:
        """The figures so far."""
        return {"losses": self._losses, "results": self._results}

    def load_state_dict(self, state: dict) -> None:
        """Go on with the figures of a ``state_dict``."""
        self._losses, self._results = list(state["losses"]), list(state["results"])

    @property
    def since_best(self) -> int:
        """Evaluations since the one with the best mAP."""
        mean_aps = [mean_ap for _, mean_ap, _ in self._results]
        return len(mean_aps) - 1 - mean_aps.index(max(mean_aps)) if mean_aps else 0

    def add_loss(self, epoch: float, loss: float) -> None:
        """Add the training loss at a (fraction of an) epoch."""
        self._losses.append((epoch, loss))

    def add_result(self, epoch: int, mean_ap: float, rank1: float) -> None:
        """Add an evaluation's mAP and Rank-1, 0..1, and draw the picture anew.

        Raises:
            InputError: the file cannot be written.
        """
        self._results.append((epoch, float(mean_ap), float(rank1)))
        figure = Figure(figsize=(9, 3.5), layout="constrained")
        left, right = figure.subplots(1, 2)
        left.plot(*zip(*self._losses, strict=True), color="tab:gray")
        left.set(xlabel="epoch", ylabel="training loss")
        epochs, mean_aps, rank1s = zip(*self._results, strict=True)
        right.plot(epochs, [100 * x for x in rank1s], marker=".", label="Rank-1")
        right.plot(epochs, [100 * x for x in mean_aps], marker=".", label="mAP")
        right.set(xlabel="epoch", ylabel="%", ylim=(0, 100))
        right.legend()
        for axes in (left, right):
            axes.grid(alpha=0.3)
        try:
            figure.savefig(self.file, dpi=120)
        except OSError as error:
            raise InputError(f"cannot write {self.file}: {os_reason(error)}") from None
