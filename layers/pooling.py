"""From feature maps to one feature."""

import torch
from torch import nn


class AveragePooling(nn.Module):
    """Global average pooling."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) to (B, C), in float32 at least."""
        with torch.autocast(maps.device.type, enabled=False):
            return maps.mean((2, 3), dtype=_wide(maps))


class GeMPooling(nn.Module):
    """Generalised mean (Radenovic et al., "Fine-Tuning CNN Image Retrieval with No Human …", TPAMI 2018).

    (mean of x^p)^(1/p): the average at p = 1, the maximum as p grows.

    Args:
        p: exponent to start from.
        eps: least value of x; a power of 0 has no gradient.

    Attributes:
        p: (1,), learned.
    """

    def __init__(self, p: float = 3.0, eps: float = 1e-6):
        super().__init__()
        self.p = nn.Parameter(torch.full((1,), p))
        self.eps = eps

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) to (B, C), in float32 at least."""
        with torch.autocast(maps.device.type, enabled=False):
            # Clamped before the cast, so that the gradient keeps one float32 map less.
            maps = maps.clamp(min=self.eps).to(_wide(maps))
            return maps.pow(self.p).mean((2, 3)).pow(1 / self.p)


def max_stripes(maps: torch.Tensor, number: int) -> torch.Tensor:
    """Maximum over each of equally high stripes, as MGN pools its parts.

    Neighbouring stripes share a row where the height is not a multiple of their number.

    Args:
        maps: (B, C, H, W).
        number: of stripes, from the top.

    Returns:
        (number, B, C), in float32 at least.
    """
    rows = maps.shape[2]
    bounds = [(i * rows // number, -(-(i + 1) * rows // number)) for i in range(number)]
    stripes = torch.stack([maps[:, :, top:bottom].amax((2, 3)) for top, bottom in bounds])
    return stripes.to(_wide(maps))  # only now: a maximum is exact in any precision


def _wide(maps: torch.Tensor) -> torch.dtype:
    """The dtype that pooled features have: float32 at least."""
    return torch.promote_types(maps.dtype, torch.float32)


# name in MODEL.POOLING -> factory() -> module (B, C, H, W) to (B, C)
POOLINGS = {"avg": AveragePooling, "gem": GeMPooling}
