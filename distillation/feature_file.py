"""Features computed by another program: a file of image names and vectors."""

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from utils.errors import InputError, os_reason

SUFFIXES = (".npz", ".parquet", ".csv")


def read_features(file: Path, paths: Sequence[str]) -> np.ndarray:
    """The features of images.

    ``.npz`` holds ``names`` (N,) and ``features`` (N, D); ``.parquet`` the columns ``name`` and ``feature``
    (a list of numbers); ``.csv`` lines of a name and D numbers, with or without a header line. A name is
    an image's path, or as much of its end as distinguishes it from the others, usually the file's name.

    Args:
        file: with one of these suffixes.
        paths: of the images.

    Returns:
        (len(paths), D) float32.

    Raises:
        InputError: the file cannot be read, holds something else, or lacks an image.
    """
    names, features = _read(file)
    if features.ndim != 2 or len(features) != len(names) or not features.size:
        raise InputError(f"{file}: {len(names)} names do not fit features of shape {features.shape}")
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


def _read(file: Path) -> tuple[list[str], np.ndarray]:
    if file.suffix not in SUFFIXES:
        raise InputError(f"{file}: features are read from {', '.join(SUFFIXES)} files")
    try:
        return {".npz": _read_npz, ".parquet": _read_parquet, ".csv": _read_csv}[file.suffix](file)
    except OSError as error:
        raise InputError(f"cannot read {file}: {os_reason(error)}") from None
    except (ValueError, KeyError, EOFError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{file} holds no names and features ({reason})") from None


def _read_npz(file: Path) -> tuple[list[str], np.ndarray]:
    with np.load(file, allow_pickle=False) as arrays:  # a pickle could run code
        return [str(name) for name in arrays["names"]], arrays["features"].astype(np.float32)


def _read_parquet(file: Path) -> tuple[list[str], np.ndarray]:
    table = pq.read_table(file, columns=["name", "feature"])
    return table["name"].to_pylist(), np.array(table["feature"].to_pylist(), dtype=np.float32)


def _read_csv(file: Path) -> tuple[list[str], np.ndarray]:
    with open(file, newline="", encoding="utf-8-sig") as stream:
        rows = [row for row in csv.reader(stream) if row]
    if rows and not _is_number(rows[0][-1]):
        rows = rows[1:]
    return [row[0] for row in rows], np.array([row[1:] for row in rows], dtype=np.float32)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
