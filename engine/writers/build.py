"""Which writers there are, and those of a run."""

from ignite.engine import Engine
from yacs.config import CfgNode

from utils.optional import need
from utils.run_folder import RunFolder

from ..history import History
from ..pictures import Pictures
from ..training import Training
from .curves import CurvesPicture
from .mlflow import MLflowViewer
from .results import ResultsTable
from .tensorboard import TensorBoardViewer
from .viewer import Viewer
from .wandb import WandBViewer

# Of every run, in the order in which they write: factory(folder, history).
FILES = (ResultsTable, CurvesPicture)
# name in LOG.WRITERS -> factory(cfg, folder, history)
WRITERS: dict[str, type[Viewer]] = {
    "tensorboard": TensorBoardViewer,
    "wandb": WandBViewer,
    "mlflow": MLflowViewer,
}


def check_writers(cfg: CfgNode) -> None:
    """Raise an InputError if a writer of LOG.WRITERS needs a package that is not installed."""
    for name in cfg.LOG.WRITERS:
        package = WRITERS[name].package
        need(package, f"LOG.WRITERS {name} needs the package {package}: pip install {package}")


class Writers:
    """The writers of a run.

    Args:
        training: what is trained; LOG.WRITERS names the viewers.
        folder: of the run.
        history: of the run; listens before them.
    """

    def __init__(self, training: Training, folder: RunFolder, history: History):
        cfg = training.cfg
        self.files = [writer(folder, history) for writer in FILES]
        self.viewers = {name: WRITERS[name](cfg, folder, history) for name in cfg.LOG.WRITERS}
        self.pictures = Pictures(training)
        self._names: dict[str, str] = {}  # viewer -> what it calls the run
        self._open: list[Viewer] = []

    def attach(self, trainer: Engine) -> None:
        """Let them listen to a trainer, once history and trainer stand where the run continues.

        Raises:
            InputError: a viewer cannot begin.
        """
        for writer in self.files:
            writer.attach(trainer)
        for key, viewer in self.viewers.items():
            self._names[key] = viewer.attach(trainer, self._names.get(key, ""))
            self._open.append(viewer)
        if self.viewers:
            self.pictures.attach(trainer)

    def close(self) -> None:
        """End what the viewers have begun."""
        while self._open:
            self._open.pop().end()

    def state_dict(self) -> dict[str, str]:
        """What each viewer calls the run."""
        return dict(self._names)

    def load_state_dict(self, state: dict[str, str]) -> None:
        """Continue under the names of a ``state_dict``."""
        self._names = dict(state)
