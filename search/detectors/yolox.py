"""YOLOX (Ge et al., arXiv:2107.08430): https://github.com/Megvii-BaseDetection/YOLOX, since 0.1.1rc0."""

import numpy as np

from utils.errors import InputError

from .layout import cells, corners, rows_of_people
from .letterbox import Letterbox

STRIDES = (8, 16, 32)
FARTHEST = 8.0  # cells; a centre is at most a few from its cell, but in pixels up to hundreds from the corner


class YoloX:
    """Output (A, 5 + C), a row per cell of the three grids, not decoded yet; see ``Layout``.

    A row is x, y, log width, log height, objectness and the C classes, the last two as probabilities. In the
    grid of stride s, the cell (column, row) gives the box with the centre ((column + x) s, (row + y) s) and
    the size (s exp(log width), s exp(log height)).
    """

    score = 0.3  # --score_thr of demo/ONNXRuntime/onnx_inference.py
    nms = 0.45  # in the same program

    def __init__(self, size: tuple[int, int], person: int, classes: int | None = None):
        self.letterbox = Letterbox(size, centred=False)
        self.person = person
        self.classes = classes
        grids = [np.indices((size[0] // s, size[1] // s)).reshape(2, -1)[::-1].T for s in STRIDES]
        self.cells = np.concatenate(grids).astype(np.float32)  # (A, 2) column, row
        self.strides = np.repeat(np.float32(STRIDES), [len(grid) for grid in grids])[:, None]

    @staticmethod
    def fits(output: np.ndarray, size: tuple[int, int]) -> bool:
        """Whether a network's output (N, ...) on an input of this size has this layout.

        Raises:
            InputError: it has, but is decoded already.
        """
        if output.ndim != 3 or output.shape[1] != cells(size, STRIDES) or output.shape[2] < 6:
            return False
        if np.median(np.abs(output[0, :, :2])) > FARTHEST:
            raise InputError(
                "it has the shape of YOLOX, but decodes its boxes itself, as YOLOv6 does; export YOLOX "
                "without --decode_in_inference"
            )
        return True

    def people(self, output: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
        """See ``Layout``."""
        found, scores = rows_of_people(output, least, self.person, self.classes)
        rows = output[found, :4].astype(np.float32)
        boxes = np.concatenate([rows[:, :2] + self.cells[found], np.exp(rows[:, 2:])], axis=1)
        return corners(boxes * self.strides[found]), scores
