"""Weights of SOLIDER (Chen et al., "Beyond Appearance", CVPR 2023) in the names of Swin's authors.

Its network is mmdetection's Swin with two linear layers after each stage: from the share of meaning, as
against appearance, that a task needs, they compute a factor and a summand for each channel. That share is one
constant here, as it is in SOLIDER's own code for re-identification. So factor and summand become part of the
weights before them, and the network is a plain Swin with the same output.
"""

import re

import torch
from torch.nn.functional import linear, softplus

from .info import Tensors

# Names of mmdetection -> those of Swin's authors, which timm translates.
NAMES = {
    r"^patch_embed\.projection\.": "patch_embed.proj.",
    r"^stages\.": "layers.",
    r"\.attn\.w_msa\.": ".attn.",
    r"\.ffn\.layers\.0\.0\.": ".mlp.fc1.",
    r"\.ffn\.layers\.1\.": ".mlp.fc2.",
    r"^norm3\.": "norm.",
}
# What its network has for other outputs: norms of inner maps, and the linear layers after the last stage.
SPARE = ("norm0.", "norm1.", "norm2.", "semantic_embed_")
# Share of meaning; the rest is appearance. SOLIDER's published results for re-identification have 0.2.
SEMANTIC_WEIGHT = 0.2


def is_solider(state: Tensors) -> bool:
    """Whether a backbone's names are those of SOLIDER or of another Swin of mmdetection."""
    return any(".attn.w_msa." in name for name in state)


def from_solider(state: Tensors) -> Tensors:
    """The tensors of a backbone of SOLIDER, or another Swin of mmdetection, in the names of Swin's authors.

    The linear layers that became part of the weights before them are gone; the rest keeps its names.
    """
    renamed = {
        _name(name): _by_place(tensor) if ".downsample." in name else tensor for name, tensor in state.items()
    }
    stage = 0
    while f"semantic_embed_w.{stage}.weight" in state and f"stages.{stage}.downsample.norm.bias" in state:
        _merge_semantics(renamed, stage)
        stage += 1
    return renamed


def _name(name: str) -> str:
    for theirs, authors in NAMES.items():
        name = re.sub(theirs, authors, name)
    return name


def _by_place(tensor: torch.Tensor) -> torch.Tensor:
    """Weights of the merging of 2×2 patches (..., 4 C): mmdetection has each channel's four places together.

    ``nn.Unfold`` counts channel, row, column; Swin's authors concatenate the places: column, row, channel.
    """
    return tensor.unflatten(-1, (-1, 2, 2)).transpose(-1, -3).flatten(-3)


def _merge_semantics(state: Tensors, stage: int) -> None:
    """Make factor and summand of a stage part of the merging of patches at its end.

    That is R (n(x) + b), where n is the norm without its bias b, and R the reduction, which has no bias. With
    factor f and summand s it becomes f R (n(x) + b) + s = R' (n(x) + b') with R' = f R and b' = b + d, where
    R' d = s. As R has half as many rows as columns, there are such d; the shortest is taken.
    """

    def take(name: str) -> torch.Tensor:
        weight, bias = (state.pop(f"{name}.{stage}.{part}").double() for part in ("weight", "bias"))
        return linear(weight.new_tensor([SEMANTIC_WEIGHT, 1 - SEMANTIC_WEIGHT]), weight, bias)

    norm, reduction = (f"layers.{stage}.downsample.{name}" for name in ("norm.bias", "reduction.weight"))
    factor, summand = softplus(take("semantic_embed_w")), take("semantic_embed_b")
    reduced = factor[:, None] * state[reduction].double()
    shift = torch.linalg.lstsq(reduced, summand[:, None]).solution[:, 0]
    state[reduction], state[norm] = reduced.float(), (state[norm].double() + shift).float()
