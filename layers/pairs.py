"""Pairs of a batch's images: which are positive, which negative, and how far apart or alike they are."""

import torch
import torch.nn.functional as F
from torch.autograd.function import once_differentiable


def positives_and_negatives(target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Masks of all pairs.

    Args:
        target: (B,) int64 identities.

    Returns:
        Whether a pair is of two different images of one identity (B, B), and whether it is of two
        identities (B, B).
    """
    same = target[:, None] == target[None, :]
    itself = torch.eye(len(target), dtype=torch.bool, device=target.device)
    return same & ~itself, ~same


def pair_distances(feat: torch.Tensor) -> torch.Tensor:
    """Euclidean distances of all pairs.

    Args:
        feat: (B, D) float.

    Returns:
        (B, B), in float32 at least.
    """
    return _PairDistances.apply(feat.to(torch.promote_types(feat.dtype, torch.float32)))


def pair_similarities(feat: torch.Tensor) -> torch.Tensor:
    """Cosine similarities of all pairs.

    Args:
        feat: (B, D) float.

    Returns:
        (B, B), in float32 at least.
    """
    feat = F.normalize(feat.to(torch.promote_types(feat.dtype, torch.float32)))
    return feat @ feat.T


def masked_logsumexp(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Logarithm of the sum of exp over the entries of each row that are in the mask.

    Args:
        values: (B, B) float.
        mask: (B, B) bool.

    Returns:
        (B,); where the mask has no entry, the least finite number, with no gradient.
    """
    return torch.where(mask, values, torch.finfo(values.dtype).min).logsumexp(1)


class _PairDistances(torch.autograd.Function):
    @staticmethod
    def forward(ctx, feat: torch.Tensor) -> torch.Tensor:
        # Not by a matrix product: |a|² + |b|² - 2ab loses the small distances, the ones mined, to rounding.
        distance = torch.cdist(feat, feat, compute_mode="donot_use_mm_for_euclid_dist")
        ctx.save_for_backward(feat, distance)
        return distance

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: torch.Tensor) -> torch.Tensor:
        # The gradient of feature i is the sum over j of w_ij (x_i - x_j), with w the gradient of both
        # distances of the pair, divided by the distance. As a matrix product it needs no (B, B, D) tensor.
        feat, distance = ctx.saved_tensors
        with torch.autocast(feat.device.type, enabled=False):
            weight = torch.where(distance == 0, 0, (gradient + gradient.T) / distance)
            feat = feat - feat.mean(0)  # the same differences, less rounded
            return weight.sum(1, keepdim=True) * feat - weight @ feat
