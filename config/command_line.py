"""Reads the words of a command line into settings and options; shows --help."""

import argparse
import sys
import textwrap
from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn

from .checks import Choices, raise_problems, value_problem
from .command import Command
from .commands import COMMANDS
from .defaults import SETTINGS
from .errors import ConfigError, did_you_mean
from .flags import FLAGS, Flag
from .setting import Setting
from .values import read_value

WIDTH = 100  # of --help [characters]
SECTIONS = {key.split(".")[0] for key in SETTINGS}


class CommandLine(NamedTuple):
    """What a command line says."""

    options: argparse.Namespace  # values of the flags that are not settings
    pairs: list[tuple[str, str]]  # key and text of settings, in order: flags, then KEY VALUE pairs


def read_options(
    argv: Sequence[str] | None, command: str, choices: Choices | None = None
) -> argparse.Namespace:
    """The values of a command's flags that are not settings, such as ``--json``; their defaults if not given.

    Args:
        argv: the words after the program's name; None: those of this process.
        command: a name in COMMANDS.
        choices: names of registries, for --help.

    Raises:
        ConfigError: an unknown flag, a flag without its value, a value of the wrong type or out of range.
    """
    return read_command_line(argv, command, choices or {}).options


def find_subcommand(argv: Sequence[str] | None, tool: str) -> tuple[str, list[str]]:
    """The name in COMMANDS of the sub-command that the first word, or two, name, and the words after it.

    Raises:
        ConfigError: there is no such sub-command.
    """
    words = _words(argv)
    parts = _parts_of(tool)
    parser = _make_parser(COMMANDS[tool], _listed(parts))
    parser.add_argument("command", choices=parts, metavar="COMMAND", help=", ".join(parts))
    found, words = f"{tool} {parser.parse_args(words[:1]).command}", words[1:]
    if words and words[0] in _parts_of(found):
        found, words = f"{found} {words[0]}", words[1:]
    return found, words


def read_command_line(argv: Sequence[str] | None, command: str, choices: Choices) -> CommandLine:
    """Read the words of a command.

    Args:
        argv: the words after the program's name; None: those of this process.
        command: a name in COMMANDS.
        choices: names of registries, for --help.

    Raises:
        ConfigError: as ``read_options``; also a key without its value.
    """
    row = COMMANDS[command]
    flags = [flag for flag in FLAGS if {command, row.kind and row.kind.name} & set(flag.commands)]
    flags.sort(key=lambda flag: command not in flag.commands)  # its own before those of its kind
    parser = _make_parser(row, _epilog(row, flags, choices))
    for flag in flags:
        _add(parser, flag, choices)
    if row.kind:
        settings = "any setting of config/defaults.py, e.g. SOLVER.BASE_LR 1e-4"
        parser.add_argument("opts", nargs="*", metavar="KEY VALUE", help=settings)
    found = vars(parser.parse_intermixed_args(_complete(_words(argv), flags)))
    opts = found.pop("opts", [])
    for flag in flags:
        if _is_list(flag) and row.kind and found[flag.dest]:  # argparse lets it end with the command line
            found[flag.dest], opts = _split(found[flag.dest] + opts)
    if len(opts) % 2:
        raise ConfigError(f"settings at the end are KEY VALUE pairs; {opts[-1]} has no value")
    pairs = [(flag.dest, found[flag.dest]) for flag in flags if isinstance(flag.fills, str)]
    given = {key: text for key, text in pairs if text is not None}
    options = _read_options([flag for flag in flags if isinstance(flag.fills, Setting)], found)
    return CommandLine(options, [*given.items(), *zip(opts[::2], opts[1::2], strict=True)])


def _parts_of(name: str) -> dict[str, Command]:
    """The sub-commands of a command, by their last word."""
    names = (other for other in COMMANDS if other.startswith(f"{name} "))
    return {word: COMMANDS[other] for other in names if " " not in (word := other.removeprefix(f"{name} "))}


def _listed(parts: dict[str, Command]) -> str:
    return "\n".join(f"  {part:12}{row.about.split('. ')[0]}" for part, row in parts.items())


