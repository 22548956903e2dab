"""Multi-similarity loss (Wang et al., "Multi-Similarity Loss with General Pair Weighting …", CVPR 2019)."""

import torch
from torch import nn

from .pairs import masked_logsumexp, pair_similarities, positives_and_negatives


class MultiSimilarityLoss(nn.Module):
    """Mean over the anchors of a soft count of their hard positives and one of their hard negatives.

    With s the cosine similarity of a pair: log(1 + sum over positives of exp(-alpha (s - base))) / alpha +
    log(1 + sum over negatives of exp(beta (s - base))) / beta. Of the positives those count that are less
    than ``epsilon`` more similar than the most similar negative, of the negatives those that are less than
    ``epsilon`` less similar than the least similar positive. An anchor without such pairs counts as 0.

    Args:
        alpha: scale of the positives.
        beta: scale of the negatives.
        base: similarity at which a pair counts half.
        epsilon: margin of the choice of pairs.
    """

    def __init__(self, alpha: float = 2.0, beta: float = 50.0, base: float = 0.5, epsilon: float = 0.1):
        super().__init__()
        self.alpha, self.beta, self.base, self.epsilon = alpha, beta, base, epsilon

    def forward(self, feat: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """The loss, a scalar.

        Args:
            feat: (B, D) float; computed in float32 at least.
            target: (B,) int64 identities.
        """
        with torch.autocast(feat.device.type, enabled=False):
            similarity = pair_similarities(feat)
            positive, negative = positives_and_negatives(target)
            fixed = similarity.detach()
            most = torch.where(negative, fixed, -torch.inf).amax(1, keepdim=True)
            least = torch.where(positive, fixed, torch.inf).amin(1, keepdim=True)
            positive = positive & (fixed - self.epsilon < most)
            negative = negative & (fixed + self.epsilon > least)
            far = _log_of_one_more(-self.alpha * (similarity - self.base), positive) / self.alpha
            near = _log_of_one_more(self.beta * (similarity - self.base), negative) / self.beta
            # A feature that is NaN is in no pair, but must show in the loss.
            return (far + near).mean() + 0 * feat.sum()


def _log_of_one_more(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """log(1 + sum of exp) over the entries of each row in the mask."""
    total = masked_logsumexp(values, mask)
    return torch.logaddexp(total, torch.zeros_like(total))
