"""Multi-similarity loss (Wang et al., CVPR 2019), on pytorch-metric-learning's."""

import torch
from torch import nn


class MultiSimilarityLoss(nn.Module):
    """Mean over the anchors of a soft count of their hard positives and one of their hard negatives.

    With s the cosine similarity of a pair: log(1 + sum over positives of exp(-alpha (s - base))) / alpha +
    log(1 + sum over negatives of exp(beta (s - base))) / beta. Of the positives those count that are at most
    ``epsilon`` more similar than the most similar negative, of the negatives those that are at most
    ``epsilon`` less similar than the least similar positive. An anchor without such pairs counts as 0.

    Args:
        alpha: scale of the positives.
        beta: scale of the negatives.
        base: similarity at which a pair counts half.
        epsilon: margin of the choice of pairs.
    """

    def __init__(self, alpha: float = 2.0, beta: float = 50.0, base: float = 0.5, epsilon: float = 0.1):
        super().__init__()
        from pytorch_metric_learning import losses, miners  # slow to import

        self.pairs = miners.MultiSimilarityMiner(epsilon)
        self.loss = losses.MultiSimilarityLoss(alpha, beta, base)

    def forward(self, feat: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """The loss, a scalar. Waits for the device, to list the pairs.

        Args:
            feat: (B, D) float; computed in float32 at least.
            target: (B,) int64 identities.
        """
        with torch.autocast(feat.device.type, enabled=False):
            feat = feat.to(torch.promote_types(feat.dtype, torch.float32))
            loss = self.loss(feat, target, self.pairs(feat, target))
            return loss + 0 * feat.sum()  # a feature that is no number is in no pair, but has to show
