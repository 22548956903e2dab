"""Which run to resume, and which of its settings may have changed."""

import os
from collections.abc import Mapping
from pathlib import Path

from utils.run_folder import RunFolder, newest_run

from .defaults import SETTINGS
from .errors import ConfigError

NEWEST = "newest"


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
    """What has changed since a run began, one text per setting.

    Args:
        now: setting -> value.
        run: the same, of the run.

    Raises:
        ConfigError: a change that would make it a different training.
    """
    changed = {key: (value, now[key]) for key, value in run.items() if key in now and now[key] != value}
    texts = {key: f"{key} {now} ({before} in the run)" for key, (before, now) in changed.items()}
    changeable = {
        key
        for key, values in changed.items()
        if key in SETTINGS and (SETTINGS[key].may_change or SETTINGS[key].may_move and all(values))
    }
    if now.get("SOLVER.SCHEDULE") == "cosine":
        changeable.discard("SOLVER.MAX_EPOCHS")
    if fixed := [text for key, text in texts.items() if key not in changeable]:
        raise ConfigError(
            f"these settings differ from the run that is resumed: {'; '.join(fixed)}; leave them as they "
            "were, or start a new run from its weights with --pretrain_choice self "
            "--model_path <run>/mAPxx.pth"
        )
    return [text for key, text in texts.items() if key not in ("OUTPUT_DIR", "RESUME")]
