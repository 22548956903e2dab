"""Checks of the settings, before anything slow starts."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from yacs.config import CfgNode

from .command import Kind
from .commands import COMMANDS
from .defaults import SETTINGS
from .errors import ConfigError, did_you_mean
from .setting import Setting

# Key of a setting -> its valid names, where a registry holds them. A name such as ``timm/<name>`` stands for
# all names of that form.
Choices = Mapping[str, Collection[str]]


def check_values(cfg: CfgNode, kind: Kind, choices: Choices) -> None:
    """Raise one ConfigError that names every setting that is out of range or does not fit another."""
    problems = [
        value_problem(key, setting, get_value(cfg, key), choices.get(key, ()))
        for key, setting in SETTINGS.items()
    ]
    raise_problems([*kind.problems(cfg), *problems])


def check_datasets(cfg: CfgNode, command: str, names: Collection[str], is_own: Callable[[str], bool]) -> None:
    """Check that each data set that a command reads is one of the program's or a user's own.

    Args:
        cfg: the settings.
        command: a name in COMMANDS; of a kind that uses settings.
        names: of the program's data sets.
        is_own: whether a name is that of a user's folder or table.

    Raises:
        ConfigError: a name is unknown.
    """
    for name in COMMANDS[command].kind.reads(cfg):
        if name not in names and not is_own(name):
            raise ConfigError(
                f"DATASETS: unknown {name!r}{did_you_mean(name, names)}; valid: {', '.join(names)}, or the "
                "path of your own folder or .csv or .parquet table, relative to here or to "
                f"{cfg.DATASETS.ROOT_DIR}"
            )


def check_network(cfg: CfgNode, prefix: str, library: Callable[[], Collection[str]]) -> None:
    """Check that MODEL.NAME is one of a library's networks, if its prefix says so.

    Args:
        cfg: the settings.
        prefix: of the names of the library's networks.
        library: gives their names, with the prefix; called only if there is one to look up.

    Raises:
        ConfigError: the name is unknown; the message gives the nearest one.
    """
    name = cfg.MODEL.NAME
    if name.startswith(prefix) and name not in (known := library()):
        raise ConfigError(f"MODEL.NAME: unknown {name!r}{did_you_mean(name, known)}")


def check_paths(cfg: CfgNode, command: str) -> None:
    """Raise a ConfigError if a file that the command needs is missing."""
    COMMANDS[command].kind.check_files(cfg)


def value_problem(name: str, setting: Setting, value: Any, choices: Collection[str] = ()) -> str:
    """What is wrong with the value of a setting; "" if nothing.

    Args:
        name: of the setting or flag.
        setting: its declaration.
        value: of the type of its default.
        choices: valid names, of a registry; empty: those of the declaration.
    """
    if problem := setting.bounds.problem(value):
        return f"{name} {problem}"
    if choices := choices or setting.choices:
        for word in [value] if isinstance(value, str) else value:
            if not any(_fits(word, choice) for choice in choices):
                valid = ", ".join(choices)
                return f"{name}: unknown {word!r}{did_you_mean(word, choices)}; valid: {valid}"
    return ""


def get_value(cfg: CfgNode, key: str) -> Any:
    """The value at a dotted name."""
    for name in key.split("."):
        cfg = cfg[name]
    return cfg


def raise_problems(problems: Iterable[str]) -> None:
    """Raise one ConfigError with all that are not empty."""
    if found := "; ".join(filter(None, problems)):
        raise ConfigError(found)


def _fits(word: str, choice: str) -> bool:
    pattern = ".+".join(map(re.escape, re.split(r"<\w+>", choice)))
    return re.fullmatch(pattern, word, re.DOTALL) is not None
