"""What a student learns from a teacher: its scores, its features, and how similar it finds two images."""

import torch
import torch.nn.functional as F


def logit_loss(student: torch.Tensor, teacher: torch.Tensor, temperature: float) -> torch.Tensor:
    """KL divergence of softened class probabilities (Hinton et al., "Distilling the Knowledge …", 2015).

    Times temperature squared, so that the size of its gradient does not depend on the temperature.

    Args:
        student: (B, C) scores.
        teacher: (B, C) scores.
        temperature: by which the scores are divided; above 0.

    Returns:
        The mean over the batch, a scalar, float32.
    """
    student, teacher = (F.log_softmax(x.float() / temperature, dim=1) for x in (student, teacher))
    return temperature**2 * F.kl_div(student, teacher, reduction="batchmean", log_target=True)


def embedding_loss(student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """Squared distance of the features on the unit sphere (Romero et al., "FitNets", ICLR 2015).

    Normalised, it lies in 0..4 whatever the size of batch and features.

    Args:
        student: (B, D), adapted to the teacher's width.
        teacher: (B, D).

    Returns:
        The mean over the batch, a scalar, float32.
    """
    return 2 - 2 * F.cosine_similarity(student.float(), teacher.float()).mean()


def relation_loss(student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """Squared difference of the cosine similarities of all pairs of images.

    After Tung and Mori, "Similarity-Preserving Knowledge Distillation", ICCV 2019, with features of unit
    length in place of rows of unit length, so that the size of a batch and its mix of people do not scale it.

    Args:
        student: (B, D) features.
        teacher: (B, D') features of the same images, of any width.

    Returns:
        The mean over the pairs of different images, a scalar, float32; 0 for a single image.
    """
    with torch.autocast(student.device.type, enabled=False):
        student, teacher = (F.normalize(x.float(), dim=1) for x in (student, teacher))
        difference = student @ student.T - teacher @ teacher.T
        pairs = max(1, len(student) * (len(student) - 1))
        return difference.fill_diagonal_(0).square().sum() / pairs
