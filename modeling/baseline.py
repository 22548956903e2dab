"""The strong baseline (Luo et al., "Bag of Tricks and a Strong Baseline for …", CVPRW 2019)."""

from dataclasses import dataclass, replace

import torch
from torch import nn
from yacs.config import CfgNode

from layers import MARGIN_HEADS, POOLINGS, max_stripes
from utils.errors import InputError

from .backbones import BackboneInfo, build_backbone, check_network
from .head import Head, HeadSpec, head_layers, head_output

# What MODEL.HEAD parts adds to the global branch: branches that see the maximum over each of N stripes,
# as in MGN (Wang et al., "Learning Discriminative Features with Multiple Granularities …", ACM MM 2018), but,
# as in LightMBN (Herzog et al., ICIP 2021), all on one map; the first sees the whole of it.
STRIPES = (1, 2, 3)
PART_DIM = 256  # of each of their features, as MGN's


@dataclass(frozen=True)
class NetworkSpec:
    """What a network is made of.

    Attributes:
        base: the backbone, with its initial weights.
        info: what it can do.
        pooling: (B, C, H, W) to (B, C); a backbone that pools by itself needs none.
        head: of the global branch.
        parts: add the branches of STRIPES.
    """

    base: nn.Module
    info: BackboneInfo
    pooling: nn.Module
    head: HeadSpec
    parts: bool = False


class Baseline(nn.Module):
    """Backbone, global pooling, BNNeck, classifier; and with parts, a branch of its own for each.

    The global branch's layers are the network's own, so that its names are those of reid-strong-baseline.

    Args:
        spec: what it is made of.

    Attributes:
        info: what the backbone ``base`` can do.
        neck_feat: feature given in testing, 'before' or 'after' the neck.
        global_dim: width of the global branch's feature.
        feature_dim: D, width of the feature given in testing, of all branches.
    """

    def __init__(self, spec: NetworkSpec):
        super().__init__()
        info, head = spec.info, spec.head
        self.info, self.neck_feat = info, head.neck_feat
        self.base = spec.base
        for name, layer in head_layers(info.feature_dim, head).items():
            self.add_module(name, layer)
        self.pooling = spec.pooling
        self.global_dim = self.feature_dim = head.embedding_dim or info.feature_dim
        self.branches = None
        if spec.parts:
            part, dim = replace(head, embedding_dim=PART_DIM), info.map_dim or info.feature_dim
            self.branches = nn.ModuleList(Head(dim, part) for _ in range(sum(STRIPES)))
            self.feature_dim += PART_DIM * sum(STRIPES)

    def forward(self, images: torch.Tensor) -> torch.Tensor | tuple:
        """Class scores and features, or features.

        Args:
            images: (B, 3, H, W) float.

        Returns:
            In training, the scores (B, num_classes), which read the feature after the neck, and the feature
            before it (B, D), for the metric loss; with parts, a tuple of the scores of all branches, the
            global one first, and one of the features of those that see the whole map. Else the feature
            ``neck_feat`` (B, D), with parts those of all branches concatenated. All float32, also under
            autocast.
        """
        maps = self.base(images)
        with torch.autocast(maps.device.type, enabled=False):
            out = head_output(self, *self.embed(self.pool(maps)))
            if self.branches is None:
                return out
            stripes = [stripe for number in STRIPES for stripe in max_stripes(maps, number)]
            outs = [out, *(branch(stripe) for branch, stripe in zip(self.branches, stripes, strict=True))]
            if not self.training:
                return torch.cat(outs, dim=1)
            scores, feats = zip(*outs, strict=True)
            return scores, feats[:2]

    def pool(self, maps: torch.Tensor) -> torch.Tensor:
        """The backbone's output to pooled features (B, D), float32 at least."""
        if not self.info.maps:
            return maps.to(torch.promote_types(maps.dtype, torch.float32))
        pooled = self.pooling(maps)
        return getattr(self.base, self.info.after_pooling)(pooled) if self.info.after_pooling else pooled

    def embed(self, pooled: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, D) to the global branch's features before and after the neck, (B, global_dim) each."""
        feat = self.embedding(pooled)
        return feat, self.bottleneck(feat)

    def layers(self) -> dict[str, int]:
        """Layer of each parameter by name, from 0 for the backbone's stem up; all of the head is the last."""
        found = {f"base.{name}": layer for name, layer in self.info.layers(self.base).items()}
        head = max(found.values()) + 1
        return {name: found.get(name, head) for name, _ in self.named_parameters()}


def network_spec(cfg: CfgNode, num_classes: int) -> NetworkSpec:
    """What the settings describe, with the backbone's initial, random weights.

    Raises:
        InputError: settings that do not go together.
    """
    check_network(cfg, training=num_classes > 0)
    model, parts = cfg.MODEL, cfg.MODEL.HEAD == "parts"
    base, info = build_backbone(cfg)
    pooling = POOLINGS[model.POOLING]()
    if not info.maps:
        if parts or model.POOLING != "avg":
            raise InputError(
                f"{model.NAME} pools its tokens itself: MODEL.HEAD must be global and MODEL.POOLING avg"
            )
        pooling = nn.Identity()
    cosine = model.ID_LOSS_TYPE in MARGIN_HEADS
    head = HeadSpec(num_classes, model.NECK, cfg.TEST.NECK_FEAT, model.EMBEDDING_DIM, cosine)
    return NetworkSpec(base, info, pooling, head, parts)


def build_model(cfg: CfgNode, num_classes: int) -> Baseline:
    """The network that the settings describe, with random weights.

    Args:
        cfg: the settings.
        num_classes: training identities; 0 for a network that only gives features.

    Raises:
        InputError: settings that do not go together.
    """
    return Baseline(network_spec(cfg, num_classes))
