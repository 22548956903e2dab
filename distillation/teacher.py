"""Teachers: a trained network, or the features that another program computed of the training images."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from loguru import logger
from yacs.config import CfgNode

from modeling import build_model, load_weights
from utils.device import autocast, network_dtype
from utils.errors import InputError
from utils.files import sha256

from .feature_file import read_features


class Lesson(NamedTuple):
    """What a teacher says about a batch."""

    features: torch.Tensor  # (B, D')
    logits: torch.Tensor | None  # (B, C) scores for the student's identities; None: it does not know them


class Teacher(Protocol):
    """Gives the lesson of a batch.

    Attributes:
        dim: width D' of its features.
        knows_classes: whether it gives scores for the student's identities.
        digest: SHA-256 of what it knows.
    """

    dim: int
    knows_classes: bool
    digest: str

    def __call__(self, images: torch.Tensor, indices: torch.Tensor) -> Lesson:
        """The lesson of images.

        Args:
            images: (B, 3, H, W) that the student sees.
            indices: (B,) int64, their places among the training images.
        """
        ...


class NetworkTeacher:
    """A trained network that sees the student's own, augmented images, resized to its size.

    Args:
        cfg: the settings of its run.
        path: its weights.
        num_classes: the student's identities. If the teacher has as many, they are taken to be the same.
        device: to compute on.

    Raises:
        InputError: the weights do not fit the settings beside them, or its pixels are normalised differently.
    """

    def __init__(self, cfg: CfgNode, path: str, num_classes: int, device: torch.device):
        self.model = build_model(cfg, num_classes)
        self.model.neck_feat = "after"  # what its classifier reads
        report = load_weights(self.model, path, complete=True)
        logger.info(f"Teacher: {path}: {report}")
        self.digest = sha256(path)
        plain = cfg.MODEL.ID_LOSS_TYPE == "softmax" and cfg.MODEL.HEAD == "global"
        self.knows_classes = plain and report.classifier
        if not self.knows_classes:
            logger.info("The teacher's scores are of another kind: only its features teach (not KD.LOGITS)")
        self.model.eval().requires_grad_(False).to(device, memory_format=torch.channels_last)
        self.dim = self.model.feature_dim
        self.size = tuple(cfg.INPUT.SIZE_TEST)
        self.autocast = autocast(device, cfg.SOLVER.AMP)
        self.dtype = network_dtype(device, cfg.SOLVER.AMP)  # which need not be the student's

    @torch.no_grad()
    def __call__(self, images: torch.Tensor, indices: torch.Tensor) -> Lesson:
        """The lesson of (B, 3, H, W) images; ``indices`` are not needed."""
        if tuple(images.shape[2:]) != self.size:
            images = F.interpolate(images.float(), self.size, mode="bilinear", antialias=True)
        with self.autocast:
            features = self.model(images.to(self.dtype))
        return Lesson(features, self.model.classifier(features) if self.knows_classes else None)


class FeatureTeacher:
    """Features of the training images, as they are on the disk, whatever is done to the student's.

    Its scores are the cosines of a feature and of each person's mean feature, times SCALE.

    Args:
        file: of names and features, see ``read_features``.
        paths: of the training images, in order.
        classes: of these images, 0..C-1.
        device: to keep them on.

    Raises:
        InputError: the file cannot be read, or lacks an image.
    """

    knows_classes = True
    SCALE = 40.0  # softened by a temperature of 4, a strong network's scores give a person about one half

    def __init__(self, file: str, paths: Sequence[str], classes: Sequence[int], device: torch.device):
        found = read_features(Path(file), paths)
        self.digest = hashlib.sha256(np.ascontiguousarray(found)).hexdigest()
        features = torch.from_numpy(found).to(device)
        self.dim = features.shape[1]
        self.features = F.normalize(features)
        classes = torch.tensor(classes, device=device)
        sums = self.features.new_zeros(classes.max() + 1, self.dim).index_add_(0, classes, self.features)
        self.people = F.normalize(sums)
        logger.info(f"Teacher: {file}: features of {len(paths)} images, {self.dim} numbers each")

    def __call__(self, images: torch.Tensor, indices: torch.Tensor) -> Lesson:
        """The lesson of the images with these (B,) indices; ``images`` are not needed."""
        features = self.features[indices]
        return Lesson(features, self.SCALE * features @ self.people.T)


def check_same_pixels(student: CfgNode, teacher: CfgNode) -> None:
    """Raise an InputError unless both normalise pixels in the same way."""
    for key in ("PIXEL_MEAN", "PIXEL_STD"):
        ours, theirs = list(student.INPUT[key]), list(teacher.INPUT[key])
        if ours != theirs:
            raise InputError(
                f"INPUT.{key} is {ours} here and {theirs} in the teacher's settings; make them equal"
            )
