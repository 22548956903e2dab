"""From the settings to an optimizer and its schedule."""

import torch
from torch import nn
from yacs.config import CfgNode

from .lr_scheduler import WarmupMultiStepLR

# name in SOLVER.OPTIMIZER_NAME -> factory(groups, cfg.SOLVER)
OPTIMIZERS = {
    "Adam": lambda groups, solver: torch.optim.Adam(groups, fused=True),
    "AdamW": lambda groups, solver: torch.optim.AdamW(groups, fused=True),
    "SGD": lambda groups, solver: torch.optim.SGD(groups, momentum=solver.MOMENTUM, fused=True),
}


def make_optimizer(cfg: CfgNode, model: nn.Module) -> torch.optim.Optimizer:
    """An optimizer of the parameters that are trained.

    Biases have a learning rate and a weight decay of their own. Parameters with equal settings share a group,
    so that the fused kernels see few, long lists.

    Args:
        cfg: the settings.
        model: on the device that it will be trained on.
    """
    solver = cfg.SOLVER
    groups: dict[tuple[float, float, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            is_bias = name.endswith("bias")
            lr = solver.BASE_LR * (solver.BIAS_LR_FACTOR if is_bias else 1)
            decay = solver.WEIGHT_DECAY_BIAS if is_bias else solver.WEIGHT_DECAY
            # SGD's fused kernel starts the momentum of a group's parameters together.
            starts_late = solver.FREEZE and name.startswith("base.")
            groups.setdefault((lr, decay, starts_late), []).append(parameter)
    return OPTIMIZERS[solver.OPTIMIZER_NAME](
        [{"params": params, "lr": lr, "weight_decay": decay} for (lr, decay, _), params in groups.items()],
        solver,
    )


def make_scheduler(cfg: CfgNode, optimizer: torch.optim.Optimizer) -> WarmupMultiStepLR:
    """The schedule of the settings, to be stepped at the start of each epoch."""
    solver = cfg.SOLVER
    return WarmupMultiStepLR(
        optimizer, solver.STEPS, solver.GAMMA, solver.WARMUP_FACTOR, solver.WARMUP_ITERS, solver.WARMUP_METHOD
    )
