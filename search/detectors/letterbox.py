"""Frames to the input of a network, and boxes back."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

GREY = (114, 114, 114)  # of the margin, as in training


class Placement(NamedTuple):
    """Where a frame lies in the input: pixel = ratio * pixel of the frame + (left, top)."""

    ratio: float
    left: int
    top: int


class Letterbox:
    """Frames, resized with their proportions kept, on a grey ground.

    Args:
        size: height and width of the input [pixels].
        centred: in the middle of the ground, with sizes rounded to the nearest pixel, and RGB from 0 to 1, as
            YOLOv5 and its successors want them; else in the top left corner, with sizes rounded down, and BGR
            from 0 to 255, as YOLOX wants them.
    """

    def __init__(self, size: tuple[int, int], centred: bool):
        self.size = size
        self.centred = centred

    def __call__(self, images: Sequence[np.ndarray], inputs: np.ndarray) -> list[Placement]:
        """Write images (h, w, 3) uint8 BGR into the first of (N, 3, H, W) floats; their places."""
        return [self._place(image, planes) for image, planes in zip(images, inputs, strict=False)]

    def back(self, boxes: np.ndarray, place: Placement, image: np.ndarray) -> np.ndarray:
        """Boxes (N, 4) x1, y1, x2, y2 in pixels of the input as pixels of the image, within it."""
        height, width = image.shape[:2]
        boxes = (boxes - np.tile([place.left, place.top], 2)) / place.ratio
        return np.clip(boxes, 0, [width, height, width, height])

    def _place(self, image: np.ndarray, planes: np.ndarray) -> Placement:
        """Write one image into its input (3, H, W)."""
        height, width = image.shape[:2]
        ratio = min(self.size[0] / height, self.size[1] / width)
        rounded = round if self.centred else int
        high, wide = max(1, rounded(height * ratio)), max(1, rounded(width * ratio))
        below, right = self.size[0] - high, self.size[1] - wide
        # In the middle, the larger half of an odd margin is on the right and below.
        top, left = (below // 2, right // 2) if self.centred else (0, 0)
        small = image if (height, width) == (high, wide) else cv2.resize(image, (wide, high))
        margins = (top, below - top, left, right - left)
        ground = cv2.copyMakeBorder(small, *margins, cv2.BORDER_CONSTANT, value=GREY)
        if self.centred:
            np.multiply(ground[..., ::-1].transpose(2, 0, 1), np.float32(1 / 255), out=planes)
        else:
            planes[...] = ground.transpose(2, 0, 1)
        return Placement(ratio, left, top)
