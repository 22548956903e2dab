"""What a flag is."""

from typing import NamedTuple

from .setting import Setting


class Flag(NamedTuple):
    """A flag, or positional words, of some commands."""

    names: tuple[str, ...]  # without dashes: positional words, which are required
    fills: str | Setting  # the setting of config/defaults.py that it fills, or its own value
    metavar: str  # "": it takes no value and switches its setting on
    help: str
    commands: tuple[str, ...]  # names of commands, or of kinds of commands
    alone: str = ""  # what it means with no value after it

    @property
    def is_positional(self) -> bool:
        """Whether it is words without a name before them."""
        return not self.names[0].startswith("-")

    @property
    def dest(self) -> str:
        """Where its value is found: under the setting's name, or its own."""
        return self.fills if isinstance(self.fills, str) else self.names[0].lstrip("-")
