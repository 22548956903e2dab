"""From the settings to what a student learns besides the identities."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from yacs.config import CfgNode

from layers import gather_batch
from layers.build import label_smoothing
from modeling.baseline import network_spec
from utils.errors import InputError

from .losses import embedding_loss, logit_loss, relation_loss
from .student import Student, StudentOutput
from .teacher import FeatureTeacher, Lesson, NetworkTeacher, Teacher, check_same_pixels


def make_distillation(
    cfg: CfgNode, teacher_cfg: CfgNode | None, records: Sequence, num_classes: int, device: torch.device
) -> "Distillation | None":
    """What the settings' section KD asks for; None if nothing.

    Args:
        cfg: the settings.
        teacher_cfg: those of the run that made KD.TEACHER; None without one.
        records: of the training images, in order, each with ``path`` and ``pid``, its class 0..C-1.
        num_classes: training identities.
        device: to compute on.

    Raises:
        InputError: the teacher's file cannot be read, or does not fit the settings.
    """
    teacher: Teacher | None = None
    if cfg.KD.TEACHER:
        check_same_pixels(cfg, teacher_cfg)
        teacher = NetworkTeacher(teacher_cfg, cfg.KD.TEACHER, num_classes, device)
    elif cfg.KD.TEACHER_FEATURES:
        paths, classes = [r.path for r in records], [r.pid for r in records]
        teacher = FeatureTeacher(cfg.KD.TEACHER_FEATURES, paths, classes, device)
    return Distillation(cfg, teacher) if teacher or cfg.KD.SELF else None


def build_student(cfg: CfgNode, num_classes: int, distillation: "Distillation") -> Student:
    """The network that the settings describe, with what it needs to learn from a teacher or from itself."""
    return Student(network_spec(cfg, num_classes), distillation.adapted_dim, cfg.KD.SELF)


class Distillation:
    """The losses of a student that learns from a teacher, from its own last stage, or from both.

    Args:
        cfg: the settings; section KD.
        teacher: of the student; None: no teacher.

    Attributes:
        weights: of each loss that there is, by its name in ``parts``. Of a teacher: ``kd_relation``,
            ``kd_embedding``, ``kd_logits``. Of the last stage, summed over the others: ``stage_id``,
            ``stage_logits``, ``stage_feature``.
        adapted_dim: the teacher's width D', if the student learns its features directly; else 0.
    """

    def __init__(self, cfg: CfgNode, teacher: Teacher | None):
        kd = cfg.KD
        self.teacher, self.temperature, self.smoothing = teacher, kd.TEMPERATURE, label_smoothing(cfg)
        weights = {}
        if teacher:
            weights |= {"kd_relation": kd.RELATION, "kd_embedding": kd.EMBEDDING}
            weights |= {"kd_logits": kd.LOGITS} if teacher.knows_classes else {}
        if kd.SELF:
            weights |= {"stage_id": 1 - kd.SELF_LOGITS, "stage_logits": kd.SELF_LOGITS}
            weights |= {"stage_feature": kd.FEATURE_LOSS_COEFFICIENT}
        self.weights: dict[str, float] = {name: weight for name, weight in weights.items() if weight}
        self.adapted_dim = teacher.dim if "kd_embedding" in self.weights else 0

    def __call__(
        self, output: StudentOutput, target: torch.Tensor, images: torch.Tensor, indices: torch.Tensor
    ) -> torch.Tensor:
        """The weighted sum of the parts, a scalar; arguments as theirs."""
        parts = self.parts(output, target, images, indices)
        return sum((self.weights[name] * part for name, part in parts.items()), output.score.new_zeros(()))

    def parts(
        self, output: StudentOutput, target: torch.Tensor, images: torch.Tensor, indices: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """The losses with a weight, unweighted scalars.

        Args:
            output: of the student.
            target: (B,) int64 classes.
            images: (B, 3, H, W) that the student saw.
            indices: (B,) int64, their places among the training images.
        """
        losses = self.from_teacher(output, self.teacher(images, indices)) if self.teacher else {}
        stages = [self.from_last_stage(score, feat, output, target) for score, feat in output.stages]
        for name in stages[0] if stages else ():
            losses[name] = sum(stage[name] for stage in stages)
        return losses

    def state_dict(self) -> dict:
        """Which teacher it is."""
        return {"teacher": self.teacher.digest if self.teacher else ""}

    def load_state_dict(self, state: dict) -> None:
        """Resume from a ``state_dict``.

        Raises:
            InputError: it is of another teacher.
        """
        if state != self.state_dict():
            raise InputError(
                "the teacher is not the one that this run began with: its file has changed (KD.TEACHER, "
                "KD.TEACHER_FEATURES); restore it, or start a new run"
            )

    def from_teacher(self, output: StudentOutput, lesson: Lesson) -> dict[str, torch.Tensor]:
        """Relations, features and scores of a teacher."""
        losses = {}
        if "kd_relation" in self.weights:
            losses["kd_relation"] = relation_loss(*gather_batch(output.after, lesson.features))
        if "kd_embedding" in self.weights:
            losses["kd_embedding"] = embedding_loss(output.adapted, lesson.features)
        if "kd_logits" in self.weights:
            losses["kd_logits"] = logit_loss(output.score, lesson.logits, self.temperature)
        return losses

    def from_last_stage(
        self, score: torch.Tensor, feat: torch.Tensor, output: StudentOutput, target: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Identities, and the last stage's scores and features.

        Zhang et al., "Be Your Own Teacher", ICCV 2019; the features' distance is of unit vectors.

        Args:
            score: (B, C) of an earlier stage.
            feat: (B, W) of it.
            output: of the last stage, which does not learn from this.
            target: (B,) int64 classes.
        """
        losses = {}
        if "stage_id" in self.weights:
            losses["stage_id"] = F.cross_entropy(score, target, label_smoothing=self.smoothing)
        if "stage_logits" in self.weights:
            losses["stage_logits"] = logit_loss(score, output.score.detach(), self.temperature)
        if "stage_feature" in self.weights:
            losses["stage_feature"] = embedding_loss(feat, output.pooled.detach())
        return losses
