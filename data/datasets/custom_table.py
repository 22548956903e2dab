"""Custom data as a table: CSV or Parquet with the columns path, person_id, camera_id and split."""

import csv
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from utils.errors import InputError, os_reason

from .custom_image import SPLITS, CustomImage
from .files import unusable

TABLE_SUFFIXES = (".csv", ".parquet")
REQUIRED = ("path", "person_id", "split")
CAMERA = "camera_id"  # this column may be missing


def read_table(file: Path) -> list[CustomImage]:
    """Read the rows, in their order.

    Paths are relative to the table's folder. Person and camera ids are any text or number. CSV is UTF-8, or
    else GB18030 as a Chinese Excel writes it; its columns are separated by comma, semicolon or tab.

    Raises:
        InputError: it is not such a table; a column is missing, a cell empty, a split unknown (with the
            number of the row as a spreadsheet counts, the heading being row 1); or none of the files exists.
    """
    images = [_image(file, number, row) for number, row in _rows(file, REQUIRED)]
    _check_cameras(file, images)
    if images and not any(os.path.isfile(image.path) for _, image in images):
        raise InputError(
            f"{file}: none of its images exists, such as {images[0][1].path}; paths are relative "
            "to the table's folder"
        )
    return [image for _, image in images]


def read_paths(file: Path) -> list[str]:
    """The column ``path`` of such a table, as it stands there but for backslashes; others may be missing.

    Raises:
        InputError: it is not a table, or the column is missing, or a cell empty.
    """
    return [row["path"].replace("\\", "/") for _, row in _rows(file, ("path",))]


def _rows(file: Path, required: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Number and cells of each row, by the columns' names; the required ones are not empty."""
    rows = _csv_rows(file) if file.suffix.lower() == ".csv" else _parquet_rows(file)
    _, header = next(rows, (1, []))
    columns = [name.strip().lower() for name in header]
    for name in required:
        if name not in columns:
            raise InputError(
                f"{file}: the column {name} is missing; the table needs {', '.join(required)}"
                f"{f', and may have {CAMERA}' if required == REQUIRED else ''}; it has "
                f"{', '.join(map(repr, header[:10])) or 'none'}"
            )
    for number, texts in rows:
        row = dict(zip(columns, texts, strict=False))
        cells = {name: row.get(name, "").strip() for name in (*required, CAMERA)}
        for name in required:
            if not cells[name]:
                raise InputError(f"{file}, row {number}: {name} is empty")
        for name, text in cells.items():
            if unusable(text):
                raise InputError(f"{file}, row {number}: {name} {text[:80]!r} holds control characters")
        yield number, cells


def _image(file: Path, number: int, cells: dict[str, str]) -> tuple[int, CustomImage]:
    split = cells["split"].lower()
    if split not in SPLITS:
        raise InputError(
            f"{file}, row {number}: unknown split {cells['split'][:80]!r}; valid: {', '.join(SPLITS)}"
        )
    path = str(file.parent / cells["path"].replace("\\", "/"))
    return number, CustomImage(path, cells["person_id"], cells[CAMERA] or None, split)


def _check_cameras(file: Path, images: list[tuple[int, CustomImage]]) -> None:
    without = [number for number, image in images if image.camera is None]
    if 0 < len(without) < len(images):
        raise InputError(
            f"{file}, row {without[0]}: {CAMERA} is empty; fill it in every row, or leave the column out"
        )


def _csv_rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {file}: {os_reason(error)}") from None
    text = _decode(content)
    if text is None:
        raise InputError(f"{file} is not a CSV file: its text is neither UTF-8 nor GB18030")
    heading = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=heading.count)
    number = 0
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 1):
            if any(cells):  # spreadsheets leave empty rows behind
                yield number, cells
    except csv.Error as error:
        raise InputError(f"{file}, row {number + 1}: not CSV ({error})") from None


def _decode(content: bytes) -> str | None:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _parquet_rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(file)
        columns = [column.to_pylist() for column in table.columns]
    except (OSError, pyarrow.ArrowException, ValueError, OverflowError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{file} is not a Parquet table: {reason[:200]}") from None
    yield 1, table.column_names
    for number, cells in enumerate(zip(*columns, strict=True), 2):
        yield number, [_text(cell) for cell in cells]


def _text(cell) -> str:
    """A cell as text; pandas turns whole numbers beside empty cells into 3.0, and empty ones into nan."""
    if cell is None or cell != cell:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
