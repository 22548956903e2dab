"""Batch-hard triplet loss (Hermans et al., "In Defense of the Triplet Loss for …", 2017)."""

import torch
import torch.nn.functional as F
from torch import nn

from .pairs import pair_distances, positives_and_negatives


class TripletLoss(nn.Module):
    """Mean over the anchors of max(0, margin + farthest positive - nearest negative).

    Distances are Euclidean, between features as they are (not normalised). The soft margin is log(1 +
    exp(farthest positive - nearest negative)) instead. An anchor that has no other image of its identity in
    the batch, or no other identity, is left out of the mean; with no anchor left the loss is 0.

    Args:
        margin: distance by which a negative must be farther than a positive; None: soft margin.
    """

    def __init__(self, margin: float | None = 0.3):
        super().__init__()
        self.margin = margin

    def forward(self, feat: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """The loss, a scalar.

        Args:
            feat: (B, D) float; computed in float32 at least.
            target: (B,) int64 identities.
        """
        with torch.autocast(feat.device.type, enabled=False):
            farthest, nearest, valid = batch_hard(feat, target)
            gap = farthest - nearest
            loss = F.softplus(gap) if self.margin is None else F.relu(gap + self.margin)
            return torch.where(valid, loss, 0).sum() / valid.sum().clamp(min=1)


def batch_hard(feat: torch.Tensor, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Distances of each anchor's hardest pairs.

    Args:
        feat: (B, D) float.
        target: (B,) int64 identities.

    Returns:
        Distance to the farthest image of the same identity (B,), to the nearest of another (B,), and
        whether the anchor has both (B,); where it does not, the distances are finite and mean nothing.
    """
    distance = pair_distances(feat)
    positive, negative = positives_and_negatives(target)
    farthest = torch.where(positive, distance, 0).amax(1)
    nearest = torch.where(negative, distance, distance.detach().amax()).amin(1)
    return farthest, nearest, positive.any(1) & negative.any(1)
