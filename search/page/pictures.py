"""Pictures that browsers have sent, kept for as long as they are asked with."""

import secrets

import cv2
import numpy as np

from data.reading import decode_image

from .recent import Recent
from .texts import Refusal

KEPT = 200  # pictures
LIMIT = 40 << 20  # bytes of a picture
LARGEST = 1920  # pixels of its longer side; larger ones are made smaller


class Pictures:
    """The last pictures, each by a name that nobody can guess."""

    def __init__(self):
        self._files: Recent[bytes] = Recent(KEPT)
        self._images: Recent[np.ndarray] = Recent(8)

    def add(self, content: bytes) -> str:
        """Keep a picture; its name.

        Args:
            content: of a file.

        Raises:
            Refusal: it is no picture.
        """
        image = decode_image(np.frombuffer(content, np.uint8)) if content else None
        if image is None:
            raise Refusal("error.no_picture")
        name = secrets.token_urlsafe(18)
        self._files.get(name, lambda: encode(shrunk(image, LARGEST), ".png"))
        return name

    def get(self, name: str) -> np.ndarray:
        """A picture (h, w, 3) uint8 BGR.

        Raises:
            Refusal: it is not kept any longer.
        """
        file = self._files.find(name)
        if file is None:
            raise Refusal("error.picture_gone", 404)
        return self._images.get(name, lambda: decode_image(np.frombuffer(file, np.uint8)))


def shrunk(image: np.ndarray, most: int) -> np.ndarray:
    """An image whose longer side has at most so many pixels."""
    height, width = image.shape[:2]
    scale = most / max(height, width)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def encode(image: np.ndarray, suffix: str = ".jpg") -> bytes:
    """An image as the bytes of a file."""
    return cv2.imencode(suffix, image)[1].tobytes()
