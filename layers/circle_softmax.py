"""Circle loss on classes (Sun et al., "Circle Loss", CVPR 2020), as in fast-reid's CircleSoftmax."""

import torch
import torch.nn.functional as F

from .margin_loss import MarginLoss


class CircleSoftmaxLoss(MarginLoss):
    """Cross-entropy of cosines that are each scaled by how far they are from where they should be.

    With s the cosine, the score of the right class is scale [1 + m - s]+ (s - 1 + m), that of another class
    scale [s + m]+ (s - m); the brackets are weights, through which no gradient flows.

    Args:
        scale: of the scores.
        margin: m.
        label_smoothing: of the cross-entropy.
    """

    def __init__(self, scale: float = 64.0, margin: float = 0.35, label_smoothing: float = 0.0):
        super().__init__(scale, margin, label_smoothing)

    def with_margin(self, score: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """(B, C) cosines to scores of the same shape, not yet scaled."""
        m, fixed = self.margin, score.detach()
        right = F.relu(1 + m - fixed) * (score - 1 + m)
        wrong = F.relu(fixed + m) * (score - m)
        return torch.where(F.one_hot(target, score.shape[1]).bool(), right, wrong)
