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
    content = read_file(path)
    image = None if content is None else decode_image(content)
    if image is None:
        return None
    return cv2.cvtColor(resize(image, size), cv2.COLOR_BGR2RGB)


def read_rgb(path: str, highest: int = 256) -> np.ndarray | None:
    """An image (h, w, 3) uint8 RGB in its own proportions, at most so high [pixels]; None: it is none."""
    content = read_file(path)
    image = None if content is None else decode_image(content)
    if image is None:
        return None
    height, width = image.shape[:2]
    if height > highest:
        image = resize(image, (highest, max(1, round(width * highest / height))))
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def resize(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """An image (h, w, 3) uint8 in another size, height and width [pixels]; itself, if it has it already."""
    height, width = size
    if image.shape[:2] == (height, width):
        return image
    shrinks = image.shape[0] > height and image.shape[1] > width
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def read_file(path: str) -> np.ndarray | None:
    """The bytes of a file (n,), uint8, or None if it cannot be read."""
    try:
        # OpenCV's own file reading does not know names outside the code page on Windows.
        return np.fromfile(path, np.uint8)
    except OSError:
        return None


def decode_image(content: np.ndarray) -> np.ndarray | None:
    """The image in the bytes of a file.

    Returns:
        (H, W, 3) uint8 BGR, or None if it is none, or one of more pixels than data/__init__.py admits.
    """
    try:
        return cv2.imdecode(content, cv2.IMREAD_COLOR)
    except cv2.error:
        return None
