"""Files that are written whole or not at all, under names that every system accepts."""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .errors import InputError, one_line, os_reason

BLOCK = 1 << 20  # bytes read at a time
# Names of devices on Windows, whatever their case and suffix.
_DEVICES = re.compile(r"(CON|PRN|AUX|NUL|(COM|LPT)[0-9¹²³])(\.|$)", re.IGNORECASE)


@contextmanager
def atomic_write(file: Path, mode: str = "w", hint: str = "", **kwargs) -> Iterator[IO]:
    """Write a file under a temporary name in its folder, and rename it once it is whole and on the disk.

        with atomic_write(folder / "results.csv", newline="") as stream:
            csv.writer(stream).writerows(rows)

    Readers never see half of the file, nor does a crash leave one; if anything is raised, an existing file is
    kept.

    Args:
        file: to write; its folder is created.
        mode: 'w' for text, in UTF-8 unless ``encoding`` says otherwise, or 'wb'.
        hint: the end of the message if it cannot be written, such as ``choose another folder``.
        kwargs: of ``open``.

    Raises:
        InputError: the system refuses to write it.
    """
    part = file.parent / f"{file.name}.part"  # with_name knows no name such as "."
    if "b" not in mode:
        kwargs.setdefault("encoding", "utf-8")
    with writing(file, hint):
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(part, mode, **kwargs) as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(part, file)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


@contextmanager
def writing(place: Path | str, hint: str = "") -> Iterator[None]:
    """Turn an OSError into the one line that names the place, the system's reason and the hint."""
    try:
        yield
    except OSError as error:
        raise InputError(f"cannot write {place}: {os_reason(error)}{hint and f'; {hint}'}") from None


@contextmanager
def reading(file: str | os.PathLike) -> Iterator[None]:
    """Turn an OSError into the one line that names the file and the system's reason."""
    try:
        yield
    except OSError as error:
        raise InputError(f"cannot read {one_line(str(file))}: {os_reason(error)}") from None


def sha256(*paths: str | os.PathLike) -> str:
    """SHA-256 of what files hold, one after another, in hexadecimal digits.

    Raises:
        InputError: one cannot be read.
    """
    digest = hashlib.sha256()
    for path in paths:
        with reading(path), open(path, "rb") as stream:
            while block := stream.read(BLOCK):
                digest.update(block)
    return digest.hexdigest()


def legal_name(text: str) -> str:
    """A text as the name of a file, on Windows too: ``timm/vit`` as ``timm-vit``, ``aux`` as ``_aux``."""
    name = re.sub(r'[<>:"/\\|?*\x00-\x1f]', "-", text)
    name = re.sub(r"[. ]$", "-", name)  # which Windows drops at the end
    return f"_{name}" if _DEVICES.match(name) else name
