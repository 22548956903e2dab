"""Weights & Biases: online, or with WANDB_MODE=offline in the folder of the run."""

import os
import secrets

import yaml
from ignite.handlers import WandBLogger
from loguru import logger

from utils.errors import InputError

from ..events import TrainingEvents
from ..history import Measured
from ..pictures import Picture
from .viewer import Viewer, tagged

PROJECT = "reid"  # where WANDB_PROJECT names none


class WandBViewer(Viewer):
    """Logs to a run of Weights & Biases, which is continued when the training is resumed.

    W&B's own step must rise, and what has an earlier one is left out: it is twice the iteration, plus 1 for
    an evaluation. Its curves are drawn by the iteration.
    """

    package = "wandb"

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """Those of the network and of W&B's service, too."""
        import wandb

        return (OSError, wandb.errors.Error)

    def open(self, name: str) -> str:
        """Begin or continue a run; a new one gets a random name.

        Raises:
            InputError: nobody is logged in.
        """
        import wandb

        if wandb.setup().settings.mode == "online" and not wandb.login(prompt=False, verify=False):
            raise InputError(
                "LOG.WRITERS wandb: nobody is logged in to Weights & Biases; run wandb login, or keep the "
                "run on this machine with WANDB_MODE=offline"
            )
        name = name or secrets.token_hex(4)
        self.logger = WandBLogger(
            id=name,
            resume="allow",
            project=os.environ.get("WANDB_PROJECT", PROJECT),
            name=self.folder.path.resolve().name,
            dir=self.folder.path,
            config=yaml.safe_load(self.cfg.dump()),
            allow_val_change=True,
            settings=wandb.Settings(silent=True),
        )
        self.run = wandb.run
        self.run.define_metric("*", step_metric="iteration")
        self._first = self.run.step  # of a run that W&B knows, the step after its last one
        logger.info(f"Weights & Biases: {self.run.url or f'{self.run.dir}, for wandb sync'}")
        return name

    def add_scalars(self, measured: Measured) -> None:
        """Log a point of each curve, unless it is there."""
        step = self._step(measured.iteration, measured.event == TrainingEvents.EVALUATED.value)
        if step >= self._first:
            places = {"iteration": measured.iteration, "epoch": measured.epoch}
            self.logger.log(tagged(measured) | places, step=step)

    def add_picture(self, picture: Picture) -> None:
        """Log an image, in the step of the evaluation."""
        import wandb

        image = wandb.Image(picture.pixels)
        step = self._step(picture.iteration, picture.iteration > 0)
        self.logger.log({picture.name: image, "iteration": picture.iteration}, step=step)

    def close(self) -> None:
        """End the run, once all is uploaded."""
        self.logger.close()

    @staticmethod
    def _step(iteration: int, evaluated: bool) -> int:
        return 2 * iteration + evaluated
