"""What a command is, and the kinds of commands that use settings."""

from collections.abc import Callable
from typing import NamedTuple

from yacs.config import CfgNode

from .files import check_tested_weights, check_training_files
from .rules import test_problems, training_problems, training_warnings


class Kind(NamedTuple):
    """What commands that use the settings in the same way have in common."""

    name: str  # by which flags name the commands of this kind
    problems: Callable[[CfgNode], list[str]]  # settings that do not fit together
    warnings: Callable[[CfgNode], list[str]]
    check_files: Callable[[CfgNode], None]
    reads: Callable[[CfgNode], list[str]] = lambda cfg: []  # the names of the data sets that it must have
    resumes: bool = False  # RESUME names a run, whose settings come first
    settings_beside: str = ""  # setting that names weights; the config.yml beside them is read
    one_process: bool = False  # torchrun cannot start it


def _tested(cfg: CfgNode) -> str:
    """The name of the tested data set."""
    return cfg.DATASETS.TEST_NAME or cfg.DATASETS.NAMES[0]


class Command(NamedTuple):
    """A command, as its --help shows it."""

    name: str  # that of its file in tools/; of a sub-command, both words
    about: str
    examples: tuple[str, ...] = ()  # what follows "python tools/<file>.py"
    kind: Kind | None = None  # None: it uses no settings
    notes: str = ""


TRAINING = Kind(
    "training",
    training_problems,
    training_warnings,
    check_training_files,
    reads=lambda cfg: [*cfg.DATASETS.NAMES, _tested(cfg)],
    resumes=True,
)
TESTING = Kind(
    "testing",
    test_problems,
    lambda cfg: [],
    check_tested_weights,
    reads=lambda cfg: [_tested(cfg)],
    settings_beside="TEST.WEIGHT",
)
# Commands that use a trained network for something else.
USING = Kind(
    "using",
    lambda cfg: [],
    lambda cfg: [],
    check_tested_weights,
    settings_beside="TEST.WEIGHT",
    one_process=True,
)
# The same, with the tested data set.
SHOWING = USING._replace(reads=lambda cfg: [_tested(cfg)])
# Looking at what would be trained on; of a run, its settings are found by its weights.
PREVIEWING = TRAINING._replace(settings_beside="MODEL.PRETRAIN_PATH", one_process=True)
