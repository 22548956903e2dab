"""The strong baseline (Luo et al., "Bag of Tricks and a Strong Baseline for …", CVPRW 2019)."""

import torch
from torch import nn
from yacs.config import CfgNode

from .backbones import BACKBONES


class Baseline(nn.Module):
    """Backbone, global average pooling, BNNeck, classifier.

    Args:
        base: backbone with ``feature_dim``.
        num_classes: identities to classify; 0 builds no classifier, for testing.
        neck: 'bnneck' or 'no'.
        neck_feat: feature given in testing, 'before' or 'after' the neck.
    """

    def __init__(self, base: nn.Module, num_classes: int, neck: str = "bnneck", neck_feat: str = "after"):
        super().__init__()
        self.base = base
        self.neck_feat = neck_feat
        dim = base.feature_dim
        self.bottleneck = nn.Identity()
        if neck == "bnneck":
            self.bottleneck = nn.BatchNorm1d(dim)  # weight 1, bias 0
            self.bottleneck.bias.requires_grad_(False)  # so that the classes' planes go through the origin
        if num_classes:
            self.classifier = nn.Linear(dim, num_classes, bias=neck == "no")
            if neck == "bnneck":
                nn.init.normal_(self.classifier.weight, std=0.001)

    def forward(self, images: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        """Class scores and features, or features.

        Args:
            images: (B, 3, H, W) float.

        Returns:
            In training, the scores (B, num_classes), which read the feature after the neck, and the feature
            before it (B, D), for the metric loss. Else the feature ``neck_feat`` (B, D). All float32, also
            under autocast.
        """
        feat, after = self.embed(self.base(images))
        if self.training:
            return self.classify(after), feat
        return after if self.neck_feat == "after" else feat

    def embed(self, maps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The features before and after the neck, (B, D) each, of the backbone's map (B, D, h, w)."""
        with torch.autocast(maps.device.type, enabled=False):
            feat = maps.float().mean((2, 3)) if maps.dtype != torch.float64 else maps.mean((2, 3))
            return feat, self.bottleneck(feat)

    def classify(self, after: torch.Tensor) -> torch.Tensor:
        """The scores (B, num_classes) of features after the neck."""
        with torch.autocast(after.device.type, enabled=False):
            return self.classifier(after)


def build_model(cfg: CfgNode, num_classes: int, network: type[Baseline] = Baseline, **kwargs) -> Baseline:
    """The network that the settings describe, with random weights.

    Args:
        cfg: the settings.
        num_classes: training identities; 0 for a network that only gives features.
        network: a Baseline.
        kwargs: further ones of ``network``.
    """
    base = BACKBONES[cfg.MODEL.NAME](last_stride=cfg.MODEL.LAST_STRIDE, stem_relu=cfg.MODEL.STEM_RELU)
    return network(base, num_classes, cfg.MODEL.NECK, cfg.TEST.NECK_FEAT, **kwargs)
