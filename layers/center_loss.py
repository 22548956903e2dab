"""Center loss (Wen et al., "A Discriminative Feature Learning Approach for …", ECCV 2016)."""

import torch
from torch import nn


class CenterLoss(nn.Module):
    """Mean squared distance of the features to the centers of their identities.

    In training each call also moves the centers by one step of gradient descent on this loss, so that they
    need no optimizer and their step does not depend on the weight that the loss gets.

    Args:
        num_classes: C.
        lr: learning rate of the centers.

    Attributes:
        centers: (C, D); None until the first call, which shows the features' length and device, draws them.
    """

    def __init__(self, num_classes: int, lr: float = 0.5):
        super().__init__()
        self.num_classes = num_classes
        self.lr = lr
        self.register_buffer("centers", None)

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args) -> None:
        self.centers = state_dict.get(f"{prefix}centers")  # of a shape not known before
        super()._load_from_state_dict(state_dict, prefix, *args)

    def forward(self, feat: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """The loss, a scalar.

        Args:
            feat: (B, D) float.
            target: (B,) int64 classes.
        """
        with torch.autocast(feat.device.type, enabled=False):
            feat = feat.to(torch.promote_types(feat.dtype, torch.float32))
            if self.centers is not None:
                self.centers = self.centers.to(feat.device)  # where a checkpoint left them
            else:
                # Drawn on the host, where the random numbers of all processes are the same.
                self.centers = torch.randn(self.num_classes, feat.shape[1], dtype=feat.dtype).to(feat.device)
            difference = feat - self.centers[target]
            loss = difference.pow(2).sum(1).mean()
            if self.training:
                self.centers.index_add_(0, target, difference.detach(), alpha=self.lr * 2 / len(target))
            return loss
