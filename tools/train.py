"""Train a person re-identification network: python tools/train.py --help."""

import sys
from pathlib import Path

from loguru import logger
from yacs.config import CfgNode

# The program's folders, from wherever it is called.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from config import compare_settings
from data.datasets import joint_name
from engine import do_train, load_state, make_training
from engine.writers import check_writers
from tools.start import start
from utils.command import run_command
from utils.distributed import leave_processes, process_number
from utils.environment import log_environment
from utils.logger import log_to_file
from utils.run_folder import RunFolder


def main(argv: list[str] | None = None) -> int:
    """Read the settings, assemble the training, run it."""
    cfg, device = start("train", argv)
    check_writers(cfg)
    # First, since a run that cannot be resumed shall be refused before anything slow.
    resume = load_state(Path(cfg.RESUME)) if cfg.RESUME else None
    changes = compare_settings(cfg, resume["settings"]) if resume else []
    training = make_training(cfg, device)
    folder = None
    if process_number() == 0:
        folder = open_run_folder(cfg)
        log_environment(device, cfg.SEED, cfg.dump())
        for change in changes:
            logger.info(f"Changed: {change}")
    do_train(training, folder, resume)
    leave_processes()
    return 0


def open_run_folder(cfg: CfgNode) -> RunFolder:
    """The folder of a new run, or of the one that is resumed; from here on, the log goes into it as well."""
    if cfg.RESUME:
        folder = RunFolder(Path(cfg.OUTPUT_DIR))
        log_to_file(folder.log)
        return folder
    name = f"{cfg.MODEL.NAME}-{joint_name(cfg.DATASETS.NAMES)}"
    return RunFolder.create(cfg.OUTPUT_DIR, name, cfg.dump())


if __name__ == "__main__":
    run_command(main)
