"""The classifier of the margin heads."""

import torch
import torch.nn.functional as F
from torch import nn


class CosineClassifier(nn.Module):
    """Cosines between a feature and the classes' weights; the loss adds margin and scale.

    Args:
        dim: D.
        num_classes: C.

    Attributes:
        weight: (C, D), one direction per class; the lengths of the rows do not matter.
    """

    def __init__(self, dim: int, num_classes: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(num_classes, dim))
        nn.init.normal_(self.weight, std=0.01)  # as ArcFace's authors start

    def forward(self, feat: torch.Tensor) -> torch.Tensor:
        """(B, D) to the cosines (B, C)."""
        return F.linear(F.normalize(feat), F.normalize(self.weight))
