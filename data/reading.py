"""An image file to pixels."""

import cv2
import numpy as np

# A process per core is parallel enough, and a worker forked from a process with OpenCV threads would wait for
# them forever.
cv2.setNumThreads(0)


def read_image(path: str, size: tuple[int, int]) -> np.ndarray | None:
    """Read and resize an image.

    Args:
        path: any format that OpenCV reads, a name in any language.
        size: height and width [pixels].

    Returns:
        (H, W, 3) uint8 RGB, or None if the file cannot be read as an image.
    """
    try:
        # OpenCV's own file reading does not know names outside the code page on Windows.
        image = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    except (OSError, cv2.error):
        return None
    if image is None:
        return None
    height, width = size
    if image.shape[:2] != (height, width):
        shrinks = image.shape[0] > height and image.shape[1] > width
        image = cv2.resize(
            image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        )
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
