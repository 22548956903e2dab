"""Custom data as folders: ``train/<person>/…``, and ``query`` and ``gallery``, or ``test``."""

import re
from pathlib import Path

from utils.errors import InputError

from .custom_image import SPLITS, CustomImage
from .files import folder_key, has_image_suffix, is_folder, list_folder, walk_images, warn_left_out
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
    read = {folder_key(folder / split) for split in there}
    unread = [e.name for e in list_folder(folder) if is_folder(e) and folder_key(folder / e.name) not in read]
    beside = f"beside {', '.join(there)}, which alone are read"
    warn_left_out(folder, unread, f"folder {beside}", f"folders {beside}")
    images = []
    for split in there:
        entries = list_folder(folder / split)
        stray = [e.name for e in entries if has_image_suffix(e.name) and not is_folder(e)]
        nobodys = "in no person's folder"
        warn_left_out(folder / split, stray, f"image that is {nobodys}", f"images that are {nobodys}")
        empty = []
        for person in filter(is_folder, entries):
            paths = walk_images(folder / split / person.name, above=(folder, folder / split))
            images += [CustomImage(path, person.name, _camera(path), split) for path in paths]
            if not paths:
                empty.append(person.name)
        warn_left_out(folder / split, empty, "folder without an image", "folders without an image")
    return images


def _camera(path: str) -> str | None:
    match = _CAMERA.search(Path(path).stem)
    return str(int(match[1])) if match else None
