"""YOLOv5 and its successors as Ultralytics exports them: https://github.com/ultralytics."""

import numpy as np

from .layout import cells, corners, rows_of_people
from .letterbox import Letterbox

# Strides of the networks for 640 pixels, of those for 1280 (P6), and of those for small objects (P2).
GRIDS = ((8, 16, 32), (8, 16, 32, 64), (4, 8, 16, 32))


class YoloV5:
    """Output (A, 5 + C), three rows per cell; see ``Layout``. YOLOv7 has it, too.

    A row is x, y of the centre, width, height [pixels of the input], objectness, C classes.
    """

    score = 0.25  # --conf-thres of YOLOv5's detect.py
    nms = 0.45  # --iou-thres

    def __init__(self, size: tuple[int, int], person: int, classes: int | None = None):
        self.letterbox = Letterbox(size, centred=True)
        self.person = person
        self.classes = classes

    @staticmethod
    def fits(output: np.ndarray, size: tuple[int, int]) -> bool:
        """Whether a network's output (N, ...) on an input of this size has this layout."""
        rows = {3 * cells(size, strides) for strides in GRIDS}
        return output.ndim == 3 and output.shape[1] in rows and output.shape[2] >= 6

    def people(self, output: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
        """See ``Layout``."""
        found, scores = rows_of_people(output, least, self.person, self.classes)
        return corners(output[found, :4].astype(np.float32)), scores


class YoloV8:
    """Output (4 + C, A), a column per cell; see ``Layout``. Of YOLOv8, YOLOv9, YOLO11 and YOLO12.

    A column is x, y of the centre, width, height [pixels of the input], C classes as probabilities. Behind
    them stands what else a network finds, such as the points of a pose: the file says how many classes there
    are.
    """

    score = 0.25  # conf of `yolo predict`
    nms = 0.7  # iou

    def __init__(self, size: tuple[int, int], person: int, classes: int | None = None):
        self.letterbox = Letterbox(size, centred=True)
        self.person = person
        self.classes = classes

    @staticmethod
    def fits(output: np.ndarray, size: tuple[int, int]) -> bool:
        """Whether a network's output (N, ...) on an input of this size has this layout."""
        columns = {cells(size, strides) for strides in GRIDS}
        return output.ndim == 3 and output.shape[2] in columns and output.shape[1] >= 5

    def people(self, output: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
        """See ``Layout``."""
        found = np.flatnonzero(output[4 + self.person] >= least)
        columns = output[:, found].astype(np.float32)
        names = columns[4 : None if self.classes is None else 4 + self.classes]
        good = names.argmax(axis=0) == self.person
        return corners(columns[:4, good].T), names[self.person, good]


class EndToEnd:
    """Output (K, 6), overlapping boxes dropped already; see ``Layout``.

    A row is x1, y1, x2, y2 [pixels of the input], score, class. Of YOLOv10 and YOLO26, and of the others if
    they were exported with nms=True.
    """

    score = 0.25  # conf of `yolo predict`
    nms = None

    def __init__(self, size: tuple[int, int], person: int, classes: int | None = None):
        self.letterbox = Letterbox(size, centred=True)
        self.person = person

    @staticmethod
    def fits(output: np.ndarray, size: tuple[int, int]) -> bool:
        """Whether a network's output (N, ...) on an input of this size has this layout."""
        return output.ndim == 3 and output.shape[2] == 6

    def people(self, output: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
        """See ``Layout``."""
        rows = output[(output[:, 4] >= least) & (output[:, 5] == self.person)].astype(np.float32)
        return rows[:, :4], rows[:, 4]
