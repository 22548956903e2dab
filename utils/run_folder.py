"""The folder of a run, and what is written into it before training starts."""

import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import torch
from loguru import logger

from .errors import InputError, os_reason
from .logger import log_to_file


def make_run_folder(output_dir: str, name: str, config_text: str) -> Path:
    """Make a run's folder with log.txt and config.yml; no earlier run's files are touched.

    Args:
        output_dir: the folder; empty: ``logs/<name>-<time>``. If it already holds a run, ``-2``, ``-3``, … is
            added.
        name: what the run trains, for the folder's name.
        config_text: the settings, as YAML.

    Raises:
        InputError: the folder cannot be made or written.
    """
    wanted = Path(output_dir or f"logs/{name}-{time.strftime('%Y%m%d-%H%M%S')}")
    if wanted.name in ("", ".."):
        wanted = wanted.resolve()  # which has a name to add a number to
    folder, number = wanted, 1
    try:
        # Creating config.yml claims the folder, also against a run that starts at the same moment.
        while True:
            folder.mkdir(parents=True, exist_ok=True)
            try:
                with open(folder / "config.yml", "x", encoding="utf-8") as file:
                    file.write(config_text)
                break
            except FileExistsError:
                number += 1
                folder = wanted.with_name(f"{wanted.name}-{number}")
    except OSError as error:
        raise InputError(
            f"cannot write into {folder}: {os_reason(error)}; choose another folder with OUTPUT_DIR <folder>"
        ) from None
    log_to_file(folder / "log.txt")
    if folder != wanted and output_dir:
        logger.warning(f"{wanted} already holds a run; this one goes to {folder}")
    return folder


def replace_settings(folder: Path, config_text: str) -> None:
    """Let a run's config.yml hold these settings, as YAML, from here on.

    Raises:
        InputError: it cannot be written.
    """
    part = folder / "config.yml.part"
    try:
        part.write_text(config_text, encoding="utf-8")
        os.replace(part, folder / "config.yml")
    except OSError as error:
        raise InputError(f"cannot write into {folder}: {os_reason(error)}") from None


def log_environment(device: torch.device, seed: int, config_text: str) -> None:
    """Log what a result can be reproduced from: command, versions, git commit, processor, seed, settings."""
    import cv2
    import ignite
    import numpy
    import torchvision

    gpu = device.type == "cuda"
    processor = torch.cuda.get_device_name(device) if gpu else platform.processor() or platform.machine()
    logger.info(f"Command: {' '.join(sys.argv)}")
    logger.info(
        f"Python {platform.python_version()}, torch {torch.__version__}, torchvision "
        f"{torchvision.__version__}, ignite {ignite.__version__}, numpy {numpy.__version__}, "
        f"OpenCV {cv2.__version__}; git commit {_git_commit()}"
    )
    logger.info(f"Device: {device} ({processor}), {torch.get_num_threads()} threads; seed {seed}")
    logger.info(f"Settings:\n{config_text}")


def _git_commit() -> str:
    """The commit of this program, with ``+changes`` where files differ from it; 'unknown' outside git."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--abbrev=12", "--dirty=+changes", "--exclude=*"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()
