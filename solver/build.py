"""From the settings to an optimizer and its schedule."""

import math
from collections.abc import Callable

import torch
from torch import nn
from yacs.config import CfgNode

from .cosine import cosine
from .layer_decay import layer_factors
from .lr_scheduler import multistep
from .warmup import Warmup, WarmupLR


def _sgd(groups: list[dict], solver: CfgNode) -> torch.optim.SGD:
    optimizer = torch.optim.SGD(groups, momentum=solver.MOMENTUM, fused=True)
    if solver.MOMENTUM:
        # Otherwise the fused kernel creates the momentum in the first step: from uninitialised memory if that
        # step is skipped, and for all parameters of a group at once, however late some of them start.
        for parameter in (p for group in groups for p in group["params"]):
            optimizer.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
    return optimizer


# name in SOLVER.OPTIMIZER_NAME -> factory(groups, cfg.SOLVER)
OPTIMIZERS = {
    "Adam": lambda groups, solver: torch.optim.Adam(groups, fused=True),
    "AdamW": lambda groups, solver: torch.optim.AdamW(groups, fused=True),
    "SGD": _sgd,
}


def _cosine(solver: CfgNode, warmup_epochs: int) -> Callable[[int], float]:
    start = warmup_epochs + solver.FLAT_EPOCHS
    return cosine(start, solver.MAX_EPOCHS, floor=solver.MIN_LR / solver.BASE_LR)


# name in SOLVER.SCHEDULE -> factory(cfg.SOLVER, epochs of the warm-up) -> from an epoch to the rates' factor
SCHEDULES: dict[str, Callable] = {
    "multistep": lambda solver, warmup_epochs: multistep(solver.STEPS, solver.GAMMA),
    "cosine": _cosine,
}


def make_optimizer(cfg: CfgNode, model: nn.Module) -> torch.optim.Optimizer:
    """An optimizer of the parameters that are trained.

    Biases have a learning rate and a weight decay of their own, the layers of the backbone rates by
    SOLVER.LAYER_DECAY. Parameters with equal settings share a group, so that the fused kernels see few, long
    lists; the groups with the head's rate come first. A group has a 'name': 'bias', 'layer_3', 'layer_3_bias'
    or, for the rest, ''.

    Args:
        cfg: the settings.
        model: on the device that it will be trained on; ``layers()`` gives the layer of each parameter.
    """
    solver = cfg.SOLVER
    biases_apart = solver.BIAS_LR_FACTOR != 1 or solver.WEIGHT_DECAY_BIAS != solver.WEIGHT_DECAY
    layers = model.layers() if solver.LAYER_DECAY != 1 else {}
    factors = layer_factors(layers, solver.LAYER_DECAY) if layers else {}
    groups: dict[tuple[float, float, float], dict] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            is_bias = name.endswith("bias")
            factor = factors.get(name, 1.0)
            lr = solver.BASE_LR * (solver.BIAS_LR_FACTOR if is_bias else 1) * factor
            decay = solver.WEIGHT_DECAY_BIAS if is_bias else solver.WEIGHT_DECAY
            of_layer = f"layer_{layers[name]}" if factor != 1 else ""
            label = "_".join(filter(None, [of_layer, "bias" if is_bias and biases_apart else ""]))
            group = {"params": [], "lr": lr, "weight_decay": decay, "name": label}
            groups.setdefault((factor, lr, decay), group)["params"].append(parameter)
    by_factor = sorted(groups.items(), key=lambda item: -item[0][0])
    return OPTIMIZERS[solver.OPTIMIZER_NAME]([group for _, group in by_factor], solver)


def make_scheduler(
    cfg: CfgNode, optimizer: torch.optim.Optimizer, epoch_length: int | None = None
) -> WarmupLR:
    """The schedule of the settings, to be stepped at the start of each epoch and before each batch.

    Args:
        cfg: the settings.
        optimizer: of ``make_optimizer``.
        epoch_length: batches of an epoch, which a warm-up by iterations needs.
    """
    solver = cfg.SOLVER
    warmup = Warmup(solver.WARMUP_FACTOR, solver.WARMUP_ITERS, solver.WARMUP_METHOD, solver.WARMUP_BY)
    epochs = warmup.iters if warmup.by == "epoch" else math.ceil(warmup.iters / epoch_length)
    return WarmupLR(optimizer, SCHEDULES[solver.SCHEDULE](solver, epochs), warmup)
