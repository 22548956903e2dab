"""The strong baseline (Luo et al., "Bag of Tricks and a Strong Baseline for …", CVPRW 2019)."""

import torch
from torch import nn
from yacs.config import CfgNode

from layers import MARGIN_HEADS, POOLINGS, max_stripes
from utils.errors import InputError

from .backbones import build_backbone
from .head import Head

# What MODEL.HEAD parts adds to the global branch: branches that see the maximum over each of so many stripes,
# as in MGN (Wang et al., "Learning Discriminative Features with Multiple Granularities …", ACM MM 2018), but,
# as in LightMBN (Herzog et al., ICIP 2021), all on one map; the first sees the whole of it.
STRIPES = (1, 2, 3)
PART_DIM = 256  # of each of their features, as MGN's


class Baseline(Head):
    """Backbone, global pooling, BNNeck, classifier; and with parts, a branch of its own for each.

    The global branch's layers are the network's own, so that its names are those of reid-strong-baseline.

    Args:
        base: backbone with ``feature_dim``.
        num_classes: identities to classify; 0 builds no classifier, for testing.
        neck: 'bnneck' or 'no'.
        neck_feat: feature given in testing, 'before' or 'after' the neck.
        pooling: (B, C, H, W) to (B, C); a backbone that gives features (B, C) needs none.
        embedding_dim: width to which the global feature is reduced before the neck; 0: as it is.
        cosine: the scores are cosines, for the margin heads.
        parts: add the branches of STRIPES.

    Attributes:
        feature_dim: D, width of the feature given in testing.
        global_dim: that of the global branch alone.
    """

    def __init__(
        self,
        base: nn.Module,
        num_classes: int,
        neck: str,
        neck_feat: str,
        pooling: nn.Module,
        embedding_dim: int = 0,
        cosine: bool = False,
        parts: bool = False,
    ):
        super().__init__(base.feature_dim, num_classes, neck, neck_feat, embedding_dim, cosine, base=base)
        self.pooling = pooling
        self.global_dim = self.feature_dim
        if parts:
            dim = getattr(base, "map_dim", base.feature_dim)
            heads = (Head(dim, num_classes, neck, neck_feat, PART_DIM, cosine) for _ in range(sum(STRIPES)))
            self.branches = nn.ModuleList(heads)
            self.feature_dim += PART_DIM * sum(STRIPES)

    def forward(self, images: torch.Tensor) -> torch.Tensor | tuple:
        """Class scores and features, or features.

        Args:
            images: (B, 3, H, W) float.

        Returns:
            In training, the scores (B, num_classes), which read the feature after the neck, and the feature
            before it (B, D), for the metric loss; with parts, a tuple of the scores of all branches, the
            global one first, and one of the features of those that see the whole map. Else the feature
            ``neck_feat`` (B, D), with parts those of all branches in a row. All float32, also under autocast.
        """
        maps = self.base(images)
        with torch.autocast(maps.device.type, enabled=False):
            out = super().forward(self.pool(maps))
            if not hasattr(self, "branches"):
                return out
            stripes = [stripe for number in STRIPES for stripe in max_stripes(maps, number)]
            outs = [out, *(branch(stripe) for branch, stripe in zip(self.branches, stripes, strict=True))]
            if not self.training:
                return torch.cat(outs, dim=1)
            scores, feats = zip(*outs, strict=True)
            return scores, feats[:2]

    def pool(self, maps: torch.Tensor) -> torch.Tensor:
        """The backbone's output to pooled features (B, D), float32."""
        if maps.dim() == 2:
            return maps.to(torch.promote_types(maps.dtype, torch.float32))
        pooled = self.pooling(maps)
        return self.base.after_pooling(pooled) if hasattr(self.base, "after_pooling") else pooled


def build_model(cfg: CfgNode, num_classes: int, network: type[Baseline] = Baseline, **kwargs) -> Baseline:
    """The network that the settings describe, with random weights.

    Args:
        cfg: the settings.
        num_classes: training identities; 0 for a network that only gives features.
        network: a Baseline.
        kwargs: further ones of ``network``.

    Raises:
        InputError: settings that do not go together.
    """
    model, parts = cfg.MODEL, cfg.MODEL.HEAD == "parts"
    base = build_backbone(cfg)
    pooling = POOLINGS[model.POOLING]()
    if not getattr(base, "has_maps", True):
        if parts or model.POOLING != "avg":
            raise InputError(
                f"{model.NAME} pools its tokens itself: MODEL.HEAD must be global and MODEL.POOLING avg"
            )
        pooling = nn.Identity()
    cosine = model.ID_LOSS_TYPE in MARGIN_HEADS
    return network(
        base,
        num_classes,
        model.NECK,
        cfg.TEST.NECK_FEAT,
        pooling,
        model.EMBEDDING_DIM,
        cosine,
        parts,
        **kwargs,
    )
