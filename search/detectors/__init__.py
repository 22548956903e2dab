"""Detectors: frames to boxes of people. One file per kind."""

import os
from collections.abc import Callable
from functools import partial

from loguru import logger

from utils.errors import InputError, one_line

from .boxes import BoxesDetector
from .detector import Detector, Settings
from .motion import MotionDetector
from .onnx import OnnxDetector
from .release import CHECKSUMS, official_yolox

__all__ = ["DETECTORS", "FILES", "Detector", "Settings", "make_detector"]

# name -> factory(settings) -> detector
DETECTORS: dict[str, Callable[[Settings], Detector]] = {
    **{name: partial(official_yolox, name) for name in CHECKSUMS},
    "motion": MotionDetector,
}
# suffix of a file -> factory(path, settings) -> detector
FILES: dict[str, Callable[[str, Settings], Detector]] = {".onnx": OnnxDetector, ".txt": BoxesDetector}


def make_detector(spec: str = "", settings: Settings | None = None) -> Detector:
    """The detector that a name or a file stands for.

    Args:
        spec: a name of ``DETECTORS``; a file with a suffix of ``FILES``: a network (.onnx), or the boxes of
            another program (.txt, as MOTChallenge's det.txt); empty: ``motion``, which is logged.
        settings: how it detects; None: the published defaults.

    Raises:
        InputError: there is no such detector, or its file cannot be read, downloaded or understood.
    """
    settings = settings or Settings()
    if not spec:
        logger.info(
            "Detector: motion, which finds what moves before a fixed camera; a network also finds people who "
            "stand still, and before a moving camera (--detector yolox_s, or the file of one)"
        )
        return MotionDetector(settings)
    if spec in DETECTORS:
        return DETECTORS[spec](settings)
    factory = FILES.get(os.path.splitext(spec)[1].lower())
    if factory is None or not os.path.isfile(spec):
        there = "is of another kind" if os.path.exists(spec) else "is not there"
        raise InputError(
            f"no detector {one_line(spec)}: a file of this name {there}; give one of {', '.join(DETECTORS)}, "
            f"or a file ({', '.join(FILES)})"
        )
    return factory(spec, settings)
