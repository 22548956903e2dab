"""One step of training."""

from contextlib import nullcontext
from inspect import signature
from itertools import chain

import ignite.distributed as idist
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from data.images import Batch
from layers import weighted_sum
from utils.device import autocast, network_dtype

from .non_finite import BadStepGuard
from .training import Training


class TrainStep:
    """Forward, loss and backward of a batch; every SOLVER.GRAD_ACCUM batches, a step of the optimizer.

    Nothing in it waits for the device.

    Args:
        training: whose network, loss, distillation and optimizer it takes.
    """

    def __init__(self, training: Training):
        self.training, self.solver = training, training.cfg.SOLVER
        self.model, self.optimizer = training.model, training.optimizer
        device = training.device
        self.parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        self.autocast = autocast(device, self.solver.AMP)
        float16 = network_dtype(device, self.solver.AMP) is torch.float16
        self.scaler = torch.amp.GradScaler(device.type, enabled=float16)
        self.frozen = False
        self._wrap()
        # Batches that share a step of the optimizer, and how many of them are done.
        self._group = self._done = 0
        self._guard = None
        if self.solver.SKIP_BAD_STEPS:
            self._guard = BadStepGuard(
                chain(self.model.buffers(), training.loss_fn.buffers()), self.optimizer
            )

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
        """Build the network that is called, again whenever the trained parameters change."""
        self.parallel = distribute(self.training) if idist.get_world_size() > 1 else None
        self.network = self.parallel or self.model
        if self.solver.COMPILE:
            self.network = torch.compile(self.network)

    def __call__(self, batch: Batch, left: int) -> dict[str, torch.Tensor]:
        """Train on a batch.

        Args:
            batch: on the device; images (B, 3, H, W), ideally in the dtype that the network computes in.
            left: batches of the epoch not yet trained on, this one included; the last of them always ends
                with a step of the optimizer.

        Returns:
            Scalars on the device: 'loss', the parts that it is the weighted sum of, each as 'loss_<name>',
            and 'accuracy', 0..1, of the global branch.
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
                output = self.network(batch.images)
            loss, parts = self._loss(output, batch)
            if self._guard:
                self._guard.add(loss.detach())
            self.scaler.scale(loss / self._group).backward()
        if ends_group:
            self._step()
        score = output[0][0] if isinstance(output[0], tuple) else output[0]
        accuracy = (score.argmax(1) == batch.pids).float().mean()
        parts = {f"loss_{name}": part.detach() for name, part in parts.items()}
        return {"loss": loss.detach(), **parts, "accuracy": accuracy}

    def _loss(self, output: tuple, batch: Batch) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """The loss, and its parts by name."""
        score, feat = output[:2]
        parts = self.training.loss_fn.parts(score, feat, batch.pids)
        if distillation := self.training.distillation:
            parts |= distillation.parts(output, batch.pids, batch.images, batch.indices)
        return weighted_sum(parts, self.training.loss_weights), parts

    def _step(self) -> None:
        if self._guard:
            self._guard.skip_if_bad()
        if self.solver.CLIP_GRAD_NORM:
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(self.parameters, self.solver.CLIP_GRAD_NORM)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        self._done = 0


def distribute(training: Training) -> DistributedDataParallel:
    """The network as one of several processes that share their gradients."""
    model, device = training.model, training.device
    if training.cfg.MODEL.ID_LOSS_TYPE == "none":
        # No loss reads the scores: DDP would wait in vain for the gradients of what makes them.
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
