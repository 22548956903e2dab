"""Files of a folder, whatever lies in it."""

import os
import re
from collections.abc import Collection, Sequence
from pathlib import Path

from loguru import logger

from utils.counting import counted
from utils.errors import InputError, os_reason

# Of formats that OpenCV reads as installed; the content of a file decides how it is read, not its suffix.
IMAGE_SUFFIXES = frozenset(
    ".jpg .jpeg .jpe .jfif .png .bmp .dib .webp .tif .tiff .jp2 .ppm .pgm .pbm .pnm .ras .avif .gif".split()
)
# Folders that systems add to those of their users, hidden on the system itself.
_FOREIGN = {"__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"}
# Control characters, line separators, and what stands for bytes that are not text in the system's encoding.
_UNUSABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def find_folder(root: str, names: Sequence[str], title: str, advice: str) -> Path:
    """The first of ``root``'s folders with one of these names.

    Raises:
        InputError: there is none; the message lists the places, and gives the advice.
    """
    for name in names:
        if (Path(root) / name).is_dir():
            return Path(root) / name
    raise InputError(
        f"{title} not found: looked for {', '.join(str(Path(root) / name) for name in names)}; {advice}, or "
        "set DATASETS.ROOT_DIR to the folder that holds it"
    )


def list_folder(folder: Path) -> list[os.DirEntry]:
    """The entries of a folder by name, without hidden ones and, with a warning, without unusable names.

    A name with a line break, or with bytes that are not text, cannot be shown or logged.

    Raises:
        InputError: the folder cannot be read.
    """
    try:
        with os.scandir(folder) as found:
            shown = (e for e in found if not e.name.startswith(".") and e.name not in _FOREIGN)
            entries = sorted(shown, key=lambda e: e.name)
    except OSError as error:
        raise InputError(f"cannot read {folder}: {os_reason(error)}") from None
    warn_left_out(
        folder,
        [e.name for e in entries if unusable(e.name)],
        "entry whose name holds control characters or is not text",
        "entries whose names hold control characters or are not text",
    )
    return [e for e in entries if not unusable(e.name)]


def walk_images(top: Path, above: Collection[Path] = ()) -> list[str]:
    """The images of a folder and of those below it, by path. Links are followed.

    Args:
        top: the folder.
        above: folders that a link must not lead back to.

    Raises:
        InputError: a folder cannot be read.
    """
    paths, waiting = [], [top]
    seen = {folder_key(folder) for folder in above}
    while waiting:
        folder = waiting.pop()
        if folder_key(folder) in seen:
            logger.warning(f"{folder}: left out, as it leads back to a folder that is already read")
            continue
        seen.add(folder_key(folder))
        entries = list_folder(folder)
        folders = [e for e in entries if is_folder(e)]
        images = [e for e in entries if has_image_suffix(e.name) and not is_folder(e)]
        strange = [e.name for e in images if not is_file(e)]
        warn_left_out(folder, strange, "entry that is not a file", "entries that are not files")
        paths += [str(folder / e.name) for e in images if is_file(e)]
        waiting += [folder / e.name for e in folders]
    return sorted(paths)


def folder_key(folder: Path) -> tuple[int, int]:
    """The same for all paths to a folder."""
    try:
        stat = os.stat(folder)
    except OSError as error:
        raise InputError(f"cannot read {folder}: {os_reason(error)}") from None
    return stat.st_dev, stat.st_ino


def unusable(name: str) -> bool:
    """Whether a name cannot be shown in one line of a log."""
    return bool(_UNUSABLE.search(name))


def is_file(entry: os.DirEntry) -> bool:
    """Whether an entry is a file, or a link to one; False for a broken link."""
    try:
        return entry.is_file()
    except OSError:
        return False


def is_folder(entry: os.DirEntry) -> bool:
    """Whether an entry is a folder, or a link to one; False for a broken link."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def has_image_suffix(name: str) -> bool:
    """Whether a file's name has the suffix of an image."""
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES


def warn_left_out(folder: Path, names: Sequence[str], one: str, several: str) -> None:
    """Log how many of a folder's entries were left out, and the first of them; nothing if there are none.

    Args:
        folder: that holds them.
        names: of the entries.
        one: what one entry is, such as ``folder without an image``.
        several: what several are.
    """
    if names:
        shown = [repr(name) if unusable(name) else name for name in names[:3]] + ["…"] * (len(names) > 3)
        logger.warning(f"{folder}: left out {counted(len(names), one, several)}: {', '.join(shown)}")
