"""The picture of a data set: images per person, images per camera, sizes of the images."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from utils.figures import Figure
from utils.files import atomic_write


def draw_data(
    file: Path,
    per_person: Mapping[str, np.ndarray],
    per_camera: Mapping[str, Mapping[str, int]],
    sizes: Mapping[str, np.ndarray],
) -> None:
    """Draw a PNG; its folder is made.

    Args:
        file: where.
        per_person: subset -> (ids,) number of images of each person.
        per_camera: subset -> camera -> number of images.
        sizes: subset -> (n, 2) heights and widths [pixels].

    Raises:
        InputError: the file cannot be written.
    """
    figure = Figure(figsize=(13, 4), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    for subset, numbers in per_person.items():
        # From most to least, and over the share of the people: subsets of any size compare.
        left.plot(np.linspace(0, 100, len(numbers)), np.sort(numbers)[::-1], label=subset)
    left.set(xlabel="% of the people", ylabel="images per person", yscale="log")
    cameras = list(dict.fromkeys(camera for numbers in per_camera.values() for camera in numbers))
    bottom = np.zeros(len(cameras))
    for subset, numbers in per_camera.items():
        heights = np.array([numbers.get(camera, 0) for camera in cameras])
        middle.bar(range(len(cameras)), heights, bottom=bottom, label=subset)
        bottom += heights
    middle.set(xlabel="camera", ylabel="images")
    # The fonts that come with matplotlib know few scripts.
    labels = [camera if camera.isascii() else str(n) for n, camera in enumerate(cameras, 1)]
    middle.set_xticks(range(len(cameras)), labels, rotation=90 if len(cameras) > 8 else 0)
    for subset, numbers in sizes.items():
        right.scatter(numbers[:, 1], numbers[:, 0], s=6, alpha=0.3, label=subset)
    right.set(xlabel="width [pixels]", ylabel="height [pixels]", xlim=(0, None), ylim=(0, None))
    for axes in (left, middle, right):
        axes.grid(alpha=0.3)
        axes.legend()
    with atomic_write(file, "wb") as stream:
        figure.savefig(stream, dpi=120)
