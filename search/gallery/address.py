"""Where a gallery is: a folder of this machine, or a Milvus server."""

import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from utils.errors import InputError

LOCAL_SUFFIX = ".db"  # by which pymilvus knows milvus-lite's folders
DEFAULT_NAME = "gallery"


class Address(NamedTuple):
    """A gallery's place, as pymilvus and as messages name it.

    Args:
        uri: for pymilvus.
        shown: for messages, without a password.
        name: of the gallery, of which a server may hold several.
        folder: of milvus-lite; None: a server.
    """

    uri: str
    shown: str
    name: str = DEFAULT_NAME
    folder: Path | None = None


def parse_address(text: str) -> Address:
    """Read ``gallery.db``, ``http://host:19530`` or ``http://user:password@host:19530/name``.

    Raises:
        InputError: it is none of these.
    """
    if "://" in text:
        return _server(text)
    folder = Path(text)
    if folder.suffix != LOCAL_SUFFIX:
        raise InputError(
            f"gallery {text!r}: a gallery on this machine is a folder whose name ends in {LOCAL_SUFFIX}, as "
            "gallery.db does; a Milvus server is named by its address, such as http://host:19530"
        )
    return Address(str(folder), str(folder), folder=folder)


def _server(text: str) -> Address:
    parts = urlsplit(text)
    name = parts.path.strip("/") or DEFAULT_NAME
    shown = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))
    if parts.scheme not in ("http", "https", "tcp") or not _host(parts):
        raise InputError(
            f"gallery {shown}: a Milvus server's address is such as http://host:19530, or "
            "http://host:19530/name for one of several galleries there"
        )
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", name):
        raise InputError(
            f"gallery {shown}: the name of a gallery on a server, {name!r}, may hold letters, digits and _ "
            "only, 100 at most, and begins with a letter"
        )
    return Address(urlunsplit((parts.scheme, parts.netloc, "", "", "")), shown, name)


def _host(parts) -> str | None:
    try:
        parts.port  # noqa: B018  reading it checks it
        return parts.hostname
    except ValueError:
        return None
