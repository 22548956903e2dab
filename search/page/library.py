"""The files of the gallery's videos: the gallery knows their content, not where they are."""

import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from search.fingerprint import fingerprint
from utils.errors import InputError, one_line
from utils.files import legal_name

from .texts import Refusal

SUFFIXES = frozenset(
    ".mp4 .m4v .mov .avi .mkv .webm .wmv .asf .flv .3gp .mpg .mpeg .ts .mts .m2ts .vob .ogv .dav .h264 .h265"
    " .264 .265".split()
)
LONGEST = 120  # characters of an upload's name
Stamp = tuple[int, int]  # size and time of the last change [ns]


class Library:
    """Folders with videos.

    Args:
        folders: in which videos are, also in the folders below them.
        uploads: the one into which uploads go.
    """

    def __init__(self, folders: Iterable[Path], uploads: Path):
        self.uploads = uploads
        self._folders = [*folders, uploads]
        self._lock = threading.Lock()
        self._known: dict[Path, tuple[Stamp, str]] = {}  # with the fingerprint
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read_all, name="library", daemon=True)

    def start(self) -> None:
        """Begin to read, beside the rest, which video each file is."""
        self._thread.start()

    def stop(self) -> None:
        """End that."""
        self._stop.set()

    def files(self) -> list[Path]:
        """The videos' files, by name."""
        found = {path for folder in self._folders for path in _walk(folder)}
        return sorted(found, key=lambda path: (path.name.lower(), path))

    def video(self, path: Path) -> str | None:
        """The fingerprint of a file; None: it cannot be read."""
        try:
            stat = path.stat()
            stamp = (stat.st_size, stat.st_mtime_ns)
            with self._lock:
                known = self._known.get(path)
            if known is None or known[0] != stamp:
                known = (stamp, fingerprint(path))
                with self._lock:
                    self._known[path] = known
            return known[1]
        except (OSError, InputError):
            return None

    def is_read(self, path: Path) -> bool:
        """Whether the fingerprint of a file is known already."""
        with self._lock:
            return path in self._known

    def find(self, video: str, name: str) -> Path | None:
        """The file of a video.

        Args:
            video: fingerprint.
            name: of its file when it was indexed; a file of this name is looked at first.
        """
        with self._lock:
            known = [path for path, (_, other) in self._known.items() if other == video]
        for path in known:
            if self.video(path) == video:
                return path
        for path in self.files():
            if path.name == name and self.video(path) == video:
                return path
        return None

    def place_for(self, name: str) -> Path:
        """Where an upload goes, by the name that a browser gives, which may be anything.

        Raises:
            Refusal: it is not that of a video.
        """
        # Without folders, and nothing that a file system or a reader may trip over.
        name = legal_name(one_line(name.replace("\\", "/").rpartition("/")[2])).strip(" .")
        suffix = Path(name).suffix.lower()
        if suffix not in SUFFIXES:
            raise Refusal("error.no_video_name", suffixes=", ".join(sorted(SUFFIXES)))
        stem = name[: -len(suffix)][:LONGEST].strip() or "video"
        number, path = 1, self.uploads / f"{stem}{suffix}"
        while path.exists():
            number += 1
            path = self.uploads / f"{stem}-{number}{suffix}"
        return path

    def _read_all(self) -> None:
        for path in self.files():
            if self._stop.is_set():
                return
            self.video(path)


def _walk(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(place, name)
            if path.suffix.lower() in SUFFIXES and not name.startswith(".") and path.is_file():
                yield path
