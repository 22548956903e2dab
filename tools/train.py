"""Train a person re-identification network: python tools/train.py --help."""

import sys
from pathlib import Path

import torch
from loguru import logger
from yacs.config import CfgNode

# The program's folders, from wherever it is called.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from config import compare_settings, load_cfg
from data import make_data_loader
from data.datasets import Record, joint_name
from engine import do_train, load_state
from layers import make_loss, synchronise_batch_norm
from modeling import build_model, load_pretrained
from modeling.distillation import Distillation, build_student
from modeling.teacher import FeatureTeacher, NetworkTeacher, check_same_pixels
from solver import make_optimizer, make_scheduler
from tools.start import start
from utils.distributed import leave_processes, process_number
from utils.errors import run_command
from utils.logger import log_to_file
from utils.run_folder import log_environment, make_run_folder


def main(argv: list[str] | None = None) -> int:
    """Read the data, build the network, train it."""
    cfg, device = start("train", argv)
    train_loader, val_loader, num_query, num_classes = make_data_loader(cfg, device)
    teacher = find_teacher(cfg, num_classes, train_loader.dataset.records, device)
    distillation = Distillation(cfg, teacher) if teacher or cfg.KD.SELF else None
    model = build_student(cfg, num_classes, teacher) if distillation else build_model(cfg, num_classes)
    resume = load_state(Path(cfg.RESUME)) if cfg.RESUME else None
    changes = compare_settings(cfg, resume["settings"]) if resume else []
    if not resume:
        load_pretrained(cfg, model)
    model.to(device, memory_format=torch.channels_last)
    if cfg.MODEL.SYNC_BN:
        synchronise_batch_norm(model, device)
    optimizer = make_optimizer(cfg, model)

    folder = None
    if process_number() == 0:
        settings = cfg.dump()
        if resume:
            folder = Path(cfg.OUTPUT_DIR)
            log_to_file(folder / "log.txt")
        else:
            name = f"{cfg.MODEL.NAME.replace('/', '-')}-{joint_name(cfg.DATASETS.NAMES)}"
            folder = make_run_folder(cfg.OUTPUT_DIR, name, settings)
        log_environment(device, cfg.SEED, settings)
        for change in changes:
            logger.info(f"Changed: {change}")
    do_train(
        cfg,
        model,
        train_loader,
        val_loader,
        optimizer,
        make_scheduler(cfg, optimizer, len(train_loader)),
        make_loss(cfg, num_classes, model.global_dim).to(device),
        num_query,
        folder,
        device,
        resume,
        distillation,
    )
    leave_processes()
    return 0


def find_teacher(
    cfg: CfgNode, num_classes: int, records: list[Record], device: torch.device
) -> NetworkTeacher | FeatureTeacher | None:
    """The teacher that KD names, if it names one."""
    if cfg.KD.TEACHER:
        theirs = load_cfg(["--model_path", cfg.KD.TEACHER], "test")
        check_same_pixels(cfg, theirs)
        return NetworkTeacher(theirs, cfg.KD.TEACHER, num_classes, cfg.INPUT.SIZE_TRAIN, device)
    if cfg.KD.TEACHER_FEATURES:
        paths, classes = [r.path for r in records], [r.pid for r in records]
        return FeatureTeacher(cfg.KD.TEACHER_FEATURES, paths, classes, device)
    return None


if __name__ == "__main__":
    run_command(main)
