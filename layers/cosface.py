"""CosFace (Wang et al., "Large Margin Cosine Loss for Deep Face Recognition", CVPR 2018)."""

import torch
import torch.nn.functional as F
from torch import nn


class CosFaceLoss(nn.Module):
    """Cross-entropy of scaled cosines, with a margin subtracted from the cosine of the right class.

    Args:
        scale: of the cosines.
        margin: cosine.
        label_smoothing: of the cross-entropy.
    """

    def __init__(self, scale: float = 64.0, margin: float = 0.35, label_smoothing: float = 0.0):
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
            score = score - self.margin * F.one_hot(target, score.shape[1]).to(score.dtype)
            return F.cross_entropy(self.scale * score, target, label_smoothing=self.label_smoothing)
