"""The parts of a training, assembled from the settings in one place."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.optim import Optimizer
from yacs.config import CfgNode

from config import load_cfg
from data import DeviceLoader, make_data_loader
from distillation import Distillation, build_student, make_distillation
from layers import ReidLoss, make_loss, synchronise_batch_norm
from modeling import build_model, load_pretrained
from solver import WarmupLR, make_optimizer, make_scheduler


@dataclass(frozen=True)
class Training:
    """What is trained, on what, and how.

    Attributes:
        cfg: the settings.
        device: to compute on.
        train_loader: batches of what the network reads, on ``device``.
        val_loader: query images, then gallery images.
        num_query: number of query images.
        model: on ``device``.
        loss_fn: on ``device``.
        optimizer: of the model.
        scheduler: stepped at the start of each epoch, and before each batch.
        distillation: what is learned beside the identities; None: nothing.
    """

    cfg: CfgNode
    device: torch.device
    train_loader: DeviceLoader
    val_loader: DeviceLoader
    num_query: int
    model: nn.Module
    loss_fn: ReidLoss
    optimizer: Optimizer
    scheduler: WarmupLR
    distillation: Distillation | None = None

    @property
    def loss_weights(self) -> dict[str, float]:
        """Weights of the parts of the loss, by name."""
        return self.loss_fn.weights | (self.distillation.weights if self.distillation else {})


def make_training(cfg: CfgNode, device: torch.device) -> Training:
    """Read the data, build the network with its initial weights, and everything that trains it.

    A run that is resumed (RESUME) gets its weights from its state, in ``do_train``.

    Args:
        cfg: the settings.
        device: to compute on.

    Raises:
        InputError: data, weights or a teacher are missing, damaged or do not fit.
    """
    train_loader, val_loader, num_query, num_classes = make_data_loader(cfg, device)
    teacher_cfg = load_cfg(["--model_path", cfg.KD.TEACHER], "test") if cfg.KD.TEACHER else None
    records = train_loader.dataset.records
    distillation = make_distillation(cfg, teacher_cfg, records, num_classes, device)
    if distillation:
        model = build_student(cfg, num_classes, distillation)
    else:
        model = build_model(cfg, num_classes)
    if not cfg.RESUME:
        load_pretrained(cfg, model)
    model.to(device, memory_format=torch.channels_last)
    if cfg.MODEL.SYNC_BN:
        synchronise_batch_norm(model)
    optimizer = make_optimizer(cfg, model)
    return Training(
        cfg,
        device,
        train_loader,
        val_loader,
        num_query,
        model,
        make_loss(cfg, num_classes, model.global_dim).to(device),
        optimizer,
        make_scheduler(cfg, optimizer, len(train_loader)),
        distillation,
    )
