"""A network with what it needs, only in training, to learn from a teacher or from itself."""

from typing import NamedTuple

import torch
from torch import nn

from modeling.baseline import Baseline, NetworkSpec


class StudentOutput(NamedTuple):
    """What a student gives in training; first what every network gives."""

    score: torch.Tensor  # (B, C)
    feat: torch.Tensor  # (B, D), before the neck
    after: torch.Tensor  # (B, D), after it: what is tested
    pooled: torch.Tensor  # (B, W), of the last stage's map: what the earlier stages learn
    adapted: torch.Tensor | None  # (B, D') in the teacher's width
    stages: list[tuple[torch.Tensor, torch.Tensor]]  # (B, C) scores and (B, W) features of earlier stages


class Student(Baseline):
    """The network, a linear layer to the teacher's width, and its earlier stages as classifiers.

    Args:
        spec: of the network, without parts; with ``stages``, of a backbone that has them.
        teacher_dim: the teacher's width D'; 0: its features are not learned directly.
        stages: whether the earlier stages learn.
    """

    def __init__(self, spec: NetworkSpec, teacher_dim: int, stages: bool):
        super().__init__(spec)
        self.adapters = nn.ModuleDict()  # ``modeling.ADAPTERS``: left out of the weights that are saved
        if teacher_dim:
            self.adapters["teacher"] = nn.Linear(self.feature_dim, teacher_dim)
        if stages:
            dim, classes = spec.info.feature_dim, spec.head.num_classes
            self.adapters["stages"] = nn.ModuleList(
                StageClassifier(dim // part, dim, classes) for part in (8, 4, 2)
            )

    def forward(self, images: torch.Tensor) -> torch.Tensor | StudentOutput:
        """(B, 3, H, W) to a StudentOutput in training, else to the tested feature (B, D); float32."""
        if not self.training:
            return super().forward(images)
        stages = []
        if "stages" in self.adapters:
            *earlier, maps = self.info.stages(self.base, images)
            stages = [stage(m) for stage, m in zip(self.adapters["stages"], earlier, strict=True)]
        else:
            maps = self.base(images)
        with torch.autocast(images.device.type, enabled=False):
            pooled = self.pool(maps)
            feat, after = self.embed(pooled)
            adapted = self.adapters["teacher"](after) if "teacher" in self.adapters else None
            return StudentOutput(self.classifier(after), feat, after, pooled, adapted, stages)


class StageClassifier(nn.Module):
    """A small head that makes an earlier stage's map comparable with the last one's.

    Args:
        channels: of the stage's map.
        dim: of the feature.
        num_classes: identities.
    """

    SIZE = (8, 4)  # the map is pooled to it first, so that the head costs next to nothing

    def __init__(self, channels: int, dim: int, num_classes: int):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(self.SIZE)
        self.adapt = nn.Sequential(
            nn.Conv2d(channels, dim, 1, bias=False), nn.BatchNorm2d(dim), nn.ReLU(inplace=True)
        )
        self.classifier = nn.Linear(dim, num_classes, bias=False)
        nn.init.normal_(self.classifier.weight, std=0.001)

    def forward(self, maps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, channels, h, w) to scores (B, num_classes) and features (B, dim), float32."""
        feat = self.adapt(self.pool(maps)).float().mean((2, 3))
        with torch.autocast(maps.device.type, enabled=False):
            return self.classifier(feat), feat
