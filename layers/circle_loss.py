"""Circle loss on pairs (Sun et al., "Circle Loss", CVPR 2020), on pytorch-metric-learning's."""

import torch
from torch import nn


class CircleLoss(nn.Module):
    """Mean over the anchors of log(1 + sum over negatives of exp(n) x sum over positives of exp(p)).

    With s the cosine similarity of a pair, n = gamma [s + m]+ (s - m) and p = -gamma [1 + m - s]+ (s - 1 +
    m); the brackets are weights, through which no gradient flows. An anchor that has no other image of its
    identity in the batch, or no other identity, is left out of the mean; with no anchor left the loss is 0.

    Args:
        margin: m.
        gamma: scale of the similarities.
    """

    def __init__(self, margin: float = 0.25, gamma: float = 128.0):
        super().__init__()
        from pytorch_metric_learning.losses import CircleLoss as Circle  # slow to import

        self.loss = Circle(m=margin, gamma=gamma)

    def forward(self, feat: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """The loss, a scalar. Waits for the device, to list the pairs.

        Args:
            feat: (B, D) float; computed in float32 at least.
            target: (B,) int64 identities.
        """
        with torch.autocast(feat.device.type, enabled=False):
            return self.loss(feat.to(torch.promote_types(feat.dtype, torch.float32)), target)
