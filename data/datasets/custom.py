"""Custom data, a user's own: a folder with one folder per person, or a table."""

import re
from collections.abc import Iterable
from pathlib import Path

from loguru import logger

from utils.counting import counted
from utils.errors import InputError

from .base import Names, Record, ReidDataset
from .custom_folder import read_folder
from .custom_image import CustomImage
from .custom_table import TABLE_SUFFIXES, read_table
from .market_layout import SUBSETS, read_market_layout

# Detections that are of no use as person or distractor: those of Market-1501 in folders of people, as -1 or
# -0001, and in tables that once held numbers, as -1.0.
_JUNK = re.compile(r"[-\u2212]0*1(\.0*)?")


def find_custom(name: str, root: str) -> Path | None:
    """The folder or table that a name in DATASETS means, or None.

    Args:
        name: a path, absolute, from the working directory, or below ``root``.
        root: DATASETS.ROOT_DIR.
    """
    for path in (Path(name), Path(root) / name):
        if name and (path.is_dir() or path.suffix.lower() in TABLE_SUFFIXES and path.is_file()):
            return path
    return None


def read_custom(path: Path) -> ReidDataset:
    """Read a folder, in this program's layout or in Market-1501's, or a table.

    A data set may have a training part, a tested part (query and gallery, or ``test``, which is divided into
    them here), or both. People are numbered over all parts, those of training first; their names are kept.

    Args:
        path: as ``find_custom`` gives it.

    Raises:
        InputError: it cannot be read, or holds no image.
    """
    name = path.resolve().stem
    if not path.is_dir():
        return assemble(name, read_table(path))
    if (path / SUBSETS["train"]).is_dir() or (path / SUBSETS["gallery"]).is_dir():
        return read_market_layout(path, name, whole=False)
    return assemble(name, read_folder(path))


def assemble(name: str, images: list[CustomImage]) -> ReidDataset:
    """A data set of the images, whose order decides which of a person's is the first.

    Raises:
        InputError: there are no images, or a split ``test`` beside ``query`` or ``gallery``.
    """
    splits = {image.split for image in images}
    if not images:
        raise InputError(f"{name} holds no image")
    if "test" in splits and splits & {"query", "gallery"}:
        raise InputError(f"{name} has test beside query or gallery; keep test alone, or query and gallery")
    images = _divide_test(_leave_out_junk(name, images))
    people, cameras = _number_people(images), _number_cameras(images)
    names = Names(
        {n: text for text, n in people.items()}, {n: text or "none" for (text, _), n in cameras.items()}
    )
    parts: dict[str, list[Record]] = {"train": [], "query": [], "gallery": []}
    for image in images:
        camid = cameras[_camera_key(image)]
        parts[image.split].append(Record(image.path, people[image.person], camid))
    without = sum(image.camera is None for image in images)
    if without:
        of_all = f"of {len(images):,} images"
        logger.info(
            f"{name}: {counted(without, f'{of_all} has', f'{of_all} have')} no camera id; queries without "
            "one count as one camera, gallery images without one as another, so that no match is left out"
        )
    return ReidDataset(name, **parts, train_names=names, names=names)


def _leave_out_junk(name: str, images: list[CustomImage]) -> list[CustomImage]:
    junk = [image for image in images if _JUNK.fullmatch(image.person)]
    if junk:
        logger.warning(
            f"{name}: left out {counted(len(junk), 'image')} of the person {junk[0].person}, which is junk "
            "in Market-1501's numbering, neither person nor distractor; give a real person another name: "
            f"{junk[0].path}"
        )
    return [image for image in images if not _JUNK.fullmatch(image.person)]


def _divide_test(images: list[CustomImage]) -> list[CustomImage]:
    """``test`` as query and gallery: the first image of each person and camera is a query.

    Where that would leave none of a person's images for the gallery, only the person's first image is.
    """
    test = [image for image in images if image.split == "test"]
    first: dict[tuple, CustomImage] = {}
    first_of_all: dict[str, CustomImage] = {}
    rest = set()
    for image in test:
        first_of_all.setdefault(image.person, image)
        if first.setdefault((image.person, image.camera), image) is not image:
            rest.add(image.person)
    queries = {id(image) for image in first.values() if image.person in rest}
    queries |= {id(image) for image in first_of_all.values()}
    return [
        image._replace(split="query" if id(image) in queries else "gallery")
        if image.split == "test"
        else image
        for image in images
    ]


def _number_people(images: Iterable[CustomImage]) -> dict[str, int]:
    train = {image.person for image in images if image.split == "train"}
    others = {image.person for image in images} - train
    return {person: number for number, person in enumerate([*sorted(train), *sorted(others)])}


def _number_cameras(images: Iterable[CustomImage]) -> dict[tuple[str, bool], int]:
    """Key of a camera -> its number."""
    keys = {_camera_key(image) for image in images}
    # Shorter texts first: camera 2 before camera 10; those without an id last.
    return {key: n for n, key in enumerate(sorted(keys, key=lambda key: (not key[0], len(key[0]), key)))}


def _camera_key(image: CustomImage) -> tuple[str, bool]:
    """The camera id; or none, and whether the image is on the gallery's side."""
    return (image.camera, False) if image.camera else ("", image.split == "gallery")
