"""Features of training images, from a file of ``tools/extract.py`` or of another program."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from utils import feature_file
from utils.errors import InputError


def read_features(file: Path, paths: Sequence[str]) -> np.ndarray:
    """The features of images.

    A name in the file is an image's path, or as much of its end as distinguishes it from the others, usually
    the file's name.

    Args:
        file: see ``utils.feature_file``.
        paths: of the images.

    Returns:
        (len(paths), D) float32.

    Raises:
        InputError: the file cannot be read, holds something else, or lacks an image.
    """
    names, features = feature_file.read_features(file)
    if not np.isfinite(features).all():
        raise InputError(f"{file}: some features are not finite; compute them again")
    names = [name.replace("\\", "/") for name in names]
    rows = {name: row for row, name in enumerate(names)}
    ends = [_end_in(path, rows) for path in paths]
    missing = [path for path, end in zip(paths, ends, strict=True) if end is None]
    if missing:
        raise InputError(
            f"{file} has no feature for {len(missing)} of {len(paths)} images, such as {missing[0]}; compute "
            "those of all training images, each under its file's name"
        )
    counted = Counter(names)
    if twice := [end for end in ends if counted[end] > 1]:
        raise InputError(f"{file}: {twice[0]} has several features; keep one per image")
    shared = [end for end, number in Counter(ends).items() if number > 1]
    if shared:
        raise InputError(
            f"{file}: {shared[0]} is the name of several images; give more of the path, such as train/a/1.jpg"
        )
    return features[[rows[end] for end in ends]]


def _end_in(path: str, rows: dict[str, int]) -> str | None:
    """The longest end of a path that is a name; None if there is none."""
    parts = path.replace("\\", "/").split("/")
    return next((end for n in range(len(parts)) if (end := "/".join(parts[n:])) in rows), None)
