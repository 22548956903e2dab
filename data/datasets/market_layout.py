"""Market-1501's layout: one folder per subset, person and camera in the file names."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from yacs.config import CfgNode

from utils.errors import InputError

from .base import Names, Record, ReidDataset, relabel
from .files import find_folder, has_image_suffix, is_file, list_folder, warn_left_out
from .published import warn_of_differences

SUBSETS = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}
MULTI_QUERY = "gt_bbox"
EXAMPLE = "0002_c1s1_000451_03.jpg"
JUNK = -1  # detections of no use as person or distractor: skipped, as in the benchmark

# Numbers that fit the tensors that hold them.
_NAME = re.compile(r"(-?[0-9]{1,9})_c([0-9]{1,9})(?![0-9])")


def read_benchmark(
    cfg: CfgNode,
    title: str,
    folders: Sequence[str],
    archive: str,
    subsets: Mapping[str, str] = SUBSETS,
    below: str = "",
) -> ReidDataset:
    """Read a published data set and warn if its size differs from the published one.

    Args:
        cfg: the settings' section DATASETS.
        title: the data set's name, a key of PUBLISHED.
        folders: names under ROOT_DIR that its folder may have.
        archive: what to unpack there, for the message.
        subsets: the folders of train, query and gallery.
        below: folder below it that holds them.

    Raises:
        InputError: no such folder, or one that is empty or unpacked in part.
    """
    folder = find_folder(cfg.ROOT_DIR, folders, title, f"unpack {archive} there")
    dataset = read_market_layout(folder / below, title, subsets)
    warn_of_differences(dataset)
    return dataset


def read_market_layout(
    folder: Path, name: str, subsets: Mapping[str, str] = SUBSETS, whole: bool = True
) -> ReidDataset:
    """Read any folder in Market-1501's layout and file names (``0002_c1s1_000451_03.jpg``).

    The folder ``gt_bbox``, if it exists, gives the further images of multi-query testing.

    Args:
        folder: holds the subsets' folders.
        name: of the data set.
        subsets: the folders of train, query and gallery.
        whole: every subset is required; False: those that exist are read.

    Raises:
        InputError: a subset's folder is missing, or holds no image.
    """
    wanted = [sub for sub in subsets.values() if whole or (folder / sub).is_dir()]
    fix = f"is the archive unpacked whole? It has {', '.join(subsets.values())}"
    found = {sub: _read_subset(folder / sub, fix) for sub in wanted}
    train, query, gallery = (found.get(sub, []) for sub in subsets.values())
    multi_query = _read_subset(folder / MULTI_QUERY, fix) if (folder / MULTI_QUERY).is_dir() else []
    train, train_names = relabel(train)
    return ReidDataset(name, train, query, gallery, multi_query, train_names, Names())


def _read_subset(path: Path, fix: str) -> list[Record]:
    if not path.is_dir():
        raise InputError(f"{path} is missing; {fix}")
    # Thumbs.db and the like are not images; macOS adds a hidden "._" twin to each file of an archive.
    entries = [e for e in list_folder(path) if has_image_suffix(e.name)]
    parsed = [(e.name, is_file(e) and _NAME.match(e.name)) for e in entries]
    warn_left_out(
        path,
        [name for name, match in parsed if not match],
        f"entry that is not a file named like {EXAMPLE}",
        f"entries that are not files named like {EXAMPLE}",
    )
    records = [
        Record(str(path / name), int(match[1]), int(match[2]) - 1)
        for name, match in parsed
        if match and int(match[1]) != JUNK
    ]
    if not records:
        raise InputError(f"{path} holds no image named like {EXAMPLE}; {fix}")
    return records
