"""MSMT17 (Wei et al., "Person Transfer GAN to Bridge Domain Gap for Person Re-Identification", CVPR 2018)."""

import re
from pathlib import Path

from yacs.config import CfgNode

from utils.errors import InputError, os_reason

from .base import Record, ReidDataset, relabel
from .files import find_folder
from .published import warn_of_differences

FOLDERS = (
    "MSMT17_V1",
    "msmt17/MSMT17_V1",
    "MSMT17/MSMT17_V1",
    "MSMT17_V2",
    "msmt17/MSMT17_V2",
    "MSMT17/MSMT17_V2",
    "msmt17",
    "MSMT17",
)
# Folders of the training and the test images: of the second version, whose faces are blurred, and the first.
IMAGE_FOLDERS = (("mask_train_v2", "mask_test_v2"), ("train", "test"))

# 0000/0000_000_01_0303morning_0015_0.jpg 0: the third number is the camera, the last the person.
_LINE = re.compile(r"([^_]*_[^_]*_([0-9]{1,9})_.*\S)\s+([0-9]{1,9})")


def read_msmt17(cfg: CfgNode) -> ReidDataset:
    """Read MSMT17, first or second version, by its lists; its validation part is used for training.

    Args:
        cfg: the settings' section DATASETS.

    Raises:
        InputError: no such folder, one unpacked in part, or a list with a line of another form.
    """
    folder = find_folder(cfg.ROOT_DIR, FOLDERS, "MSMT17", "unpack MSMT17_V1 or MSMT17_V2 there")
    for train_folder, test_folder in IMAGE_FOLDERS:
        if (folder / train_folder).is_dir() and (folder / test_folder).is_dir():
            break
    else:
        pairs = " nor ".join(f"{train} and {test}" for train, test in IMAGE_FOLDERS)
        raise InputError(f"{folder} has neither {pairs}; is the archive unpacked whole?")
    train = [r for part in ("train", "val") for r in _read_list(folder, part, folder / train_folder)]
    query, gallery = (_read_list(folder, part, folder / test_folder) for part in ("query", "gallery"))
    train, train_names = relabel(train)
    dataset = ReidDataset("MSMT17", train, query, gallery, train_names=train_names)
    warn_of_differences(dataset)
    return dataset


def _read_list(folder: Path, part: str, images: Path) -> list[Record]:
    file = folder / f"list_{part}.txt"
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = os_reason(error) if isinstance(error, OSError) else "it is not text"
        raise InputError(f"cannot read {file}: {reason}; is the archive unpacked whole?") from None
    records = []
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line.strip())
        if match:
            records.append(Record(str(images / match[1]), int(match[3]), int(match[2]) - 1))
        elif line.strip():
            raise InputError(
                f"{file}, line {number}: {line[:80]!r} is not like "
                "'0000/0000_000_01_0303morning_0015_0.jpg 0'"
            )
    return records
