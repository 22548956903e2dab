"""Market-1501 (Zheng et al., "Scalable Person Re-identification: A Benchmark", ICCV 2015)."""

import re
from pathlib import Path

from loguru import logger
from yacs.config import CfgNode

from utils.errors import InputError

from .base import Record, ReidDataset, relabel

FOLDERS = ("market1501", "Market1501", "Market-1501-v15.09.15")
SUBSETS = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}
MULTI_QUERY = "gt_bbox"
PUBLISHED = {"train": 12936, "query": 3368, "gallery": 15913}
JUNK = -1  # detections of no use as person or distractor: left out, as the benchmark says

_NAME = re.compile(r"(-?\d+)_c(\d+)")


def read_market1501(cfg: CfgNode) -> ReidDataset:
    """Read Market-1501 from ``ROOT_DIR/market1501`` or one of its other usual names.

    Args:
        cfg: the settings' section DATASETS.

    Raises:
        InputError: no such folder, or one that is empty or unpacked in part.
    """
    root = Path(cfg.ROOT_DIR)
    folder = next((root / name for name in FOLDERS if (root / name).is_dir()), None)
    if folder is None:
        raise InputError(
            f"Market-1501 not found: looked for {', '.join(str(root / name) for name in FOLDERS)}; "
            "unpack Market-1501-v15.09.15.zip (search for it by this name, e.g. on Kaggle) there, "
            "or set DATASETS.ROOT_DIR to the folder that holds it"
        )
    dataset = read_market_layout(folder, "Market1501")
    for subset, published in PUBLISHED.items():
        found = len(getattr(dataset, subset))
        if found != published:
            logger.warning(f"{folder / SUBSETS[subset]} has {found} images, Market-1501 has {published}")
    return dataset


def read_market_layout(folder: Path, name: str) -> ReidDataset:
    """Read any folder in Market-1501's layout and file names (``0002_c1s1_000451_03.jpg``).

    The folder ``gt_bbox``, if it is there, gives the further images of multi-query testing.

    Raises:
        InputError: a subset's folder is missing or holds no image.
    """
    train, query, gallery = (_read_subset(folder, subset) for subset in SUBSETS.values())
    multi_query = _read_subset(folder, MULTI_QUERY) if (folder / MULTI_QUERY).is_dir() else []
    return ReidDataset(name, relabel(train), query, gallery, multi_query)


def _read_subset(folder: Path, subset: str) -> list[Record]:
    mend = "is the archive unpacked whole? It has " + ", ".join(SUBSETS.values())
    path = folder / subset
    if not path.is_dir():
        raise InputError(f"{path} is missing; {mend}")
    # Thumbs.db and the like are no images; macOS adds a "._" twin to each file of an archive.
    names = sorted(
        p.name for p in path.iterdir() if p.suffix.lower() == ".jpg" and not p.name.startswith(".")
    )
    parsed = [(name, _NAME.match(name)) for name in names]
    strange = [name for name, match in parsed if not match]
    if strange:
        logger.warning(
            f"{path}: left out {len(strange)} files not named like 0002_c1s1_000451_03.jpg: "
            f"{', '.join(strange[:3])}"
        )
    records = [
        Record(str(path / name), int(match[1]), int(match[2]) - 1)
        for name, match in parsed
        if match and int(match[1]) != JUNK
    ]
    if not records:
        raise InputError(f"{path} holds no Market-1501 image; {mend}")
    return records