def _words(argv: Sequence[str] | None) -> list[str]:
    return list(sys.argv[1:] if argv is None else argv)


def _complete(words: list[str], flags: list[Flag]) -> list[str]:
    """Give a flag its ``alone`` value where another flag, a setting or nothing follows it."""
    alone = {name: flag.alone for flag in flags if flag.alone for name in flag.names}
    for i, word in enumerate(words):
        following = words[i + 1 : i + 2]
        if word in alone and (
            not following or following[0].startswith("--") or following[0].split(".")[0] in SECTIONS
        ):
            words[i] = f"{word}={alone[word]}"
    return words


def _is_list(flag: Flag) -> bool:
    return not isinstance(flag.fills, str) and isinstance(flag.fills.value, tuple)


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    """Words of a list, and the KEY VALUE pairs behind them."""
    first = next((n for n, word in enumerate(words) if word.split(".")[0] in SECTIONS), len(words))
    return words[:first], words[first:]


def _read_options(flags: list[Flag], found: dict[str, Any]) -> argparse.Namespace:
    options, problems = argparse.Namespace(), []
    for flag in flags:
        given, name = found[flag.dest], flag.names[0]
        value = flag.fills.value if given is None else read_value(flag.fills, given, name)
        problems.append(value_problem(name, flag.fills, value))
        setattr(options, flag.dest, value)
    raise_problems(problems)
    return options


def _add(parser: argparse.ArgumentParser, flag: Flag, choices: Choices) -> None:
    is_setting = isinstance(flag.fills, str)
    setting = SETTINGS[flag.fills] if is_setting else flag.fills
    names = ", ".join(_choices(flag.fills, choices)) if is_setting else ""
    text = f"{flag.help}: {names}" if names else flag.help
    if is_setting:
        text += f"  [{flag.fills}]"
    elif setting.value:
        default = setting.value
        text += f" (default: {' '.join(map(str, default)) if isinstance(default, tuple) else default})"
    kwargs = {"metavar": flag.metavar} if flag.metavar else {"action": "store_const", "const": "yes"}
    needed = flag.is_positional
    if _is_list(flag):
        kwargs["nargs"] = "+" if needed else "*"
    parser.add_argument(
        *flag.names, **({} if needed else {"dest": flag.dest}), help=text.replace("%", "%%"), **kwargs
    )


def _choices(key: str, choices: Choices) -> Sequence[str]:
    return tuple(choices.get(key, ())) or SETTINGS[key].choices


def _make_parser(command: Command, epilog: str) -> "_Parser":
    tool, *part = command.name.split()
    return _Parser(
        prog=" ".join([f"tools/{tool}.py", *part]),
        description=textwrap.fill(command.about, WIDTH),
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _epilog(command: Command, flags: list[Flag], choices: Choices) -> str:
    parts = [command.notes]
    if own := _parts_of(command.name):
        parts.append(f"sub-commands:\n{_listed(own)}")
    if command.kind:
        filled = [flag.fills for flag in flags]
        others = [(key, ", ".join(_choices(key, choices))) for key in SETTINGS if key not in filled]
        lines = [
            textwrap.fill(f"{key}  {names}", WIDTH, initial_indent="  ", subsequent_indent=" " * 6)
            for key, names in others
            if names
        ]
        parts.append("\n".join(["choices of other settings:", *lines]))
    tool, *part = command.name.split()
    program = " ".join([f"  python tools/{tool}.py", *part])
    parts.append("\n".join(["examples:", *(f"{program} {words}" for words in command.examples)]))
    return "\n\n".join(filter(None, parts))


class _Parser(argparse.ArgumentParser):
    """argparse, with its errors as ConfigError."""

    def error(self, message: str) -> NoReturn:
        if message.startswith("unrecognized arguments: "):
            word = message.split()[2]
            near = did_you_mean(word, self._option_string_actions)
            message = f"unknown {'flag' if word.startswith('-') else 'word'} {word}{near}; --help lists them"
        raise ConfigError(message)
