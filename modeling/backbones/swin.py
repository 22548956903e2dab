"""Swin transformers of timm (Liu et al., ICCV 2021) for maps of any size.

Windows are 7×7, and 7 does not divide the maps of images of people. timm shifts such a map before it pads it,
so that windows join opposite edges of the image; and where a map is no larger than a window, it makes the
window smaller, stretches the position biases to it, and does not shift. Swin's authors (for detection),
mmdetection and SOLIDER pad first and shift whole windows everywhere, and so do these.
"""

import torch
from timm.models.swin_transformer import SwinTransformerBlock
from torch import nn

# Of timm: whole windows, shifted, on small maps, too.
OPTIONS = {"always_partition": True}


class PaddedBlock(SwinTransformerBlock):
    """A block whose map is padded to whole windows before it is shifted."""

    def _attn(self, x: torch.Tensor) -> torch.Tensor:
        """(B, H, W, C) to the same shape."""
        height, width = x.shape[1:3]
        below, right = -height % self.window_size[0], -width % self.window_size[1]
        padded = nn.functional.pad(x, (0, 0, 0, right, 0, below))
        return super()._attn(padded)[:, :height, :width]


def pad_first(net: nn.Module) -> None:
    """Turn each block of a Swin transformer into a PaddedBlock; names and weights stay."""
    for block in net.modules():
        if type(block) is SwinTransformerBlock:
            block.__class__ = PaddedBlock
