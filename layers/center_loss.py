"""Center loss (Wen et al., "A Discriminative Feature Learning Approach for …", ECCV 2016)."""

import torch
from torch import nn


class CenterLoss(nn.Module):
    """Mean squared distance of the features to the centers of their identities.

    In training each call also moves the centers by one step of gradient descent on this loss, so that they
    need no optimizer and their step does not depend on the weight of the loss.

    Args:
        num_classes: C.
        feature_dim: D.
        lr: learning rate of the centers.

    Attributes:
        centers: (C, D) float32.
    """

    def __init__(self, num_classes: int, feature_dim: int, lr: float = 0.5):
        super().__init__()
        self.lr = lr
        self.register_buffer("centers", torch.randn(num_classes, feature_dim))

    def forward(self, feat: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """The loss, a scalar.

        Args:
            feat: (B, D) float.
            target: (B,) int64 classes.
        """
        with torch.autocast(feat.device.type, enabled=False):
            feat = feat.to(torch.promote_types(feat.dtype, torch.float32))
            difference = feat - self.centers[target]
            loss = difference.pow(2).sum(1).mean()
            if self.training:
                step = difference.detach().to(self.centers.dtype)
                self.centers.index_add_(0, target, step, alpha=self.lr * 2 / len(target))
            return loss
