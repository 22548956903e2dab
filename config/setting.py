"""How a setting is declared: its default with its bounds, and whether it may change on resume."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from yacs.config import CfgNode


@dataclass(frozen=True)
class Bounds:
    """What a value must be."""

    least: float | None = None
    above: float | None = None
    most: float | None = None
    below: float | None = None
    check: Callable[[Any], bool] | None = None  # true of a valid value; it needs a text
    text: str = ""  # what an error says instead of the bound, such as "is a probability, 0 to 1"

    def problem(self, value: Any) -> str:
        """What is wrong with a value, as what follows its name; "" if nothing."""
        if self.least is not None and value < self.least:
            found = "must not be negative" if self.least == 0 else f"must be at least {self.least}"
        elif self.above is not None and value <= self.above:
            found = f"must be above {self.above}"
        elif self.most is not None and value > self.most:
            found = f"must be at most {self.most}"
        elif self.below is not None and value >= self.below:
            found = f"must be below {self.below}"
        elif self.check is not None and not self.check(value):
            found = self.text
        else:
            return ""
        return f"{self.text or found}, not {value!r}"


@dataclass(frozen=True)
class Setting:
    """A default and what is known about the values that may replace it."""

    value: Any  # whose type is that of the setting; an empty list holds strings
    bounds: Bounds = Bounds()
    choices: tuple[str, ...] = ()  # valid names where no registry holds them
    path: bool = False  # of a file or folder: ~ is the home folder
    may_change: bool = False  # when a run is resumed, because it does not affect the weights
    may_move: bool = False  # the same, but only from one path to another


def setting(
    value: Any,
    choices: tuple[str, ...] = (),
    path: bool = False,
    may_change: bool = False,
    may_move: bool = False,
    **bounds: Any,
) -> Setting:
    """Declare a setting in one line: ``setting(3.5e-4, above=0)``; ``bounds`` are those of ``Bounds``."""
    return Setting(value, Bounds(**bounds), choices, path, may_change, may_move)


class Section:
    """Settings under one name, declared by assignment: ``section.NAME = setting(...)``, or the plain default.

    Args:
        may_change: all of them may, when a run is resumed.
    """

    def __init__(self, may_change: bool = False):
        vars(self).update(_members={}, _may_change=may_change)

    def __setattr__(self, name: str, value: Any) -> None:
        if not isinstance(value, Section):
            value = value if isinstance(value, Setting) else Setting(value)
            value = replace(value, may_change=value.may_change or self._may_change)
        self._members[name] = value

    def __getattr__(self, name: str) -> "Section | Setting":
        try:
            return vars(self)["_members"][name]
        except KeyError:
            raise AttributeError(name) from None

    def settings(self, prefix: str = "") -> Iterator[tuple[str, Setting]]:
        """Dotted names and settings, in the order in which they are declared."""
        for name, member in self._members.items():
            if isinstance(member, Section):
                yield from member.settings(f"{prefix}{name}.")
            else:
                yield f"{prefix}{name}", member

    def tree(self) -> CfgNode:
        """A fresh tree of the defaults."""
        return CfgNode(
            {
                name: member.tree() if isinstance(member, Section) else deepcopy(member.value)
                for name, member in self._members.items()
            }
        )
