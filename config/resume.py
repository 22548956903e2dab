"""Which run to go on with, and which of its settings may have changed."""

import os
from collections.abc import Mapping
from pathlib import Path

from utils.run_folder import RunFolder, newest_run

from .errors import ConfigError

NEWEST = "newest"
# What decides neither the weights that training leads to nor the order in which it gets there: where things
# lie, what is tested and logged, how long it goes on.
CHANGEABLE = (
    "OUTPUT_DIR",
    "RESUME",
    "MODEL.DEVICE",
    "MODEL.DEVICE_ID",
    "MODEL.PRETRAIN_CHOICE",
    "MODEL.PRETRAIN_PATH",
    "INPUT.SIZE_TEST",
    "DATASETS.ROOT_DIR",
    "DATASETS.TEST_NAME",
    "DATASETS.ON_BAD_IMAGE",
    "DATALOADER.CACHE",
    "DATALOADER.CACHE_GB",
    "DATALOADER.NUM_WORKERS",
    "SOLVER.MAX_EPOCHS",  # but with a cosine, all of whose learning rates depend on it
    "SOLVER.STEPS",  # from the next epoch on
    "SOLVER.COMPILE",
    "SOLVER.LOG_PERIOD",
    "SOLVER.EVAL_PERIOD",
    "SOLVER.SAVE_EVERY_MINUTES",
    "SOLVER.KEEP_BEST",
    "SOLVER.EARLY_STOP",
    "SOLVER.SKIP_BAD_STEPS",
    "TEST.",
)
# The same teacher may lie elsewhere; without it, or with one of the other kind, training would be another.
MOVABLE = ("KD.TEACHER", "KD.TEACHER_FEATURES")


def run_folder(run: str, output_dir: str) -> Path:
    """The folder of the run that RESUME names.

    Args:
        run: a folder, a file in one, or NEWEST.
        output_dir: with NEWEST, the run's folder, or one that holds runs; empty: logs/.

    Raises:
        ConfigError: there is no such run.
    """
    if run != NEWEST:
        folder = Path(run) if os.path.isdir(run) else Path(run).parent
        if not os.path.exists(run) or not RunFolder(folder).settings.is_file():
            raise ConfigError(
                f"--resume {run}: no run there; name the folder that holds its last.pth and config.yml"
            )
        return folder
    above = Path(output_dir or "logs")
    newest = newest_run(above)
    if newest is None:
        raise ConfigError(
            f"--resume: no run with a last.pth under {above}; name its folder: --resume <folder>"
        )
    return newest.path


def check_changes(now: Mapping, run: Mapping) -> list[str]:
    """What has changed since a run began, a text each.

    Args:
        now: setting -> value.
        run: the same, of the run.

    Raises:
        ConfigError: a change that would make another training of it.
    """
    changed = {key: (value, now[key]) for key, value in run.items() if key in now and now[key] != value}
    texts = {key: f"{key} {now} ({before} in the run)" for key, (before, now) in changed.items()}
    changeable = {key for key in texts if key.startswith(CHANGEABLE)}
    changeable |= {key for key in MOVABLE if all(changed.get(key, ()))}
    if now.get("SOLVER.SCHEDULE") == "cosine":
        changeable.discard("SOLVER.MAX_EPOCHS")
    if fixed := [text for key, text in texts.items() if key not in changeable]:
        raise ConfigError(
            f"this would not be the run that is to go on: {'; '.join(fixed)}; leave these as they were, or "
            "start a new run from its weights with --pretrain_choice self --model_path <run>/mAPxx.pth"
        )
    return [text for key, text in texts.items() if key not in ("OUTPUT_DIR", "RESUME")]
