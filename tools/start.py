"""What every command does first."""

from argparse import Namespace

import torch
from yacs.config import CfgNode

import config
import modeling
from config import Choices, check_datasets, check_network, check_paths, load_cfg
from config.command import TRAINING
from config.commands import COMMANDS
from data.datasets import DATASETS, find_custom
from data.samplers import SAMPLERS
from data.transforms import POLICIES
from engine.writers import WRITERS
from layers import ID_LOSSES, METRIC_LOSSES, POOLINGS
from modeling import BACKBONES, TIMM, timm_names
from solver import OPTIMIZERS, SCHEDULES
from utils.device import select_device
from utils.distributed import join_processes, launched_by_torchrun
from utils.errors import InputError
from utils.logger import setup_logger
from utils.memory import keep_freed_memory
from utils.random_state import be_deterministic, seed_everything

# The settings whose valid names are held by registries.
CHOICES: Choices = {
    "MODEL.NAME": [*BACKBONES, f"{TIMM}<name>"],
    "MODEL.POOLING": POOLINGS,
    "MODEL.ID_LOSS_TYPE": ID_LOSSES,
    "MODEL.METRIC_LOSS_TYPE": METRIC_LOSSES,
    "INPUT.AUTOAUG": POLICIES,
    "DATASETS.NAMES": [*DATASETS, "<path>"],
    "DATALOADER.SAMPLER": SAMPLERS,
    "SOLVER.OPTIMIZER_NAME": OPTIMIZERS,
    "SOLVER.SCHEDULE": SCHEDULES,
    "LOG.WRITERS": WRITERS,
}


def read_options(command: str, argv: list[str] | None = None) -> Namespace:
    """Read the flags of a command that are not settings, such as ``--json``."""
    return config.read_options(argv, command, CHOICES)


def read_settings(command: str, argv: list[str] | None = None) -> CfgNode:
    """Set up the log, read the command line and check its names."""
    setup_logger()
    cfg = load_cfg(argv, command, CHOICES)
    check_network(cfg, TIMM, timm_names)
    check_datasets(cfg, command, DATASETS, lambda name: find_custom(name, cfg.DATASETS.ROOT_DIR) is not None)
    return cfg


def start(command: str, argv: list[str] | None = None) -> tuple[CfgNode, torch.device]:
    """Read and check the command line, set up log, random numbers and device, join torchrun's processes."""
    cfg = read_settings(command, argv)
    kind = COMMANDS[command].kind
    if kind.one_process and launched_by_torchrun():
        raise InputError(f"tools/{command.split()[0]}.py computes in one process; start it without torchrun")
    modeling.check_network(cfg, training=kind is TRAINING)
    check_paths(cfg, command)
    seed_everything(cfg.SEED)
    device = select_device(cfg.MODEL.DEVICE, cfg.MODEL.DEVICE_ID)
    if device.type == "cpu":
        keep_freed_memory()
    if cfg.DETERMINISTIC:
        be_deterministic()
    join_processes(device)
    return cfg, device
