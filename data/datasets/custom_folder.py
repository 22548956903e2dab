"""Custom data as folders: ``train/<person>/…``, and ``query`` and ``gallery``, or ``test``."""

import os
import re
from pathlib import Path

from loguru import logger

from utils.errors import InputError, os_reason

from .custom_image import SPLITS, CustomImage
from .files import has_image_suffix, is_file, is_folder, list_folder, warn_left_out
from .market_layout import SUBSETS

# Camera 3 in 0002_c3s1_000451_03.jpg, c3s1_07.jpg or door_c3.png.
_CAMERA = re.compile(r"(?:^|_)c([0-9]{1,9})(?:s[0-9]+)?(?=[_.-]|$)")


def read_folder(folder: Path) -> list[CustomImage]:
    """Read the images, by their paths in order.

    A person's folder may have further folders. A camera's number is read from a file's name.

    Raises:
        InputError: none of the folders exists, or one cannot be read.
    """
    there = [split for split in SPLITS if (folder / split).is_dir()]
    if not there:
        raise InputError(
            f"{folder} is not a data set: it needs train, query and gallery (or test for both), each with "
            f"one folder per person, or Market-1501's {', '.join(SUBSETS.values())}"
        )
    read = {_key(folder / split) for split in there}
    unread = [e.name for e in list_folder(folder) if is_folder(e) and _key(folder / e.name) not in read]
    warn_left_out(folder, f"folders beside {', '.join(there)}, which alone are read", unread)
    images = []
    for split in there:
        entries = list_folder(folder / split)
        stray = [e.name for e in entries if has_image_suffix(e.name) and not is_folder(e)]
        warn_left_out(folder / split, "images that are in no person's folder", stray)
        empty = []
        for person in filter(is_folder, entries):
            paths = _walk(folder / split / person.name, above=(folder, folder / split))
            images += [CustomImage(path, person.name, _camera(path), split) for path in paths]
            if not paths:
                empty.append(person.name)
        warn_left_out(folder / split, "folders without an image", empty)
    return images


def _walk(person: Path, above: tuple[Path, ...]) -> list[str]:
    """The images at any depth, by path. Links are followed, except to folders above or already read."""
    paths, waiting = [], [person]
    seen = {_key(folder) for folder in above}
    while waiting:
        folder = waiting.pop()
        if _key(folder) in seen:
            logger.warning(f"{folder}: left out, as it leads back to a folder that is already read")
            continue
        seen.add(_key(folder))
        entries = list_folder(folder)
        folders = [e for e in entries if is_folder(e)]
        images = [e for e in entries if has_image_suffix(e.name) and not is_folder(e)]
        warn_left_out(folder, "entries that are not files", [e.name for e in images if not is_file(e)])
        paths += [str(folder / e.name) for e in images if is_file(e)]
        waiting += [folder / e.name for e in folders]
    return sorted(paths)


def _key(folder: Path) -> tuple[int, int]:
    """The same for all paths to a folder."""
    try:
        stat = os.stat(folder)
    except OSError as error:
        raise InputError(f"cannot read {folder}: {os_reason(error)}") from None
    return stat.st_dev, stat.st_ino


def _camera(path: str) -> str | None:
    match = _CAMERA.search(Path(path).stem)
    return str(int(match[1])) if match else None
