"""ArcFace (Deng et al., "Additive Angular Margin Loss for Deep Face Recognition", CVPR 2019)."""

import math

import torch

from .margin_loss import MarginLoss


class ArcFaceLoss(MarginLoss):
    """Cross-entropy of scaled cosines, with a margin added to the angle of the right class.

    Where angle plus margin would exceed pi, beyond which the cosine rises again, the score is the cosine
    minus margin x sin(margin), as in the authors' code, so that a larger angle never costs less.

    Args:
        scale: of the cosines.
        margin: angle [radians], 0 to pi.
        label_smoothing: of the cross-entropy.
    """

    def __init__(self, scale: float = 64.0, margin: float = 0.5, label_smoothing: float = 0.0):
        super().__init__(scale, margin, label_smoothing)

    def with_margin(self, score: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """(B, C) cosines to scores of the same shape, not yet scaled."""
        cosine = score.gather(1, target[:, None])
        # Not quite 0, where the slope of the root is infinite.
        sine = (1 - cosine.square()).clamp(min=torch.finfo(score.dtype).eps).sqrt()
        turned = cosine * math.cos(self.margin) - sine * math.sin(self.margin)
        fits = cosine > -math.cos(self.margin)
        turned = torch.where(fits, turned, cosine - self.margin * math.sin(self.margin))
        return score.scatter(1, target[:, None], turned)
