"""curves.png: loss, mAP and Rank-1 of a run by epoch."""

from utils.figures import Figure
from utils.files import atomic_write

from .file_writer import FileWriter


class CurvesPicture(FileWriter):
    """Keeps ``curves.png`` up to date."""

    def write(self) -> None:
        """Draw the picture anew."""
        figure = Figure(figsize=(9, 3.5), layout="constrained")
        left, right = figure.subplots(1, 2)
        left.plot(*zip(*self.history.losses, strict=True), color="tab:gray")
        left.set(xlabel="epoch", ylabel="training loss")
        results = self.history.results
        epochs = [result.epoch for result in results]
        right.plot(epochs, [result.rank1 for result in results], marker=".", label="Rank-1")
        right.plot(epochs, [result.mAP for result in results], marker=".", label="mAP")
        right.set(xlabel="epoch", ylabel="%", ylim=(0, 100))
        right.legend()
        for axes in (left, right):
            axes.grid(alpha=0.3)
        with atomic_write(self.folder.curves, "wb") as stream:
            figure.savefig(stream, format="png", dpi=120)
