"""Images that a user names: files, folders, tables."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from utils.errors import InputError, one_line

from .datasets import Record
from .datasets.custom_table import TABLE_SUFFIXES, read_paths
from .datasets.files import unusable, walk_images


class NamedImage(NamedTuple):
    """An image, and what it is called in results."""

    name: str
    path: str


def list_images(sources: Sequence[str]) -> list[NamedImage]:
    """The images of files, folders with those below them, and tables (CSV, Parquet) with a column ``path``.

    Images are called by their path: in a folder or table that is named alone, by that from there on. A
    folder's are in the order of their paths; what is named twice is listed once.

    Args:
        sources: paths.

    Raises:
        InputError: one is not there, or not such a table; or there is no image.
    """
    found: dict[str, NamedImage] = {}
    for source in map(Path, sources):
        for name, path in _images(source):
            image = NamedImage(name if len(sources) == 1 else Path(path).as_posix(), path)
            if unusable(image.name):
                raise InputError(f"{one_line(image.name)}: names with control characters cannot be listed")
            found.setdefault(image.name, image)
    if not found:
        raise InputError(f"{one_line(', '.join(sources))}: no images there")
    return list(found.values())


def find_records(records: Sequence[Record], named: Sequence[str], missing: str) -> list[int]:
    """Places of the records that a user names.

    Args:
        records: to look in.
        named: paths, or ends of them such as the file's name alone.
        missing: what to say if there is none, such as ``no query of Market1501``.

    Raises:
        InputError: a name is that of no record, or of several.
    """
    parts = [Path(record.path).resolve().parts for record in records]
    found = []
    for name in named:
        wanted = Path(name).parts
        same = [n for n, path in enumerate(parts) if wanted and path[-len(wanted) :] == wanted]
        same = same or [n for n, path in enumerate(parts) if path == Path(name).resolve().parts]
        if not same:
            example = f"; they are called as {Path(records[0].path).name}" if records else ""
            raise InputError(f"{one_line(name)} is {missing}{example}")
        if len(same) > 1:
            paths = " and ".join(records[n].path for n in same[:2])
            raise InputError(f"{one_line(name)} may be {paths}; name its folder too")
        found += same
    return found


def _images(source: Path) -> list[NamedImage]:
    if source.is_dir():
        return [NamedImage(Path(path).relative_to(source).as_posix(), path) for path in walk_images(source)]
    if not source.is_file():
        raise InputError(f"{one_line(str(source))}: no such file or folder")
    if source.suffix.lower() in TABLE_SUFFIXES:
        return [NamedImage(name, str(source.parent / name)) for name in read_paths(source)]
    return [NamedImage(source.as_posix(), str(source))]
