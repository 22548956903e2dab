"""Vision transformers of timm for images of people: position embeddings, and TransReID-SSL's other stem."""

import math

import timm
import torch
from timm.layers import PatchEmbed, resample_abs_pos_embed
from timm.models import VisionTransformer, register_model
from torch import nn

from utils.errors import InputError

from .info import Tensors
from .resnet_ibn import IBN

HIGHEST = 4  # times as high as wide that a grid of patches may be
STEM_WIDTH = 64
# A tensor that only networks with the other stem have.
STEM = "patch_embed.conv.1.IN.weight"


class ConvStem(PatchEmbed):
    """Three convolutions before the patches, in TransReID-SSL's names (Luo et al., arXiv 2111.12084: ICS).

    Args:
        img_size: height and width of the images [pixels].
        patch_size: of the patches [pixels].
        in_chans: channels of the images.
        embed_dim: D, width of the tokens.
        **kwargs: for timm's.
    """

    def __init__(self, img_size, patch_size: int, in_chans: int, embed_dim: int, **kwargs):
        super().__init__(img_size, patch_size, in_chans, embed_dim, **kwargs)
        width, half = STEM_WIDTH, patch_size // 2
        self.conv = nn.Sequential(
            *(nn.Conv2d(in_chans, width, 7, stride=2, padding=3, bias=False), IBN(width), nn.ReLU()),
            *(nn.Conv2d(width, width, 3, padding=1, bias=False), IBN(width), nn.ReLU()),
            *(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()),
        )
        self.proj = nn.Conv2d(width, embed_dim, half, stride=half)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) to tokens (B, H W / patch_size², D)."""
        return self.norm(self.proj(self.conv(images)).flatten(2).transpose(1, 2))


@register_model
def vit_small_ics(pretrained: bool = False, **kwargs) -> VisionTransformer:
    """TransReID-SSL's ViT-S/16+ICS."""
    return _with_stem("vit_small_patch16_224", pretrained, **kwargs)


@register_model
def vit_base_ics(pretrained: bool = False, **kwargs) -> VisionTransformer:
    """TransReID-SSL's ViT-B/16+ICS."""
    return _with_stem("vit_base_patch16_224", pretrained, **kwargs)


def _with_stem(name: str, pretrained: bool, **kwargs) -> VisionTransformer:
    if pretrained:
        raise RuntimeError("there are none; docs/pretrained.md says where its weights are")
    return timm.create_model(name, embed_layer=ConvStem, **kwargs)


def check_stem(state: Tensors, net: nn.Module) -> None:
    """Raise an InputError if a file's network has the other stem and this one has not."""
    if STEM in state and STEM not in net.state_dict():
        raise InputError(
            "these weights have convolutions before the patches (TransReID-SSL's ICS): MODEL.NAME "
            "(--model_name) must be timm/vit_small_ics or timm/vit_base_ics"
        )


def high_positions(state: Tensors, net: nn.Module) -> Tensors:
    """A file's position embeddings resized for a network, if their grid is no square; else nothing.

    timm takes every grid for a square. Another is taken for 2, 3 or 4 times as high as wide, as images of
    people are: 16×8, 24×8.
    """
    positions = state.get("pos_embed")
    if not isinstance(net, VisionTransformer) or positions is None:
        return {}
    first = 0 if net.no_embed_class else net.num_prefix_tokens
    number = positions.shape[1] - first
    times = next((n for n in range(1, HIGHEST + 1) if math.isqrt(number // n) ** 2 * n == number), 1)
    if times == 1:
        return {}
    width = math.isqrt(number // times)
    grids = {"old_size": [times * width, width], "new_size": net.patch_embed.grid_size}
    return {"pos_embed": resample_abs_pos_embed(positions, num_prefix_tokens=first, **grids)}
