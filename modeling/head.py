"""From a pooled feature to what is tested and what is classified."""

from dataclasses import dataclass

import torch
from torch import nn

from layers import CosineClassifier


@dataclass(frozen=True)
class HeadSpec:
    """What a head is made of.

    Attributes:
        num_classes: identities to classify; 0 builds no classifier, for testing.
        neck: 'bnneck' or 'no'.
        neck_feat: feature given in testing, 'before' or 'after' the neck.
        embedding_dim: E, to which the pooled feature is reduced; 0: it stays as it is, and E is its width D.
        cosine: the scores are cosines, for the margin heads.
    """

    num_classes: int
    neck: str = "bnneck"
    neck_feat: str = "after"
    embedding_dim: int = 0
    cosine: bool = False


class Head(nn.Module):
    """A linear reduction if wanted, the BNNeck, the classifier.

    Args:
        dim: D, of the pooled feature.
        spec: what it is made of.

    Attributes:
        feature_dim: E, width of the feature.
    """

    def __init__(self, dim: int, spec: HeadSpec):
        super().__init__()
        self.feature_dim = spec.embedding_dim or dim
        self.neck_feat = spec.neck_feat
        for name, layer in head_layers(dim, spec).items():
            self.add_module(name, layer)

    def forward(self, pooled: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        """(B, D) to class scores (B, num_classes) and the feature before the neck (B, E), or to a feature."""
        feat = self.embedding(pooled)
        return head_output(self, feat, self.bottleneck(feat))


def head_layers(dim: int, spec: HeadSpec) -> dict[str, nn.Module]:
    """The layers of a head for features of width ``dim`` by name, in the order in which they compute."""
    width = spec.embedding_dim or dim
    layers = {"embedding": nn.Identity(), "bottleneck": nn.Identity()}
    if spec.embedding_dim:
        layers["embedding"] = nn.Linear(dim, width, bias=False)
        # Distances keep their scale, for which the margin of the triplet loss is meant.
        nn.init.kaiming_normal_(layers["embedding"].weight, mode="fan_out")
    if spec.neck == "bnneck":
        layers["bottleneck"] = nn.BatchNorm1d(width)  # weight 1, bias 0
        layers["bottleneck"].bias.requires_grad_(False)  # so that the classes' planes go through the origin
    if spec.num_classes and spec.cosine:
        layers["classifier"] = CosineClassifier(width, spec.num_classes)
    elif spec.num_classes:
        layers["classifier"] = nn.Linear(width, spec.num_classes, bias=spec.neck == "no")
        if spec.neck == "bnneck":
            nn.init.normal_(layers["classifier"].weight, std=0.001)
    return layers


def head_output(
    net: nn.Module, feat: torch.Tensor, after: torch.Tensor
) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
    """What a network with the layers of a head gives.

    Args:
        net: with ``classifier`` and ``neck_feat``.
        feat: (B, E) before the neck.
        after: (B, E) after it.

    Returns:
        In training, class scores (B, num_classes), which read ``after``, and ``feat``, for the metric loss.
        Else the feature that ``neck_feat`` names.
    """
    if net.training:
        return net.classifier(after), feat
    return after if net.neck_feat == "after" else feat
