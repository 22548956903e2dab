"""The small pictures of the people in a gallery."""

import base64

import cv2
import numpy as np

from utils.errors import InputError

MOST_TEXT = 60_000  # characters of base64; a JSON field of Milvus holds 65,536 bytes
QUALITIES = (90, 75, 50, 25)  # of JPEG, the first that fits


def make_thumbnail(image: np.ndarray, height: int = 192) -> bytes:
    """A picture as the JPEG file of a thumbnail that a gallery takes.

    Args:
        image: (H, W, 3) uint8, BGR.
        height: of the thumbnail at most [pixels].
    """
    while True:
        scale = min(1.0, height / max(image.shape[:2]))
        size = [max(1, round(side * scale)) for side in image.shape[1::-1]]
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        for quality in QUALITIES:
            file = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
            if len(file) <= MOST_TEXT * 3 // 4 - 3:
                return file
        height //= 2


def encode_thumbnail(file: bytes) -> str:
    """A JPEG file as text.

    Raises:
        InputError: it is larger than a gallery takes.
    """
    text = base64.b64encode(file).decode()
    if len(text) > MOST_TEXT:
        raise InputError(
            f"a thumbnail of {len(file) / 1000:.0f} kB is too large for the gallery, which takes "
            f"{MOST_TEXT * 3 // 4 / 1000:.0f} kB; make it with make_thumbnail"
        )
    return text


def decode_thumbnail(text: str) -> bytes:
    """The JPEG file that ``encode_thumbnail`` encoded."""
    return base64.b64decode(text)
