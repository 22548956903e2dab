"""Converts a value of YAML or the command line to the type of its setting."""

import math
import os
import re
from ast import literal_eval
from typing import Any

from .errors import ConfigError
from .setting import Setting

SWITCH = {
    "yes": True,
    "on": True,
    "true": True,
    "1": True,
    "no": False,
    "off": False,
    "false": False,
    "0": False,
}


def read_value(setting: Setting, value: Any, name: str) -> Any:
    """The value, converted to the type of the setting's default; in a path, ~ is the home folder.

    Raises:
        ConfigError: it is not of that type; the message begins with ``name``.
    """
    value = _read(value, setting.value, name)
    if not setting.path:
        return value
    return (
        os.path.expanduser(value) if isinstance(value, str) else type(value)(map(os.path.expanduser, value))
    )


def check_characters(value: Any, name: str) -> None:
    r"""Raise a ConfigError if a text of a setting holds what YAML makes of ``"E:\new"``."""
    for text in value if isinstance(value, list | tuple) else [value]:
        if isinstance(text, str) and re.search(r"[\x00-\x1f\x7f]", text):
            raise ConfigError(
                f"{name}: {text!r} holds a control character; in YAML, backslashes are kept in single quotes "
                "or without quotes"
            )


def _read(value: Any, default: Any, name: str) -> Any:
    # reid-strong-baseline quotes texts as ('market1501'), in YAML and on the command line.
    if isinstance(value, str) and (value.startswith(("(", "[", "'", '"')) or not isinstance(default, str)):
        value = _literal(value)
    if isinstance(default, list | tuple):
        if isinstance(value, str):  # also [market1501, msmt17], which is not a literal for lack of quotes
            value = [part.strip() for part in re.sub(r"^\[(.*)\]$", r"\1", value).split(",")]
        items = value if isinstance(value, list | tuple) else [value]
        return type(default)(_read(item, default[0] if default else "", name) for item in items)
    if isinstance(default, bool):
        if str(value).lower() not in SWITCH:
            raise ConfigError(f"{name}: {value!r} is not a switch; write yes or no")
        return SWITCH[str(value).lower()]
    if isinstance(default, str):
        return _text(value, name)
    return _number(value, type(default), name)


def _text(value: Any, name: str) -> str:
    if isinstance(value, bool):  # YAML reads an unquoted no as False
        return "yes" if value else "no"
    if not isinstance(value, str | int | float):
        raise ConfigError(f"{name}: {value!r} is not text")
    return str(value)


def _number(value: Any, kind: type, name: str) -> int | float:
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            number = kind(value)
            if number == value and math.isfinite(number):
                return number
    except (ValueError, OverflowError):  # whole numbers of nan and infinity; numbers too large
        pass
    raise ConfigError(f"{name}: {value!r} is not a {'whole number' if kind is int else 'number'}")


def _literal(text: str) -> Any:
    r"""The Python literal that a text spells, or the text; backslashes are kept, as in ``('E:\new')``."""
    try:
        return literal_eval(text.strip().replace("\\", r"\\"))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
