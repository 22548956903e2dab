"""TensorBoard's event files, in the folder of the run: ``tensorboard --logdir logs`` shows all runs."""

from ignite.handlers import TensorboardLogger

from ..events import TrainingEvents
from ..history import Measured
from ..pictures import Picture
from .viewer import Viewer, tagged


class TensorBoardViewer(Viewer):
    """Writes event files. A run that is resumed drops what they hold from after its state was saved."""

    package = "tensorboard"

    def open(self, name: str) -> str:
        """Begin an event file, beside those of the run so far."""
        purge_step = self._resume() if any(self.folder.path.glob("events.out.tfevents.*")) else None
        self.logger = TensorboardLogger(log_dir=str(self.folder.path), purge_step=purge_step)
        if purge_step is None:
            settings = self.cfg.dump().replace("\n", "\n    ")  # indented: Markdown shows it as it is
            self.logger.add_text("settings", f"    {settings}", 0)
        return name

    def _resume(self) -> int:
        """The step from which on the earlier files do not count; sets the place in the history to it."""
        measured = self.history.measured
        if not measured:
            return 1  # the picture of the first batch stays, at 0
        self.place = len(measured)
        if measured[-1].event == TrainingEvents.EVALUATED.value:
            return measured[-1].iteration + 1
        # The files may hold an evaluation of the same step, which is not in the state and will be repeated.
        self.place -= 1
        return measured[-1].iteration

    def add_scalars(self, measured: Measured) -> None:
        """Write a point of each curve."""
        for tag, value in tagged(measured).items():
            self.logger.add_scalar(tag, value, measured.iteration)
        self.logger.flush()

    def add_picture(self, picture: Picture) -> None:
        """Write an image."""
        self.logger.add_image(picture.name, picture.pixels, picture.iteration, dataformats="HWC")
        self.logger.flush()

    def close(self) -> None:
        """Close the file."""
        self.logger.close()
