"""Toy data of a user's own, for the tests."""

from pathlib import Path

import cv2
import numpy as np


def write_image(path: Path, seed: int = 0, size: tuple[int, int] = (32, 16)) -> Path:
    """A picture of noise, another for each seed; (height, width) [pixels]."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    path.write_bytes(cv2.imencode(path.suffix, image)[1].tobytes())
    return path


def write_images(folder: Path, *names: str) -> None:
    """A picture for each name, each another."""
    for seed, name in enumerate(names):
        write_image(folder / name, seed)


def short(records, root: Path) -> list[tuple[str, int, int]]:
    """Records with their paths below a folder."""
    return [(Path(r.path).relative_to(root).as_posix(), r.pid, r.camid) for r in records]
