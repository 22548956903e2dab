"""Names as the gallery stores and compares them.

Every text that a filter may name is stored percent-encoded: quotes, backslashes, line breaks and all that is
not ASCII are gone, so that no name can end a filter's string, whatever the version of Milvus escapes.
"""

from collections.abc import Iterable
from urllib.parse import quote, unquote

from utils.errors import InputError

LONGEST = 8192  # bytes of a stored name
# Beside letters, digits and "_.-~": what nothing gives a meaning to inside double quotes.
SAFE = " !#$&()*+,/:;=?@[]^|"


def encode_text(text: str) -> str:
    """A name as it is stored.

    Raises:
        InputError: it is too long.
    """
    # surrogatepass: the names of files may hold bytes that are not UTF-8, or half a character (Windows).
    stored = quote(text, SAFE, errors="surrogatepass")
    if len(stored) > LONGEST:
        raise InputError(f"the name {text[:40]!r}... is too long; choose one of less than 900 characters")
    return stored


def decode_text(stored: str) -> str:
    """The name that ``encode_text`` stored."""
    return unquote(stored, errors="surrogatepass")


def is_any_of(field: str, texts: Iterable[str]) -> str:
    """The filter for rows whose field is one of these names."""
    return one_of_stored(field, map(encode_text, texts))


def one_of_stored(field: str, stored: Iterable[str]) -> str:
    """The filter for rows whose field is one of these texts, which are as they are stored."""
    quoted = ", ".join(f'"{text}"' for text in stored)
    return f"{field} in [{quoted}]"
