"""From the settings to one loss of named parts."""

from collections.abc import Callable, Mapping

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

# Losses that read cosines, for which the network has a CosineClassifier: name in MODEL.ID_LOSS_TYPE ->
# factory(cfg.SOLVER, label smoothing) -> loss(score, target)
MARGIN_HEADS: dict[str, Callable] = {
    "arcface": lambda s, smoothing: ArcFaceLoss(s.ARCFACE.SCALE, s.ARCFACE.MARGIN, smoothing),
    "cosface": lambda s, smoothing: CosFaceLoss(s.COSFACE.SCALE, s.COSFACE.MARGIN, smoothing),
    "circle_softmax": lambda s, smoothing: CircleSoftmaxLoss(
        s.CIRCLE_SOFTMAX.SCALE, s.CIRCLE_SOFTMAX.MARGIN, smoothing
    ),
}
# The same of all losses on the scores.
ID_LOSSES: dict[str, Callable | None] = {
    "softmax": lambda s, smoothing: nn.CrossEntropyLoss(label_smoothing=smoothing),
    **MARGIN_HEADS,
    "none": None,
}
# name in MODEL.METRIC_LOSS_TYPE -> factory(cfg.SOLVER) -> loss(feat, target)
METRIC_LOSSES: dict[str, Callable | None] = {
    "triplet": lambda s: TripletLoss(None if s.SOFT_MARGIN else s.MARGIN),
    "weighted_triplet": lambda s: WeightedTripletLoss(),
    "circle": lambda s: CircleLoss(s.CIRCLE.MARGIN, s.CIRCLE.GAMMA),
    "multi_similarity": lambda s: MultiSimilarityLoss(
        s.MULTI_SIMILARITY.ALPHA, s.MULTI_SIMILARITY.BETA, s.MULTI_SIMILARITY.BASE, s.MULTI_SIMILARITY.EPSILON
    ),
    "none": None,
}


def label_smoothing(cfg: CfgNode) -> float:
    """Smoothing of every cross-entropy on the identities, 0 or LABEL_SMOOTHING."""
    return LABEL_SMOOTHING if cfg.MODEL.IF_LABELSMOOTH else 0.0


def make_loss(cfg: CfgNode, num_classes: int, feature_dim: int) -> "ReidLoss":
    """The loss that MODEL.ID_LOSS_TYPE, METRIC_LOSS_TYPE and IF_WITH_CENTER choose.

    Args:
        cfg: the settings.
        num_classes: training identities.
        feature_dim: width of the feature before the neck, of the global branch; the center loss needs it.
    """
    solver = cfg.SOLVER
    id_loss, metric_loss = ID_LOSSES[cfg.MODEL.ID_LOSS_TYPE], METRIC_LOSSES[cfg.MODEL.METRIC_LOSS_TYPE]
    center_loss = None
    if cfg.MODEL.IF_WITH_CENTER:
        center_loss = CenterLoss(num_classes, feature_dim, solver.CENTER_LR)
    return ReidLoss(
        id_loss and id_loss(solver, label_smoothing(cfg)),
        metric_loss and metric_loss(solver),
        center_loss,
        {
            "id": solver.ID_LOSS_WEIGHT,
            "metric": solver.METRIC_LOSS_WEIGHT,
            "center": solver.CENTER_LOSS_WEIGHT,
        },
        solver.GATHER_TRIPLET,
    )


def weighted_sum(parts: Mapping[str, torch.Tensor], weights: Mapping[str, float]) -> torch.Tensor:
    """The sum of named scalars, each times the weight of its name."""
    return sum(weights[name] * part for name, part in parts.items())


class ReidLoss(nn.Module):
    """A loss on the scores ('id'), one on the features ('metric') and the center loss ('center').

    Args:
        id_loss: loss(score, target), or None.
        metric_loss: loss(feat, target), or None.
        center_loss: loss(feat, target), or None.
        weights: of 'id', 'metric' and 'center' in the sum.
        gather: with many processes, the loss on the features is over the features of them all. The center
            loss always is, so that the centers stay the same in all.
    """

    def __init__(
        self,
        id_loss: nn.Module | None,
        metric_loss: nn.Module | None,
        center_loss: nn.Module | None,
        weights: Mapping[str, float],
        gather: bool,
    ):
        super().__init__()
        self.id_loss, self.metric_loss, self.center_loss = id_loss, metric_loss, center_loss
        self.weights = dict(weights)
        self.gather = gather

    def forward(
        self,
        score: torch.Tensor | tuple[torch.Tensor, ...],
        feat: torch.Tensor | tuple[torch.Tensor, ...],
        target: torch.Tensor,
    ) -> torch.Tensor:
        """The weighted sum of the ``parts``, a scalar."""
        return weighted_sum(self.parts(score, feat, target), self.weights)

    def parts(
        self,
        score: torch.Tensor | tuple[torch.Tensor, ...],
        feat: torch.Tensor | tuple[torch.Tensor, ...],
        target: torch.Tensor,
    ) -> dict[str, torch.Tensor]:
        """The losses that are on, by name, not weighted; scalars on the device.

        A loss on the scores or features of several branches is the mean over them.

        Args:
            score: (B, C) class scores (cosines for the margin heads), or a tuple of those of the branches.
            feat: (B, D) features before the neck, or a tuple of those of the branches that the metric loss
                is for; the center loss is for the first.
            target: (B,) int64 classes.
        """
        scores, feats = (x if isinstance(x, tuple) else (x,) for x in (score, feat))
        parts = {}
        if self.id_loss:
            parts["id"] = sum(self.id_loss(score, target) for score in scores) / len(scores)
        if self.metric_loss:
            parts["metric"] = sum(self._metric(feat, target) for feat in feats) / len(feats)
        if self.center_loss:
            parts["center"] = self.center_loss(*gather_batch(feats[0], target))
        return parts

    def _metric(self, feat: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return self.metric_loss(*(gather_batch(feat, target) if self.gather else (feat, target)))
