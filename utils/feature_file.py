"""Files of names and features: .parquet, .npz, .h5 and .csv. They are written as they come, row by row.

``.parquet`` has the columns ``name`` and ``feature`` (a list of numbers); ``.npz`` and ``.h5`` hold ``names``
(N,) and ``features`` (N, D); ``.csv`` has lines of a name and D numbers, the first one with titles.
"""

import csv
import io
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .errors import InputError, os_reason
from .files import atomic_write
from .optional import need

Add = Callable[[Sequence[str], np.ndarray], None]  # n names and (n, D) float32 features


@contextmanager
def write_features(file: Path) -> Iterator[Add]:
    """Write a file piece by piece; it is there once it is whole.

        with write_features(Path("features.parquet")) as add:
            add(names, features)

    Args:
        file: to write; its suffix says how.

    Raises:
        InputError: the suffix is unknown, what writes it is not installed, or it cannot be written.
    """
    _, write = _format(file)
    with atomic_write(file, "w+b") as stream, write(stream) as add:
        yield add


def read_features(file: Path) -> tuple[list[str], np.ndarray]:
    """The names, and the features (N, D) float32.

    Raises:
        InputError: the file cannot be read, or holds something else.
    """
    read, _ = _format(file)
    try:
        names, features = read(file)
    except OSError as error:
        raise InputError(f"cannot read {file}: {os_reason(error)}") from None
    except (ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile, pa.ArrowException) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{file} holds no names and features ({reason})") from None
    if features.ndim != 2 or len(features) != len(names) or not features.size:
        raise InputError(f"{file}: {len(names)} names do not fit features of shape {features.shape}")
    return names, features


def _format(file: Path) -> "tuple[Callable, Callable[[IO], AbstractContextManager[Add]]]":
    try:
        return FORMATS[file.suffix.lower()]
    except KeyError:
        raise InputError(f"{file}: features are kept in {', '.join(FORMATS)} files") from None


def _h5py():
    return need("h5py", "h5py is not installed; .h5 files need: pip install -r requirements-export.txt")


def _read_npz(file: Path) -> tuple[list[str], np.ndarray]:
    with np.load(file, allow_pickle=False) as arrays:  # a pickle could run code
        return [str(name) for name in arrays["names"]], arrays["features"].astype(np.float32)


@contextmanager
def _write_npz(stream: IO) -> Iterator[Add]:
    names: list[str] = []
    dim = 0
    # An array's length stands before its values.
    with tempfile.TemporaryFile(dir=Path(stream.name).parent) as values:

        def add(more: Sequence[str], features: np.ndarray) -> None:
            nonlocal dim
            dim = features.shape[1]
            names.extend(more)
            values.write(features.astype("<f4").tobytes())

        yield add
        values.seek(0)
        header = {"descr": "<f4", "fortran_order": False, "shape": (len(names), dim)}
        with zipfile.ZipFile(stream, "w") as archive:
            with archive.open("names.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.array(names, dtype=np.str_), allow_pickle=False)
            with archive.open("features.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array_header_1_0(member, header)
                shutil.copyfileobj(values, member)


def _read_parquet(file: Path) -> tuple[list[str], np.ndarray]:
    table = pq.read_table(file, columns=["name", "feature"])
    lengths = pc.list_value_length(table["feature"]).unique().to_pylist()
    if len(lengths) != 1 or not lengths[0]:
        raise ValueError(f"features of {lengths[:3]} numbers")
    values = [
        chunk.flatten().to_numpy(zero_copy_only=False).astype(np.float32) for chunk in table["feature"].chunks
    ]
    return table["name"].to_pylist(), np.concatenate(values).reshape(table.num_rows, lengths[0])


@contextmanager
def _write_parquet(stream: IO) -> Iterator[Add]:
    writer: pq.ParquetWriter | None = None

    def add(names: Sequence[str], features: np.ndarray) -> None:
        nonlocal writer
        kind = pa.list_(pa.float32(), features.shape[1])
        schema = pa.schema({"name": pa.string(), "feature": kind})
        writer = writer or pq.ParquetWriter(stream, schema)
        values = pa.array(features.astype(np.float32).ravel())
        column = pa.FixedSizeListArray.from_arrays(values, features.shape[1])
        writer.write_table(pa.table([pa.array(names), column], schema=schema))

    try:
        yield add
    finally:
        if writer:
            writer.close()


def _read_h5(file: Path) -> tuple[list[str], np.ndarray]:
    with _h5py().File(file) as content:
        return list(content["names"].asstr()[:]), content["features"][:].astype(np.float32)


@contextmanager
def _write_h5(stream: IO) -> Iterator[Add]:
    h5py = _h5py()
    with h5py.File(stream, "w") as content:

        def add(names: Sequence[str], features: np.ndarray) -> None:
            if "names" not in content:
                dim = features.shape[1]
                content.create_dataset("names", (0,), h5py.string_dtype(), maxshape=(None,))
                content.create_dataset("features", (0, dim), np.float32, maxshape=(None, dim))
            for name, rows in (("names", names), ("features", features)):
                dataset = content[name]
                dataset.resize(len(dataset) + len(rows), axis=0)
                dataset[len(dataset) - len(rows) :] = rows

        yield add


def _read_csv(file: Path) -> tuple[list[str], np.ndarray]:
    with open(file, newline="", encoding="utf-8-sig") as stream:
        rows = [row for row in csv.reader(stream) if row]
    if rows and not _is_number(rows[0][-1]):
        rows = rows[1:]
    return [row[0] for row in rows], np.array([row[1:] for row in rows], dtype=np.float32)


@contextmanager
def _write_csv(stream: IO) -> Iterator[Add]:
    # With a byte order mark, so that Excel reads names in any language.
    text = io.TextIOWrapper(stream, "utf-8-sig", newline="")
    lines = csv.writer(text)
    empty = True

    def add(names: Sequence[str], features: np.ndarray) -> None:
        nonlocal empty
        if empty:
            lines.writerow(["name", *(f"f{number}" for number in range(features.shape[1]))])
        empty = False
        lines.writerows(
            [name, *(f"{value:.9g}" for value in row)]
            for name, row in zip(names, features.tolist(), strict=True)
        )

    try:
        yield add
    finally:
        text.detach()  # which writes what it holds; the stream is closed by who opened it


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


# suffix -> read(file) -> names, features; and write(stream), the context of an ``Add``
FORMATS = {
    ".parquet": (_read_parquet, _write_parquet),
    ".npz": (_read_npz, _write_npz),
    ".h5": (_read_h5, _write_h5),
    ".csv": (_read_csv, _write_csv),
}
