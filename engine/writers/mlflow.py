"""MLflow: where MLFLOW_TRACKING_URI says, else where MLflow itself keeps runs."""

import logging
import os

from ignite.handlers import MLflowLogger
from loguru import logger

from config import flat_settings

from ..history import Measured
from ..pictures import Picture
from .viewer import TAGS, Viewer, tagged

EXPERIMENT = "reid"  # where MLFLOW_EXPERIMENT_NAME names none
# A server that does not answer holds up the training by a minute at most, not by a quarter of an hour.
PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "15"}


class MLflowViewer(Viewer):
    """Logs to a run of MLflow, which is continued when the training is resumed; nothing is logged twice."""

    package = "mlflow"

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """Those of MLflow's server, and a database's library that mlflow-skinny lacks, too."""
        import mlflow

        return (OSError, ImportError, mlflow.exceptions.MlflowException)

    def open(self, name: str) -> str:
        """Begin a run with the settings as its parameters, or continue one."""
        for variable, value in PATIENCE.items():
            os.environ.setdefault(variable, value)
        logging.getLogger("mlflow").setLevel(logging.WARNING)
        import mlflow

        if name:
            mlflow.start_run(run_id=name)
        else:
            mlflow.set_experiment(os.environ.get("MLFLOW_EXPERIMENT_NAME", EXPERIMENT))
            mlflow.start_run(run_name=self.folder.path.resolve().name)
        self.logger = MLflowLogger()  # of the run that was started
        name = self.logger.active_run.info.run_id
        client, metrics = mlflow.MlflowClient(), ("loss", "mAP")  # one of each event
        self._given = {
            event: max(
                (point.step for point in client.get_metric_history(name, f"{tag}/{metric}")), default=0
            )
            for (event, tag), metric in zip(TAGS.items(), metrics, strict=True)
        }
        if not any(self._given.values()):
            self.logger.log_params(flat_settings(self.cfg))
        logger.info(f"MLflow: run {name} of {mlflow.get_tracking_uri()}")
        return name

    def add_scalars(self, measured: Measured) -> None:
        """Log a point of each curve, unless it is there."""
        if measured.iteration > self._given[measured.event]:
            self.logger.log_metrics(tagged(measured), step=measured.iteration)

    def add_picture(self, picture: Picture) -> None:
        """Log an image as a file of the run."""
        self.logger.log_image(picture.pixels, f"{picture.name}-{picture.iteration}.png")

    def close(self) -> None:
        """End the run."""
        self.logger.close()
