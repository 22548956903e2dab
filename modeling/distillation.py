"""From the settings to what a student learns beside its identities."""

import torch
import torch.nn.functional as F
from yacs.config import CfgNode

from layers.build import label_smoothing
from layers.distillation import embedding_loss, logit_loss, relation_loss
from layers.gather import gather_batch

from .baseline import build_model
from .student import Student, StudentOutput
from .teacher import FeatureTeacher, Lesson, NetworkTeacher


def build_student(cfg: CfgNode, num_classes: int, teacher: NetworkTeacher | FeatureTeacher | None) -> Student:
    """The network that the settings describe, with what it needs to learn from a teacher or from itself."""
    teacher_dim = teacher.dim if teacher and cfg.KD.EMBEDDING else 0
    return build_model(cfg, num_classes, Student, teacher_dim=teacher_dim, stages=cfg.KD.SELF)


class Distillation:
    """The loss of a student that learns from a teacher, from its own last stage, or from both.

    Args:
        cfg: the settings; section KD.
        teacher: None: there is none.
    """

    def __init__(self, cfg: CfgNode, teacher: NetworkTeacher | FeatureTeacher | None):
        self.kd = cfg.KD
        self.smoothing = label_smoothing(cfg)
        self.teacher = teacher

    def __call__(
        self, output: StudentOutput, target: torch.Tensor, images: torch.Tensor, indices: torch.Tensor
    ) -> torch.Tensor:
        """The loss, a scalar.

        Args:
            output: of the student.
            target: (B,) int64 classes.
            images: (B, 3, H, W) that the student saw.
            indices: (B,) int64, their places among the training images.
        """
        loss = output.score.new_zeros(())
        if self.teacher:
            loss = loss + self.from_teacher(output, self.teacher(images, indices))
        for score, feat in output.stages:
            loss = loss + self.from_last_stage(score, feat, output, target)
        return loss

    def from_teacher(self, output: StudentOutput, lesson: Lesson) -> torch.Tensor:
        """Scores, features and relations of a teacher."""
        kd = self.kd
        loss = kd.RELATION * relation_loss(*gather_batch(output.after, lesson.features))
        if output.adapted is not None:
            loss = loss + kd.EMBEDDING * embedding_loss(output.adapted, lesson.features)
        if lesson.logits is not None:
            loss = loss + kd.LOGITS * logit_loss(output.score, lesson.logits, kd.TEMPERATURE)
        return loss

    def from_last_stage(
        self, score: torch.Tensor, feat: torch.Tensor, output: StudentOutput, target: torch.Tensor
    ) -> torch.Tensor:
        """Identities, and the last stage's scores and features.

        Zhang et al., "Be Your Own Teacher", ICCV 2019; the features' distance is of unit vectors.

        Args:
            score: (B, C) of an earlier stage.
            feat: (B, W) of it.
            output: of the last stage, which does not learn from this.
            target: (B,) int64 classes.
        """
        kd = self.kd
        identities = F.cross_entropy(score, target, label_smoothing=self.smoothing)
        soft = logit_loss(score, output.score.detach(), kd.TEMPERATURE)
        alike = embedding_loss(feat, output.pooled.detach())
        return (1 - kd.SELF_LOGITS) * identities + kd.SELF_LOGITS * soft + kd.FEATURE_LOSS_COEFFICIENT * alike
