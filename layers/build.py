"""From the settings to one loss."""

from collections.abc import Callable

import torch
from torch import nn
from yacs.config import CfgNode

from .arcface import ArcFaceLoss
from .center_loss import CenterLoss
from .circle_loss import CircleLoss
from .circle_softmax import CircleSoftmaxLoss
from .cosface import CosFaceLoss
from .gather import gather_batch
from .multi_similarity import MultiSimilarityLoss
from .triplet_loss import TripletLoss
from .weighted_triplet import WeightedTripletLoss

LABEL_SMOOTHING = 0.1  # as published with the strong baseline


def label_smoothing(cfg: CfgNode) -> float:
    """Of every cross-entropy on the identities."""
    return LABEL_SMOOTHING if cfg.MODEL.IF_LABELSMOOTH else 0.0


def _softmax(cfg: CfgNode) -> nn.Module:
    return nn.CrossEntropyLoss(label_smoothing=label_smoothing(cfg))


def _arcface(cfg: CfgNode) -> nn.Module:
    return ArcFaceLoss(cfg.SOLVER.ARCFACE.SCALE, cfg.SOLVER.ARCFACE.MARGIN, label_smoothing(cfg))


def _cosface(cfg: CfgNode) -> nn.Module:
    return CosFaceLoss(cfg.SOLVER.COSFACE.SCALE, cfg.SOLVER.COSFACE.MARGIN, label_smoothing(cfg))


def _circle_softmax(cfg: CfgNode) -> nn.Module:
    settings = cfg.SOLVER.CIRCLE_SOFTMAX
    return CircleSoftmaxLoss(settings.SCALE, settings.MARGIN, label_smoothing(cfg))


def _triplet(cfg: CfgNode) -> nn.Module:
    return TripletLoss(None if cfg.SOLVER.SOFT_MARGIN else cfg.SOLVER.MARGIN)


def _weighted_triplet(cfg: CfgNode) -> nn.Module:
    return WeightedTripletLoss()


def _circle(cfg: CfgNode) -> nn.Module:
    return CircleLoss(cfg.SOLVER.CIRCLE.MARGIN, cfg.SOLVER.CIRCLE.GAMMA)


def _multi_similarity(cfg: CfgNode) -> nn.Module:
    settings = cfg.SOLVER.MULTI_SIMILARITY
    return MultiSimilarityLoss(settings.ALPHA, settings.BETA, settings.BASE, settings.EPSILON)


# Losses that read cosines, for which the network has a CosineClassifier: name -> factory(cfg) -> loss(score,
# target)
MARGIN_HEADS: dict[str, Callable] = {
    "arcface": _arcface,
    "cosface": _cosface,
    "circle_softmax": _circle_softmax,
}
# name -> factory(cfg) -> loss(score, target)
ID_LOSSES: dict[str, Callable | None] = {"softmax": _softmax, **MARGIN_HEADS, "none": None}
# name -> factory(cfg) -> loss(feat, target)
METRIC_LOSSES: dict[str, Callable | None] = {
    "triplet": _triplet,
    "weighted_triplet": _weighted_triplet,
    "circle": _circle,
    "multi_similarity": _multi_similarity,
    "none": None,
}


def make_loss(cfg: CfgNode, num_classes: int, feature_dim: int) -> "ReidLoss":
    """The loss that MODEL.ID_LOSS_TYPE, METRIC_LOSS_TYPE and IF_WITH_CENTER choose.

    Args:
        cfg: the settings.
        num_classes: training identities.
        feature_dim: width of the feature before the neck, of the global branch; the center loss needs it.
    """
    id_loss, metric_loss = ID_LOSSES[cfg.MODEL.ID_LOSS_TYPE], METRIC_LOSSES[cfg.MODEL.METRIC_LOSS_TYPE]
    center_loss = None
    if cfg.MODEL.IF_WITH_CENTER:
        center_loss = CenterLoss(num_classes, feature_dim, cfg.SOLVER.CENTER_LR)
    return ReidLoss(
        id_loss and id_loss(cfg),
        metric_loss and metric_loss(cfg),
        center_loss,
        cfg.SOLVER.ID_LOSS_WEIGHT,
        cfg.SOLVER.METRIC_LOSS_WEIGHT,
        cfg.SOLVER.CENTER_LOSS_WEIGHT,
        cfg.SOLVER.GATHER_TRIPLET,
    )


class ReidLoss(nn.Module):
    """Weighted sum of a loss on the scores, one on the features and the center loss.

    Args:
        id_loss: loss(score, target), or None.
        metric_loss: loss(feat, target), or None.
        center_loss: loss(feat, target), or None.
        id_weight: of the first.
        metric_weight: of the second.
        center_weight: of the third.
        gather: with many processes, the loss on the features is over the features of them all. The center
            loss always is, so that the centers stay the same in all.
    """

    def __init__(
        self,
        id_loss: nn.Module | None,
        metric_loss: nn.Module | None,
        center_loss: nn.Module | None,
        id_weight: float,
        metric_weight: float,
        center_weight: float,
        gather: bool,
    ):
        super().__init__()
        self.id_loss, self.metric_loss, self.center_loss = id_loss, metric_loss, center_loss
        self.id_weight, self.metric_weight, self.center_weight = id_weight, metric_weight, center_weight
        self.gather = gather

    def forward(
        self,
        score: torch.Tensor | tuple[torch.Tensor, ...],
        feat: torch.Tensor | tuple[torch.Tensor, ...],
        target: torch.Tensor,
    ) -> torch.Tensor:
        """The loss, a scalar; a loss on the scores or features of several branches is the mean over them.

        Args:
            score: (B, C) class scores (cosines for the margin heads), or a tuple of those of the branches.
            feat: (B, D) features before the neck, or a tuple of those of the branches that the metric loss
                is for; the center loss is for the first.
            target: (B,) int64 classes.
        """
        scores, feats = (x if isinstance(x, tuple) else (x,) for x in (score, feat))
        loss = scores[0].new_zeros(())
        if self.id_loss:
            loss = loss + self.id_weight * sum(self.id_loss(score, target) for score in scores) / len(scores)
        if self.metric_loss:
            loss = loss + self.metric_weight * sum(self._metric(feat, target) for feat in feats) / len(feats)
        if self.center_loss:
            loss = loss + self.center_weight * self.center_loss(*gather_batch(feats[0], target))
        return loss

    def _metric(self, feat: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return self.metric_loss(*(gather_batch(feat, target) if self.gather else (feat, target)))
