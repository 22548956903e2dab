"""Weighted regularisation triplet (Ye et al., "Deep Learning for Person Re-Identification", TPAMI 2021)."""

import torch
import torch.nn.functional as F
from torch import nn

from .pairs import pair_distances, positives_and_negatives


class WeightedTripletLoss(nn.Module):
    """Mean over the anchors of log(1 + exp(mean positive distance - mean negative distance)).

    Both means are weighted: a positive's weight is the softmax over the distances to all positives, a
    negative's the softmax over the negated distances to all negatives, so that hard pairs weigh most and no
    margin is needed. Distances are Euclidean, between features as they are (not normalised). An anchor is not
    its own positive, as in the paper; the authors' code counts it as one, at distance 0. An anchor that has
    no other image of its identity in the batch, or no other identity, is left out of the mean; with no anchor
    left the loss is 0.
    """

    def forward(self, feat: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """The loss, a scalar.

        Args:
            feat: (B, D) float; computed in float32 at least.
            target: (B,) int64 identities.
        """
        with torch.autocast(feat.device.type, enabled=False):
            distance = pair_distances(feat)
            positive, negative = positives_and_negatives(target)
            far = (_softmax(distance, positive) * distance).sum(1)
            near = (_softmax(-distance, negative) * distance).sum(1)
            valid = positive.any(1) & negative.any(1)
            return torch.where(valid, F.softplus(far - near), 0).sum() / valid.sum().clamp(min=1)


def _softmax(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Softmax of each row over the entries in the mask; finite, and without meaning, where there are none."""
    return torch.where(mask, values, torch.finfo(values.dtype).min).softmax(1)
