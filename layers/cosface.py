"""CosFace (Wang et al., "Large Margin Cosine Loss for Deep Face Recognition", CVPR 2018)."""

import torch
import torch.nn.functional as F

from .margin_loss import MarginLoss


class CosFaceLoss(MarginLoss):
    """Cross-entropy of scaled cosines, with a margin subtracted from the cosine of the right class.

    Args:
        scale: of the cosines.
        margin: cosine.
        label_smoothing: of the cross-entropy.
    """

    def __init__(self, scale: float = 64.0, margin: float = 0.35, label_smoothing: float = 0.0):
        super().__init__(scale, margin, label_smoothing)

    def with_margin(self, score: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """(B, C) cosines to scores of the same shape, not yet scaled."""
        return score - self.margin * F.one_hot(target, score.shape[1]).to(score.dtype)
