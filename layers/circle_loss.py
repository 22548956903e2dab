"""Circle loss on pairs (Sun et al., "Circle Loss", CVPR 2020)."""

import torch
import torch.nn.functional as F
from torch import nn

from .pairs import masked_logsumexp, pair_similarities, positives_and_negatives


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
        self.margin, self.gamma = margin, gamma

    def forward(self, feat: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """The loss, a scalar.

        Args:
            feat: (B, D) float; computed in float32 at least.
            target: (B,) int64 identities.
        """
        with torch.autocast(feat.device.type, enabled=False):
            m, similarity = self.margin, pair_similarities(feat)
            positive, negative = positives_and_negatives(target)
            fixed = similarity.detach()
            n = self.gamma * F.relu(fixed + m) * (similarity - m)
            p = -self.gamma * F.relu(1 + m - fixed) * (similarity - 1 + m)
            loss = F.softplus(masked_logsumexp(n, negative) + masked_logsumexp(p, positive))
            valid = positive.any(1) & negative.any(1)
            return torch.where(valid, loss, 0).sum() / valid.sum().clamp(min=1)
