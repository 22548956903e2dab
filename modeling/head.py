"""From a pooled feature to what is tested and what is classified."""

import torch
from torch import nn

from layers import CosineClassifier


class Head(nn.Module):
    """A linear reduction if wanted, the BNNeck, the classifier.

    Args:
        dim: D, of the pooled feature.
        num_classes: identities to classify; 0 builds no classifier, for testing.
        neck: 'bnneck' or 'no'.
        neck_feat: feature given in testing, 'before' or 'after' the neck.
        embedding_dim: E, to which the feature is reduced; 0: it stays as it is, and E is D.
        cosine: the scores are cosines, for the margin heads.
        before: modules of a subclass, by name, which stand before the head's in the order of parameters.

    Attributes:
        feature_dim: E.
    """

    def __init__(
        self,
        dim: int,
        num_classes: int,
        neck: str,
        neck_feat: str,
        embedding_dim: int = 0,
        cosine: bool = False,
        **before: nn.Module,
    ):
        super().__init__()
        for name, module in before.items():
            self.add_module(name, module)
        self.neck_feat = neck_feat
        self.feature_dim = embedding_dim or dim
        self.embedding = nn.Identity()
        if embedding_dim:
            self.embedding = nn.Linear(dim, embedding_dim, bias=False)
            # Distances keep their scale, for which the margin of the triplet loss is meant.
            nn.init.kaiming_normal_(self.embedding.weight, mode="fan_out")
        self.bottleneck = nn.Identity()
        if neck == "bnneck":
            self.bottleneck = nn.BatchNorm1d(self.feature_dim)  # weight 1, bias 0
            self.bottleneck.bias.requires_grad_(False)  # so that the classes' planes go through the origin
        if num_classes and cosine:
            self.classifier = CosineClassifier(self.feature_dim, num_classes)
        elif num_classes:
            self.classifier = nn.Linear(self.feature_dim, num_classes, bias=neck == "no")
            if neck == "bnneck":
                nn.init.normal_(self.classifier.weight, std=0.001)

    def forward(self, pooled: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        """(B, D) to class scores (B, num_classes) and the feature before the neck (B, E), or to a feature."""
        feat, after = self.embed(pooled)
        if self.training:
            return self.classifier(after), feat
        return after if self.neck_feat == "after" else feat

    def embed(self, pooled: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, D) to the features before and after the neck, (B, E) each."""
        feat = self.embedding(pooled)
        return feat, self.bottleneck(feat)
