"""What all detectors share."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from search.optional import need
from search.video import Frame
from utils.errors import InputError, one_line
from utils.onnx_session import network_sha256

if TYPE_CHECKING:
    import supervision as sv


@dataclass(frozen=True)
class Settings:
    """How to detect; None: as published for the network.

    Attributes:
        score: least score of a person, from 0 to 1.
        nms: greatest overlap (intersection over union) of two people, from 0 to 1; beyond it, the box with
            the lower score is dropped.
        threads: that a network computes with on the CPU; 0: one per core.
        cuda: let a network run on the GPU if onnxruntime can use one.

    Raises:
        InputError: a value is out of its range.
    """

    score: float | None = None
    nms: float | None = None
    threads: int = 0
    cuda: bool = True

    def __post_init__(self):
        for name in ("score", "nms"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise InputError(f"the detector's {name} is {value}; it must be from 0 to 1")
        if self.threads < 0:
            raise InputError(f"the detector's threads are {self.threads}; give 0 (one per core) or more")


class Detector(Protocol):
    """Finds the people in frames.

    Attributes:
        batch: how many frames it likes at once.
        name: what it is, and all that its boxes depend on: kind, checksum, thresholds.
    """

    batch: int
    name: str

    def __call__(self, frames: Sequence[Frame]) -> list["sv.Detections"]:
        """The people in each frame: boxes [pixels of the frame] with their scores, the highest first."""

    def fresh(self) -> "Detector":
        """One like it for another camera; itself, if what it finds does not depend on earlier frames."""


def detections(boxes: np.ndarray, scores: np.ndarray) -> "sv.Detections":
    """Boxes (N, 4) x1, y1, x2, y2 [pixels] and their scores (N,), as every detector gives them."""
    return need("supervision").Detections(
        xyxy=np.asarray(boxes, np.float32).reshape(-1, 4),
        confidence=np.asarray(scores, np.float32),
        class_id=np.zeros(len(scores), np.int64),
    )


def file_name(path: str) -> str:
    """Name of a file and the start of its checksum, as ``yolox_s.onnx@c5c2d13e59ae``."""
    return f"{one_line(os.path.basename(path))}@{network_sha256(path)[:12]}"
