"""Pictures to check an exported network with."""

from collections.abc import Sequence

import numpy as np
from loguru import logger
from yacs.config import CfgNode

from data import list_images
from data.datasets import read_named
from data.datasets.drawing.camera import make_cameras
from data.datasets.drawing.person import sample_person
from data.datasets.drawing.photo import take_photo
from data.reading import read_image, resize
from utils.errors import InputError

SEED = 7  # of the drawn people
CHECKED, CALIBRATED = 16, 128  # pictures to compare features on, and to find the ranges of integers with


def find_pictures(cfg: CfgNode, sources: Sequence[str], calibrate: bool) -> list[np.ndarray]:
    """Pictures of people: the given ones; to calibrate, of the training data; else drawn.

    Args:
        cfg: the settings.
        sources: files, folders or tables; none: there are no given ones.
        calibrate: whether the ranges of integers are to be found with them.

    Returns:
        (H, W, 3) uint8 RGB each, at INPUT.SIZE_TEST.

    Raises:
        InputError: fewer than two of the given ones can be read.
    """
    number, size = CALIBRATED if calibrate else CHECKED, tuple(cfg.INPUT.SIZE_TEST)
    paths = [image.path for image in list_images(sources)] if sources else []
    if calibrate and not sources:
        paths = _training_images(cfg)
    spread = paths[:: max(1, len(paths) // number)][:number]
    pictures = [picture for path in spread if (picture := read_image(path, size)) is not None]
    if len(pictures) >= 2:
        return pictures
    if sources:
        raise InputError(f"--images: {len(pictures)} of {len(spread)} images can be read; 2 are needed")
    if calibrate:
        logger.warning("the ranges of integers are found on drawn people; real ones (--images) are better")
    return [resize(picture, size) for picture in drawn_people(number)]


def drawn_people(number: int) -> list[np.ndarray]:
    """Pictures of people, each another person, (128, 64, 3) uint8 RGB."""
    cameras = make_cameras((SEED,))
    rngs = [np.random.default_rng((SEED, person)) for person in range(number)]
    photos = [take_photo(sample_person(rng), cameras[i % len(cameras)], rng) for i, rng in enumerate(rngs)]
    return [np.ascontiguousarray(photo[..., ::-1]) for photo in photos]


def _training_images(cfg: CfgNode) -> list[str]:
    try:
        return [record.path for record in read_named(cfg.DATASETS.NAMES[0], cfg.DATASETS).train]
    except InputError as error:
        logger.warning(f"no images of the data set: {error}")
        return []
