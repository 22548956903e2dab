"""What the margin heads share."""

import torch
import torch.nn.functional as F
from torch import nn


class MarginLoss(nn.Module):
    """Cross-entropy of scaled cosines, with a margin that the subclass applies to them.

    Args:
        scale: of the cosines.
        margin: as the subclass defines it.
        label_smoothing: of the cross-entropy.
    """

    def __init__(self, scale: float, margin: float, label_smoothing: float = 0.0):
        super().__init__()
        self.scale, self.margin, self.label_smoothing = scale, margin, label_smoothing

    def forward(self, score: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """The loss, a scalar.

        Args:
            score: (B, C) cosines; computed in float32 at least.
            target: (B,) int64 classes.
        """
        with torch.autocast(score.device.type, enabled=False):
            score = score.to(torch.promote_types(score.dtype, torch.float32))
            score = self.with_margin(score, target)
            return F.cross_entropy(self.scale * score, target, label_smoothing=self.label_smoothing)

    def with_margin(self, score: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """(B, C) cosines to scores of the same shape, not yet scaled."""
        raise NotImplementedError
