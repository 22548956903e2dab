"""One way to call milvus-lite and a Milvus server."""

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from utils.errors import InputError, os_reason

from .address import Address
from .quiet import keep_quiet
from .retry import PATIENCE, Patience

CONNECT_LIMIT = 5.0  # seconds
CALL_LIMIT = 30.0  # seconds for a server's answer; after that it is asked again
LOCAL_LIMIT = 600.0  # seconds: milvus-lite may rewrite its files meanwhile
WRITING = {"upsert", "delete", "flush"}
# pymilvus asks every 10 s whether the server is still there. That of milvus-lite, in this process, takes it
# for an attack, and hangs up on an indexing that has had nothing to write for a while.
NO_PINGS = {"grpc.keepalive_time_ms": 2**31 - 1}
MISSING = "search needs packages that are not installed: pip install -r requirements-search.txt"


class Milvus:
    """A connection to a gallery's place.

    Args:
        address: the place; a folder is created.
        patience: how long a server that does not answer is asked again [seconds].
        stopped: once it is true, ``patience`` holds; until then, there is no end; None: it always holds.

    Raises:
        InputError: packages are missing; another process has the folder, or it cannot be written; no server
            answers, or it refuses.
    """

    def __init__(
        self, address: Address, patience: float = PATIENCE, stopped: Callable[[], bool] | None = None
    ):
        try:
            import pymilvus

            if address.folder:
                import milvus_lite  # noqa: F401  pymilvus would hide that it is missing
        except ImportError:
            raise InputError(MISSING) from None
        keep_quiet()
        self.address = address
        self.shown = address.shown
        if address.folder:
            _check_folder(address.folder)
        options = {"grpc_options": NO_PINGS} if address.folder else {}
        try:
            self.client = pymilvus.MilvusClient(address.uri, timeout=CONNECT_LIMIT, **options)
        except pymilvus.MilvusException as error:
            raise InputError(_no_connection(address, error.message)) from None
        self._patience = Patience(self.shown, patience, stopped)
        self._limit = CALL_LIMIT if stopped else min(CALL_LIMIT, patience)
        # milvus-lite replaces a row in two steps, between which other threads would find neither.
        self._alone = threading.Lock()
        self.failed: InputError | None = None  # what ended milvus-lite's writing

    @property
    def is_local(self) -> bool:
        """Whether it is milvus-lite, in this process."""
        return self.address.folder is not None

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of MilvusClient that may be called twice.

        Raises:
            InputError: milvus-lite cannot write, or the server has not answered for long, or refuses.
        """
        function = getattr(self.client, method)
        if self.is_local:
            with self._alone:
                return self._call_local(function, *args, **kwargs)
        return self._patience.call(lambda: function(*args, timeout=self._limit, **kwargs))

    def _call_local(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        from pymilvus import MilvusException

        if self.failed and function.__name__ in WRITING:
            raise self.failed  # milvus-lite would write behind the torn end of its log, which is not read
        try:
            return function(*args, timeout=LOCAL_LIMIT, **kwargs)
        except MilvusException as error:
            if not re.search(r"\[[Ee]rrno (?!17\])\d+\]", error.message):  # 17: a file that is there already
                raise
            self.failed = InputError(
                f"cannot write {self.shown}: {_last_reason(error.message)}; what was written before is "
                "intact; make room, then run the same command again: it resumes"
            )
            raise self.failed from None

    def close(self) -> None:
        """Let go of it; what is in milvus-lite's memory is written."""
        self.client.close()
        if self.is_local:
            from milvus_lite.server_manager import server_manager_instance

            server_manager_instance.release_server(self.address.uri)


def _check_folder(folder: Path) -> None:
    from milvus_lite.db import MilvusLite
    from milvus_lite.exceptions import DataDirLockedError

    try:
        if folder.is_file():
            raise InputError(f"{folder} is a file, not a gallery's folder; name another gallery")
        if folder.is_dir() and any(folder.iterdir()) and not (folder / "collections").is_dir():
            raise InputError(f"{folder} is a folder with other files; name another gallery")
        folder.parent.mkdir(parents=True, exist_ok=True)
        MilvusLite(str(folder)).close()
    except DataDirLockedError:
        raise InputError(
            f"{folder} is in use by another process; wait until it ends, or let both use a Milvus server "
            "(its address in place of the folder)"
        ) from None
    except OSError as error:
        raise InputError(f"cannot open {folder}: {os_reason(error)}; name another gallery") from None


def _no_connection(address: Address, message: str) -> str:
    if address.folder:
        return f"cannot open {address.shown}: {message}"
    if "Fail connecting" in message:
        return (
            f"no Milvus server answers at {address.shown}; start it, or name a folder such as gallery.db, "
            "which needs none"
        )
    return f"the Milvus server at {address.shown} refuses: {' '.join(message.split())}"


def _last_reason(message: str) -> str:
    """The system's words in an error of milvus-lite or Arrow: ``No space left on device``."""
    return re.split(r"\[[Ee]rrno \d+\] ", message)[-1].split(": '")[0].strip(" .)>")
