"""One step of training."""

from collections.abc import Callable
from contextlib import nullcontext
from inspect import signature

import ignite.distributed as idist
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer
from yacs.config import CfgNode

from utils.device import autocast, network_dtype


class TrainStep:
    """Forward, loss and backward of a batch; every SOLVER.GRAD_ACCUM batches, a step of the optimizer.

    Nothing in it waits for the device, unless the loss does.

    Args:
        cfg: the settings.
        model: on ``device``.
        loss_fn: loss_fn(score, feat, target) -> scalar.
        optimizer: of the model.
        device: to compute on.
        distillation: distillation(output, target, images, indices) -> scalar, added to the loss; None: none.
    """

    def __init__(
        self,
        cfg: CfgNode,
        model: nn.Module,
        loss_fn: Callable,
        optimizer: Optimizer,
        device: torch.device,
        distillation: Callable | None = None,
    ):
        self.cfg, self.solver = cfg, cfg.SOLVER
        self.model, self.device = model, device
        self.loss_fn, self.distillation = loss_fn, distillation
        self.optimizer = optimizer
        self.parameters = [p for group in optimizer.param_groups for p in group["params"]]
        self.autocast = autocast(device, self.solver.AMP)
        self.dtype = network_dtype(device, self.solver.AMP)
        self.scaler = torch.amp.GradScaler(device.type, enabled=self.dtype is torch.float16)
        self.frozen = False
        self._wrap()
        # Batches that share a step of the optimizer, and how many of them are done.
        self._group = self._done = 0
        self._guard = BadStepGuard(model, loss_fn, optimizer) if self.solver.SKIP_BAD_STEPS else None

    @property
    def complete(self) -> bool:
        """Whether no batch waits for its step of the optimizer."""
        return self._done == 0

    def start_epoch(self, frozen: bool = False) -> None:
        """Put the network into training mode; a frozen backbone stays as it is, batch statistics included."""
        self.model.train()
        if frozen:
            self.model.base.eval()
        if frozen != self.frozen:
            self.frozen = frozen
            self.model.base.requires_grad_(not frozen)
            self._wrap()

    def _wrap(self) -> None:
        """Make the network that is called; anew, too, when other parameters are trained."""
        self.parallel = distribute(self.cfg, self.model, self.device) if idist.get_world_size() > 1 else None
        self.network = self.parallel or self.model
        if self.solver.COMPILE:
            self.network = torch.compile(self.network)

    def __call__(
        self, images: torch.Tensor, target: torch.Tensor, left: int, indices: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Train on a batch.

        Args:
            images: (B, 3, H, W), best in ``dtype``, the precision that the network computes in.
            target: (B,) int64 classes.
            left: batches of the epoch not yet trained on, this one included; the last of them always ends
                with a step of the optimizer.
            indices: (B,) int64, places of the images among the training images; for ``distillation``.

        Returns:
            Loss and accuracy, scalars on the device.
        """
        if not self._done:
            self._group = min(self.solver.GRAD_ACCUM, left)
            if self._guard:
                self._guard.start()
        self._done += 1
        ends_group = self._done == self._group
        # Gradients travel between the processes once for each step of the optimizer.
        with nullcontext() if ends_group or not self.parallel else self.parallel.no_sync():
            with self.autocast:
                output = self.network(images)
            score, feat = output[:2]
            loss = self.loss_fn(score, feat, target)
            if self.distillation:
                loss = loss + self.distillation(output, target, images, indices)
            if self._guard:
                self._guard.add(loss.detach())
            self.scaler.scale(loss / self._group).backward()
        if ends_group:
            self._step()
        score = score[0] if isinstance(score, tuple) else score  # of the global branch
        return loss.detach(), (score.argmax(1) == target).float().mean()

    def _step(self) -> None:
        if self._guard:
            self._guard.leave_out_if_bad()
        if self.solver.CLIP_GRAD_NORM:
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(self.parameters, self.solver.CLIP_GRAD_NORM)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        self._done = 0


class BadStepGuard:
    """Leaves out a step of the optimizer if a loss that leads to it is not finite, without asking the host.

    Args:
        model: whose buffers a bad batch must not spoil either.
        loss_fn: the same.
        optimizer: with fused kernels.
    """

    def __init__(self, model: nn.Module, loss_fn: nn.Module, optimizer: Optimizer):
        self.modules, self.optimizer = (model, loss_fn), optimizer

    def start(self) -> None:
        """Remember the buffers before the first batch of a step."""
        buffers = (buffer for module in self.modules for buffer in module.buffers())
        self._before = [(buffer, buffer.clone()) for buffer in buffers]
        self._bad = None

    def add(self, loss: torch.Tensor) -> None:
        """Look at the loss of a batch, a scalar on the device."""
        bad = (~loss.isfinite()).float()
        self._bad = bad if self._bad is None else torch.maximum(self._bad, bad)

    def leave_out_if_bad(self) -> None:
        """Make the coming step one that changes nothing if a loss was bad, in any of the processes."""
        bad = idist.all_reduce(self._bad, "MAX")
        # As GradScaler does it: where this is 1, the fused kernels leave weights and statistics as they are.
        self.optimizer.found_inf = bad
        for buffer, before in self._before:
            buffer.copy_(torch.where(bad > 0, before, buffer))


def distribute(cfg: CfgNode, model: nn.Module, device: torch.device) -> DistributedDataParallel:
    """The network as one of several processes that share their gradients."""
    if cfg.MODEL.ID_LOSS_TYPE == "none":
        # No loss reads the scores: the gradients of what makes them would be waited for in vain.
        model.bottleneck.requires_grad_(False)
        model.classifier.requires_grad_(False)
    # torch 2.13 renamed it.
    options = signature(DistributedDataParallel).parameters
    sync_buffers = "forward_sync_buffers" if "forward_sync_buffers" in options else "broadcast_buffers"
    return DistributedDataParallel(
        model,
        device_ids=[device.index] if device.type == "cuda" else None,
        gradient_as_bucket_view=True,
        **{sync_buffers: False},  # they are shared before each evaluation
    )
