"""Train a person re-identification network: python tools/train.py --help."""

import sys
from pathlib import Path

import torch

# The program's folders, from wherever it is called.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from config import ConfigError
from data import make_data_loader
from data.datasets import joint_name
from engine import do_train
from layers import make_loss, synchronise_batch_norm
from modeling import build_model, load_pretrained
from solver import make_optimizer, make_scheduler
from tools.start import start
from utils.distributed import leave_processes, process_number
from utils.errors import run_command
from utils.run_folder import log_environment, make_run_folder


def main() -> None:
    """Read the data, build the network, train it."""
    cfg, device = start("train")
    train_loader, val_loader, num_query, num_classes = make_data_loader(cfg)
    model = build_model(cfg, num_classes)
    load_pretrained(cfg, model)
    model.to(device, memory_format=torch.channels_last)
    if cfg.MODEL.SYNC_BN:
        synchronise_batch_norm(model, device)
    optimizer = make_optimizer(cfg, model)

    folder = None
    if process_number() == 0:
        settings = cfg.dump()
        folder = make_run_folder(
            cfg.OUTPUT_DIR, f"{cfg.MODEL.NAME}-{joint_name(cfg.DATASETS.NAMES)}", settings
        )
        log_environment(device, cfg.SEED, settings)
    do_train(
        cfg,
        model,
        train_loader,
        val_loader,
        optimizer,
        make_scheduler(cfg, optimizer),
        make_loss(cfg, num_classes),
        num_query,
        folder,
        device,
    )
    leave_processes()


if __name__ == "__main__":
    run_command(main, ConfigError)
