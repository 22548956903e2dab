"""The page of all settings, docs/settings.md, from their declarations and the comments above them."""

import inspect
import re
from collections.abc import Sequence
from typing import Any

from . import defaults
from .checks import Choices
from .comments import Part, read_comments
from .setting import Setting

HEAD = """\
# Settings

Every setting of `config/defaults.py`, in its order. This page is written by `python tools/settings.py`.

In a YAML file, a setting stands below its section (`SOLVER:`, then `BASE_LR: 1e-4` on an indented line); on
the command line, at the end (`SOLVER.BASE_LR 1e-4`). Later ones win: defaults, the YAML file, flags, the end
of the command line.

- **default** also says of what type a value is. Lists are written `[256, 128]`, or `256,128`.
- **values**: what a value may be. A path may begin with `~`, the home folder.
- **resume** ✓: a run may be resumed with another value, as the setting affects neither the weights nor the
  way to them; *path*: from one path to another only.
- ″: the meaning stands above, for several settings together.

The names are those of reid-strong-baseline, whose own YAML files can be read. An unknown name and a value out
of range end a command with one line that names the nearest name, or the range.
"""
KINDS = {bool: "`yes` or `no`", int: "a whole number", float: "a number", str: "text"}


def settings_page(choices: Choices) -> str:
    """Markdown: a table of the settings of each section.

    Args:
        choices: key of a setting -> the names that its registry holds.
    """
    parts = [part for part in read_comments(inspect.getsource(defaults)) if _keys(part)]
    return "\n".join([HEAD, *(_part(part, choices) for part in parts)])


def _part(part: Part, choices: Choices) -> str:
    section = _keys(part)[0].partition(".")[0] if part.title else ""
    lines = [f"## {part.title.capitalize()}: `{section}`" if section else "## General", *_table_head()]
    for group in part.groups:
        keys = [key for key in group.keys if key in defaults.SETTINGS]
        if group.text and not keys:  # a remark on what follows
            lines += ["", _markdown(group.text), *_table_head()]
        for number, key in enumerate(keys):
            setting = defaults.SETTINGS[key]
            meaning = _markdown(group.text) if number == 0 else "″"
            cells = (f"`{key}`", _default(setting.value), meaning, _values(setting, choices.get(key, ())))
            lines.append(f"| {' | '.join(cells)} | {_resume(setting)} |")
    return "\n".join([*lines, ""])


def _table_head() -> list[str]:
    return ["", "| setting | default | meaning | values | resume |", "|---|---|---|---|---|"]


def _keys(part: Part) -> list[str]:
    return [key for group in part.groups for key in group.keys if key in defaults.SETTINGS]


def _default(value: Any) -> str:
    if isinstance(value, bool):
        return "`yes`" if value else "`no`"
    if isinstance(value, list | tuple):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{value}`" if value != "" else "empty"


def _values(setting: Setting, choices: Sequence[str]) -> str:
    """What a value may be: names, or a kind within bounds."""
    if names := tuple(choices) or setting.choices:
        return ", ".join(f"`{name}`" for name in names)
    if limit := setting.bounds.text:
        return re.sub(r"^(must be|is an?) ", "", limit)
    value = setting.value
    kind = "a path" if setting.path else KINDS.get(type(value), "a list")
    bounds = {"at least": "least", "above": "above", "at most": "most", "below": "below"}
    limits = [
        f"{words} {limit}"
        for words, name in bounds.items()
        if (limit := getattr(setting.bounds, name)) is not None
    ]
    return ", ".join([kind, *limits])


def _resume(setting: Setting) -> str:
    return "✓" if setting.may_change else "path" if setting.may_move else ""


def _markdown(text: str) -> str:
    """A comment with its quoted values and the names of settings as code, and links to pages."""
    text = text.replace("<", "&lt;").replace("|", r"\|")
    text = re.sub(r"'([^' ]+)'", r"`\1`", text)
    names = {*defaults.SETTINGS, *(key.rpartition(".")[2] for key in defaults.SETTINGS)}
    text = re.sub(
        r"(?<![`\w./])[A-Z][A-Z0-9_.]+[A-Z0-9](?![\w`])",
        lambda found: f"`{found[0]}`" if found[0] in names else found[0],
        text,
    )
    return re.sub(r"\bdocs/(\w+\.md)", r"[\1](\1)", text)
